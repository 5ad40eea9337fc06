"""What works with a model as JSON, for the page and for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
import re

from ..infotext import parse_infotext
from .counting import Bar, Figures, KINDS
from .overview import Overview

from .features import NAMED

__all__ = ["search_for", "told"]


def told(found: Overview, versions: Mapping[int, str], names: Mapping[str, str]) -> dict[str, Any]:
    """versions: the model's, by id, in its order. names: of resources that are told by `#<id>`."""
    figures, recipe = found.figures, parse_infotext(found.recipe)
    seen = {key: found.versions[key] for key in versions if key in found.versions}
    named = {**{value: found.own.name(value) or value for value in found.own.values}, **names}
    return {
        "pictures": figures.pictures,
        "with_data": figures.with_data,
        "reactions": figures.reactions,
        "recipe": found.recipe,
        "settings": [[name, value] for name, value in recipe.parameters.items()],
        "groups": [
            {"kind": kind, "bars": [_bar(kind, bar, found, named) for bar in figures.bars[kind]]}
            for kind in KINDS
            if figures.bars.get(kind)
        ],
        "versions": [
            {"id": key, "name": versions[key], **_of_version(some, named)}
            for key, some in seen.items()
        ],
    }


def _bar(kind: str, bar: Bar, found: Overview, names: Mapping[str, str]) -> dict[str, Any]:
    is_own = bar.value in found.own.values
    most = _most(bar, found.figures, names)
    return {
        **most,
        "reactions": bar.reactions,
        "weight": bar.weight,
        "low": bar.low,
        "high": bar.high,
        "is_own": is_own,
        "search": search_for(kind, bar.value, most["label"], is_own),
    }


def _most(bar: Bar, figures: Figures, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "value": bar.value,
        "label": names.get(bar.value, bar.value),
        "count": bar.count,
        "share": round(bar.count / figures.with_data, 4),
    }


def _of_version(figures: Figures, names: Mapping[str, str]) -> dict[str, Any]:
    """With the most common one of each kind."""
    most = {kind: _most(bars[0], figures, names) for kind, bars in figures.bars.items() if bars}
    counts = {"pictures": figures.pictures, "with_data": figures.with_data}
    return {**counts, "reactions": figures.reactions, "most": most}


_NUMBERS = ("steps", "cfg", "clip", "upscale")
_KEYS = {"checkpoint": "model", "upscale": "hires"}


def search_for(kind: str, value: str, label: str, is_own: bool = False) -> str:
    """In the grammar of the search field; "" where it has no words for it.

    label: what a resource is called that pictures name by its version. is_own: it is a file of the
    model's own, which pictures may name in two ways.
    """
    if kind in ("word", "negative"):
        text = _quoted(value)
        return text if kind == "word" else f"negative:{text}"
    key = _KEYS.get(kind, kind)
    if kind in _NUMBERS:
        return f"{key}={value}"
    if is_own:
        return f"model:{_quoted(label)}" if label != value else ""
    return f"{key}{'=' if kind in NAMED else ':'}{_quoted(label)}"


def _quoted(text: str) -> str:
    """A quote in it would end it; what is around that is looked for."""
    parts = (" ".join(part.split()) for part in re.split('["“”„]', text))
    return f'"{max(parts, key=len)}"'
