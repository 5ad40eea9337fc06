"""What the page needs to begin: words, choices, settings, what this host can."""

from __future__ import annotations

import functools
import os
import uuid
from typing import Any

from ... import host, local_models, setting
from ...i18n import messages
from ...library import models, recent_models, search

from ..http import Asked, lock_of
from . import watches

__all__ = [
    "hello",
    "key_state",
    "new_instance",
    "settings_view",
    "start_with",
]

# As Civitai's API spells them, the ones that most galleries are of.
_BASE_MODELS = ("SD 1.5", "SDXL 1.0", "Pony", "Illustrious", "NoobAI", "Flux.1 D", "Flux.1 S")

_example = ""
_instance = uuid.uuid4().hex


def start_with(example: str) -> None:
    """The model that is open when a page opens that names none; "" for none."""
    global _example
    _example = example


def new_instance() -> str:
    """Of the page that is built now; a page that is open with another one may be out of date."""
    global _instance
    _instance = uuid.uuid4().hex
    return _instance


def hello(asked: Asked) -> dict[str, Any]:
    _index_once()
    language = asked.language
    return {
        "instance": _instance,
        "language": language,
        "words": messages.all_of(language),
        "parameters": messages.parameters(language),
        "settings": settings_view(asked),
        "choices": {**_choices(language), "base_models": _base_models()},
        "recent": [{"id": model_id, "name": name} for model_id, name in recent_models.listed()],
        "example": _example,
        "host": {
            "in_webui": host.in_webui(),
            "name": host.name(),
            "send_to": list(host.send_targets()),
            "has_models": local_models.has_folders(),
        },
        "key": key_state(asked),
        "watched": watches.watched_galleries(asked),
        "civitai": setting.base_url(),
    }


@functools.cache
def _index_once() -> None:
    """What an older version has read becomes searchable."""
    search.index_rest()


def settings_view(asked: Asked) -> list[dict[str, Any]]:
    return [
        {
            **_setting(entry, asked.language),
            "group": group,
            "locked": lock_of(asked.request, entry.name),
        }
        for group, entries in setting.GROUPS.items()
        for entry in entries
    ]


def key_state(asked: Asked) -> dict[str, Any]:
    return {
        "saved": bool(setting.civitai_api_key),
        "from_environment": bool(os.environ.get("CIVITAI_API_KEY", "").strip()),
        "locked": lock_of(asked.request, "key"),
    }


def _setting(entry: setting.Setting, language: str) -> dict[str, Any]:
    kinds = {bool: "switch", int: "whole", float: "number"}
    kind = "choice" if entry.choices else kinds.get(type(entry.default), "text")
    return {
        "name": entry.name,
        "label": messages.setting_label(entry.name, language),
        "kind": kind,
        "low": entry.low,
        "high": entry.high,
        "value": getattr(setting, entry.name),
        "choices": [
            {"value": value, "label": messages.setting_choice(entry.name, value, language)}
            for value in entry.choices
        ],
    }


def _choices(language: str) -> dict[str, list[dict[str, str]]]:
    return {
        kind: [{"value": v, "label": label} for label, v in messages.choices(kind, language)]
        for kind in ("sort", "period", "level", "type")
    }


def _base_models() -> list[str]:
    return list(dict.fromkeys([*models.base_models(), *_BASE_MODELS]))
