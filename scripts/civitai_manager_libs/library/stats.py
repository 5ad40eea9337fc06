"""What the images of a model have in common."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from ..core import Image
from ..infotext import build_infotext, Generation, parse_infotext
from .database import select_rows
from .stats_features import (
    count_images,
    extract_features,
    GalleryStats,
    ImageFeatures,
    KINDS,
    LETTERS,
    NAMED_PARAMETERS,
    PARAMETERS,
    RULES_VERSION,
    StatsBar,
)

__all__ = [
    "build_recipe",
    "build_search_query",
    "GalleryOverview",
    "make_stats_row",
    "OwnVersions",
    "read_current_rows",
    "Row",
    "save_rows",
    "serialize_overview",
    "summarize_gallery",
]

_WEIGHT_LETTER = LETTERS["weight"]
_RESOURCES = (LETTERS["checkpoint"], LETTERS["lora"], _WEIGHT_LETTER, LETTERS["embedding"])


class OwnVersions:
    """The versions of a gallery's own model, found by the file names that images state.

    files: {file name in lower case: version id} for the model's files.
    """

    def __init__(self, files: Mapping[str, int]) -> None:
        self._files = {name: f"#{version_id}" for name, version_id in files.items()}
        self._spellings: dict[str, Counter[str]] = {label: Counter() for label in self.labels}

    @property
    def labels(self) -> frozenset[str]:
        """Return the label `#<version id>` of each version of the model."""
        return frozenset(self._files.values())

    def find_file_name(self, label: str) -> str:
        """Return a version's file name as most images spell it, "" if no image states one.

        label: `#<version id>`. Only images that `replace_file_names` has read so far count.
        """
        names = self._spellings.get(label)
        return min(names, key=lambda name: (-names[name], name)) if names else ""

    def replace_file_names(self, settings: Sequence[str]) -> Sequence[str]:
        """Return an image's settings with file names of the model replaced by `#<version id>`.

        Also count the spelling of each file name, for `find_file_name`.
        """
        changed = [self._replace_file(one) if one[0] in _RESOURCES else one for one in settings]
        return changed if changed == settings else tuple(dict.fromkeys(changed))

    def _replace_file(self, feature: str) -> str:
        letter, value = feature[0], feature[1:]
        name, tab, weight = value.rpartition("\t") if letter == _WEIGHT_LETTER else (value, "", "")
        version = self._files.get(name.lower())
        if version is None:
            return feature
        self._spellings[version][name] += 1
        return f"{letter}{version}{tab}{weight}"


_PAIR = (LETTERS["sampler"], LETTERS["schedule"])  # the first of an image's settings
_HIRES = ("upscaler", "upscale", "denoising")
_WORD_SHARE, _LORA_SHARE, _OWN_LORA_SHARE = 0.25, 0.5, 0.1  # of the images with data, at least
_MAX_WORDS, _MAX_LORAS = 12, 3


def build_recipe(
    images: Iterable[ImageFeatures], stats: GalleryStats, own_versions: OwnVersions
) -> str:
    """Return an infotext with a gallery's most common settings, words and LoRAs, without a seed.

    The settings are those of the images with the most common sampler and schedule. Return "" if no
    sampler is known. stats: the counts of `images`. own_versions: the versions of the gallery's
    own model, to find its LoRA among the counted ones.
    """
    settings = _find_common_settings(images)
    if not settings:
        return ""
    words = (
        bar.value for bar in _frequent_bars(stats, "word", _WORD_SHARE) if not bar.is_in_sentence
    )
    prompt = [*islice(words, _MAX_WORDS), *_list_lora_tags(stats, own_versions)]
    negative = [bar.value for bar in _frequent_bars(stats, "embedding", _WORD_SHARE)]
    words = (bar.value for bar in _frequent_bars(stats, "negative", _WORD_SHARE))
    negative += islice(words, _MAX_WORDS)
    unique = {text.casefold(): text for text in negative}.values()
    texts = {"prompt": ", ".join(prompt), "negativePrompt": ", ".join(unique)}
    return build_infotext({**texts, **settings}, adds_lora_tags=False)


def _list_lora_tags(stats: GalleryStats, own: OwnVersions) -> list[str]:
    """Return a tag `<lora:name:weight>` for each of the most common LoRAs, at most 4.

    These are up to 3 LoRAs that half of the images use. If none of the 3 is of the gallery's own
    model, the most common LoRA of this model comes first, if a tenth of the images use it. LoRAs
    without a known file name are skipped.
    """
    bars = _frequent_bars(stats, "lora", _LORA_SHARE)[:_MAX_LORAS]
    often = _frequent_bars(stats, "lora", _OWN_LORA_SHARE)
    if not any(bar.value in own.labels for bar in bars):
        bars = [*[bar for bar in often if bar.value in own.labels][:1], *bars]
    named = ((own.find_file_name(bar.value) or bar.value, bar.weight or "1") for bar in bars)
    return [f"<lora:{name}:{weight}>" for name, weight in named if name[0] != "#"]


def _find_common_settings(images: Iterable[ImageFeatures]) -> dict[str, str]:
    """Return {infotext name: most common value} for the settings of images, such as "Steps".

    Only images with the most common pair of sampler and schedule count. Hires. fix is left out
    unless more than half of these images use it. Return {} if no sampler is known.
    """
    by_sampler: dict[tuple[str, ...], list[Sequence[str]]] = defaultdict(list)
    for settings in (one.settings for one in images):
        pair = tuple(feature for feature in settings[:2] if feature[0] in _PAIR)
        by_sampler[pair].append(settings)
    by_sampler.pop((), None)
    if not by_sampler:
        return {}
    alike = by_sampler[min(by_sampler, key=lambda pair: (-len(by_sampler[pair]), pair))]
    counts = Counter(chain.from_iterable(alike))
    common = {}
    for kind, name in PARAMETERS.items():
        values = {feature[1:]: n for feature, n in counts.items() if feature[0] == LETTERS[kind]}
        is_rare = kind in _HIRES and 2 * sum(values.values()) <= len(alike)
        if values and not is_rare:
            common[name] = min(values, key=lambda value: (-values[value], value))
    return common


def _frequent_bars(stats: GalleryStats, kind: str, share: float) -> list[StatsBar]:
    bars = stats.bars.get(kind, ())
    return [bar for bar in bars if bar.count >= share * stats.with_data]


@dataclass(frozen=True)
class GalleryOverview:
    """The statistics of a model's gallery.

    stats: of all images. recipe: an infotext of the most common settings, "" if unknown. versions:
    for each version id, statistics without words; an image may count for several versions.
    """

    stats: GalleryStats = GalleryStats()
    own_versions: OwnVersions = OwnVersions({})
    recipe: str = ""
    versions: dict[int, GalleryStats] = field(default_factory=dict)


def summarize_gallery(
    images: Iterable[ImageFeatures], files: Mapping[str, int] = {}
) -> GalleryOverview:
    """Return the statistics of a model's gallery, of all images and of each version.

    Each image counts for the versions in its `version_ids`. files: {file name in lower case:
    version id} for the files of the gallery's model.
    """
    own = OwnVersions(files)
    every: list[ImageFeatures] = []
    by_version: dict[int, list[ImageFeatures]] = {}
    for image in images:
        image = image._replace(settings=own.replace_file_names(image.settings))
        every.append(image)
        for version_id in image.version_ids:
            by_version.setdefault(version_id, []).append(image)
    stats = count_images(every)
    versions = {key: count_images(some, settings_only=True) for key, some in by_version.items()}
    return GalleryOverview(stats, own, build_recipe(every, stats, own), versions)


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
        "with_tags": stats.with_tags,
        "recipe": overview.recipe,
        "settings": [list(pair) for pair in parse_infotext(overview.recipe).parameters.items()],
        "groups": [
            {
                "kind": kind,
                "bars": [_serialize_bar(kind, bar, overview, names) for bar in stats.bars[kind]],
            }
            for kind in (*KINDS, "tag")
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
    stats = overview.stats
    total = stats.with_tags if kind == "tag" else stats.with_data
    count = _serialize_count(bar, total, names)
    return {
        **count,
        "reactions": bar.reactions,
        "weight": bar.weight,
        "low": bar.low,
        "high": bar.high,
        "is_model_version": is_model_version,
        "search": build_search_query(kind, bar.value, count["label"], is_model_version),
    }


def _serialize_count(bar: StatsBar, total: int, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "value": bar.value,
        "label": names.get(bar.value, bar.value),
        "count": bar.count,
        "share": round(bar.count / total, 4),
    }


def _serialize_version(stats: GalleryStats, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the statistics of a version's images as a JSON object."""
    bars = {kind: bars[0] for kind, bars in stats.bars.items() if bars}
    most = {kind: _serialize_count(bar, stats.with_data, names) for kind, bar in bars.items()}
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
    return f"{key}{'=' if kind in (*NAMED_PARAMETERS, 'tag') else ':'}{_quote_text(label)}"


