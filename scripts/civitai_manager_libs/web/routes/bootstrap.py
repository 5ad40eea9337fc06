"""What the page needs to start: texts, choices, settings, and what the WebUI can do."""

from __future__ import annotations

import os
import uuid
from typing import cast

from ... import host, local_models, setting
from ...i18n import messages
from ...library import bookmarks, models, recent_models

from ..http import find_lock_reason, RequestContext
from ..schemas.page import (
    Bootstrap,
    Choice,
    FilterChoices,
    Instance,
    KeyState,
    Setting,
    SettingGroup,
    SettingKind,
)
from . import watches

__all__ = ["get_bootstrap", "get_instance", "is_demo", "make_key_state", "make_settings_view"]
__all__ += ["new_instance", "set_demo"]

# The base models of most galleries, as Civitai's API spells them.
_BASE_MODELS = ("SD 1.5", "SDXL 1.0", "Pony", "Illustrious", "NoobAI", "Flux.1 D", "Flux.1 S")

_KINDS: dict[type, SettingKind] = {bool: "switch", int: "whole", float: "number", str: "text"}

_is_demo = False
_instance = uuid.uuid4().hex


def set_demo(is_demo: bool) -> None:
    """Set whether the server uses an offline imitation of Civitai."""
    global _is_demo
    _is_demo = is_demo


def is_demo() -> bool:
    """Return whether the server uses an offline imitation of Civitai."""
    return _is_demo


def new_instance() -> str:
    """Replace the server's instance id and return the new one.

    Call this when the WebUI builds its page; an open page with another id may be out of date.
    """
    global _instance
    _instance = uuid.uuid4().hex[:8]
    return _instance


def get_instance(context: RequestContext) -> Instance:
    """Return the server's instance id, and the revision of annotations and collections.

    The id changes when the server starts or the WebUI rebuilds its page. The revision is a number
    that grows with each change.
    """
    return {"instance": _instance, "bookmarks_revision": bookmarks.get_revision()}


def get_bootstrap(context: RequestContext) -> Bootstrap:
    """Return the texts, settings and other data that the page starts with."""
    language = context.language
    return {
        **get_instance(context),
        "language": language,
        "words": messages.get_page_texts(language),
        "parameter_labels": messages.get_parameter_labels(language),
        "settings": make_settings_view(context),
        "choices": _filter_choices(language),
        "recent": [
            {"id": model_id, "name": name} for model_id, name in recent_models.list_recent_models()
        ],
        "is_demo": _is_demo,
        "host": {
            "in_webui": host.in_webui(),
            "name": host.find_host_name(),
            "send_to": list(host.list_send_targets()),
            "has_models": local_models.has_folders(),
        },
        "key": make_key_state(context),
        "watches": watches.get_watches(context),
        "civitai_url": setting.base_url(),
    }


def make_settings_view(context: RequestContext) -> list[Setting]:
    """Return every setting with its value, and why this request may not change it, "" if it may."""
    return [
        _setting_view(context, entry, cast(SettingGroup, group))
        for group, entries in setting.GROUPS.items()
        for entry in entries
    ]


def make_key_state(context: RequestContext) -> KeyState:
    """Return whether an API key is saved, and why this request may not change it, "" if it may."""
    return {
        "saved": bool(setting.civitai_api_key),
        "from_environment": bool(os.environ.get("CIVITAI_API_KEY", "").strip()),
        "locked": find_lock_reason(context.request, "key"),
    }


def _setting_view(
    context: RequestContext, entry: setting.SettingSpec, group: SettingGroup
) -> Setting:
    language, lock = context.language, find_lock_reason(context.request, entry.name)
    return {
        "name": entry.name,
        "label": messages.get_setting_label(entry.name, language),
        "kind": "choice" if entry.choices else _KINDS[type(entry.default)],
        "low": entry.low,
        "high": entry.high,
        "value": "" if lock and entry.is_private else getattr(setting, entry.name),
        "choices": [
            {"value": value, "label": messages.get_choice_label(entry.name, value, language)}
            for value in entry.choices
        ],
        "group": group,
        "locked": lock,
    }


def _filter_choices(language: str) -> FilterChoices:
    def choices(kind: str) -> list[Choice]:
        labels = messages.list_choices(kind, language)
        return [{"value": value, "label": label} for label, value in labels]

    return {
        "sort": choices("sort"),
        "period": choices("period"),
        "level": choices("level"),
        "type": choices("type"),
        "base_models": list(dict.fromkeys([*models.list_base_models(), *_BASE_MODELS])),
    }
