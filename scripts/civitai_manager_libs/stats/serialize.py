"""What works with a model as JSON, for the page and for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
import re

from ..infotext import parse_infotext
from .counting import GalleryStats, KINDS, StatsBar
from .overview import GalleryOverview

from .features import NAMED_PARAMETERS

__all__ = ["search_text", "serialize_overview"]


def serialize_overview(
    found: GalleryOverview, versions: Mapping[int, str], names: Mapping[str, str]
) -> dict[str, Any]:
    """versions: the model's, by id, in its order. names: of resources that are told by `#<id>`."""
    figures, recipe = found.stats, parse_infotext(found.recipe)
    seen = {key: found.versions[key] for key in versions if key in found.versions}
    named = {
        **{
            value: found.own_versions.file_name(value) or value
            for value in found.own_versions.values
        },
        **names,
    }
    return {
        "pictures": figures.pictures,
        "with_data": figures.with_data,
        "reactions": figures.reactions,
        "recipe": found.recipe,
        "settings": [[name, value] for name, value in recipe.parameters.items()],
        "groups": [
            {
                "kind": kind,
                "bars": [_serialize_bar(kind, bar, found, named) for bar in figures.bars[kind]],
            }
            for kind in KINDS
            if figures.bars.get(kind)
        ],
        "versions": [
            {"id": key, "name": versions[key], **_serialize_version(some, named)}
            for key, some in seen.items()
        ],
    }


def _serialize_bar(
    kind: str, bar: StatsBar, found: GalleryOverview, names: Mapping[str, str]
) -> dict[str, Any]:
    is_own = bar.value in found.own_versions.values
    most = _serialize_count(bar, found.stats, names)
    return {
        **most,
        "reactions": bar.reactions,
        "weight": bar.weight,
        "low": bar.low,
        "high": bar.high,
        "is_own": is_own,
        "search": search_text(kind, bar.value, most["label"], is_own),
    }


def _serialize_count(
    bar: StatsBar, figures: GalleryStats, names: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "value": bar.value,
        "label": names.get(bar.value, bar.value),
        "count": bar.count,
        "share": round(bar.count / figures.with_data, 4),
    }


def _serialize_version(figures: GalleryStats, names: Mapping[str, str]) -> dict[str, Any]:
    """With the most common one of each kind."""
    most = {
        kind: _serialize_count(bars[0], figures, names)
        for kind, bars in figures.bars.items()
        if bars
    }
    counts = {"pictures": figures.pictures, "with_data": figures.with_data}
    return {**counts, "reactions": figures.reactions, "most": most}


_NUMBERS = ("steps", "cfg", "clip", "upscale")
_KEYS = {"checkpoint": "model", "upscale": "hires"}


def search_text(kind: str, value: str, label: str, is_own: bool = False) -> str:
    """In the grammar of the search field; "" where it has no words for it.

    label: what a resource is called that pictures name by its version. is_own: it is a file of the
    model's own, which pictures may name in two ways.
    """
    if kind in ("word", "negative"):
        text = _quote_text(value)
        return text if kind == "word" else f"negative:{text}"
    key = _KEYS.get(kind, kind)
    if kind in _NUMBERS:
        return f"{key}={value}"
    if is_own:
        return f"model:{_quote_text(label)}" if label != value else ""
    return f"{key}{'=' if kind in NAMED_PARAMETERS else ':'}{_quote_text(label)}"


def _quote_text(text: str) -> str:
    """A quote in it would end it; what is around that is looked for."""
    parts = (" ".join(part.split()) for part in re.split('["“”„]', text))
    return f'"{max(parts, key=len)}"'