def _quote_text(text: str) -> str:
    """Return a text in quotation marks, for a search query."""
    parts = (" ".join(part.split()) for part in re.split('["“”„]', text))
    return f'"{max(parts, key=len)}"'


# id, rules version, level, reactions, version ids ("1,2"), settings and words (a line each)
Row = tuple[int, int, int, int, str, str, str]


def save_rows(db: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Insert or replace the statistics rows of images, in the caller's transaction."""
    db.executemany("INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def read_current_rows(image_ids: Sequence[int]) -> list[Row]:
    """Return the statistics rows of images; leave out rows that older rules computed.

    Raises DiskError.
    """
    sql = "SELECT * FROM figures WHERE made_by = ? AND id IN (SELECT value FROM json_each(?))"
    return select_rows(sql, (RULES_VERSION, json.dumps(list(image_ids))))


def make_stats_row(image: Image, generation: Generation | None = None) -> Row:
    """Compute the statistics row of an image.

    generation: a known result of `read_generation(image)`, None to compute it.
    """
    features = extract_features(image, generation)
    versions = ",".join(map(str, features.version_ids))
    texts = ("\n".join(features.settings), "\n".join(features.words))
    settings, words = (text.encode("utf-8", "replace").decode("utf-8") for text in texts)
    return (image.id, RULES_VERSION, features.level, features.reactions, versions, settings, words)
