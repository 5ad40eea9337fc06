"""Statistics as JSON, for the web page and the terminal. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..infotext import parse_infotext
from .counting import GalleryStats, KINDS, StatsBar
from .features import NAMED_PARAMETERS
from .overview import GalleryOverview

__all__ = ["build_search_query", "serialize_overview"]

_NUMBERS = ("steps", "cfg", "clip", "upscale")
_KEYS = {"checkpoint": "model", "upscale": "hires"}  # in a search query, where they differ


def serialize_overview(
    overview: GalleryOverview, versions: Mapping[int, str], names: Mapping[str, str]
) -> dict[str, Any]:
    """Return the statistics of a model's gallery as a JSON object.

    versions: names of the model's versions by id, in the model's order. names: names of other
    resources by `#<version id>`, for images that state only this id.
    """
    stats, own = overview.stats, overview.own_versions
    names = {**{label: own.find_file_name(label) or label for label in own.labels}, **names}
    return {
        **_serialize_totals(stats),
        "recipe": overview.recipe,
        "settings": [list(pair) for pair in parse_infotext(overview.recipe).parameters.items()],
        "groups": [
            {
                "kind": kind,
                "bars": [_serialize_bar(kind, bar, overview, names) for bar in stats.bars[kind]],
            }
            for kind in KINDS
            if stats.bars.get(kind)
        ],
        "versions": [
            {"id": key, "name": name, **_serialize_version(overview.versions[key], names)}
            for key, name in versions.items()
            if key in overview.versions
        ],
    }


def _serialize_bar(
    kind: str, bar: StatsBar, overview: GalleryOverview, names: Mapping[str, str]
) -> dict[str, Any]:
    is_model_version = bar.value in overview.own_versions.labels
    count = _serialize_count(bar, overview.stats, names)
    return {
        **count,
        "reactions": bar.reactions,
        "weight": bar.weight,
        "low": bar.low,
        "high": bar.high,
        "is_model_version": is_model_version,
        "search": build_search_query(kind, bar.value, count["label"], is_model_version),
    }


def _serialize_count(
    bar: StatsBar, stats: GalleryStats, names: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "value": bar.value,
        "label": names.get(bar.value, bar.value),
        "count": bar.count,
        "share": round(bar.count / stats.with_data, 4),
    }


def _serialize_version(stats: GalleryStats, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the statistics of a version's images as a JSON object.

    Its key "most" has the most common value of each kind, such as "lora". names: {value: the name
    to show}; a value without a name is shown unchanged.
    """
    bars = {kind: bars[0] for kind, bars in stats.bars.items() if bars}
    most = {kind: _serialize_count(bar, stats, names) for kind, bar in bars.items()}
    return {**_serialize_totals(stats), "most": most}


def _serialize_totals(stats: GalleryStats) -> dict[str, Any]:
    names = ("image_count", "with_data", "reactions")
    return {name: getattr(stats, name) for name in names}


def build_search_query(kind: str, value: str, label: str, is_model_version: bool = False) -> str:
    """Return the search query for the images that a statistics bar counts.

    kind: kind of the bar, such as "lora". value: the counted word or number, or the id or hash of a
    model. label: the name shown for `value`, by which models are searched. is_model_version:
    whether the bar is for a version of the gallery's own model; if its label is no name, return "".
    """
    if kind in ("word", "negative"):
        text = _quote_text(value)
        return text if kind == "word" else f"negative:{text}"
    key = _KEYS.get(kind, kind)
    if kind in _NUMBERS:
        return f"{key}={value}"
    if is_model_version:
        return f"model:{_quote_text(label)}" if label != value else ""
    return f"{key}{'=' if kind in NAMED_PARAMETERS else ':'}{_quote_text(label)}"


def _quote_text(text: str) -> str:
    """Return a text in quotation marks, for a search query.

    If the text itself contains quotation marks, only the longest part between them is used.
    """
    parts = (" ".join(part.split()) for part in re.split('["“”„]', text))
    return f'"{max(parts, key=len)}"'
