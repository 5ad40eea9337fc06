"""The statistics of a gallery: what its images have in common, counted and as JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from statistics import median

from typing_extensions import TypedDict

from ..core import find_cancellation
from ..infotext import build_infotext, parse_infotext
from . import image_records, models, tags
from .database import select_rows, wait_for_writes, write_later
from .image_features import extract_features, ImageFeatures, LETTERS, read_features, save_features
from .search import NAMED_PARAMETERS, PARAMETERS, quote_value

KINDS = tuple(kind for kind in LETTERS if kind not in ("weight", "sentence"))  # of bars
_MAX_BARS = {"word": 30, "tag": 30, "negative": 16, "lora": 12}
_DEFAULT_MAX_BARS = 8
_CANDIDATES = 4  # times as many words are compared, for some are parts of others
_RARE = 200  # a bar has at least one image of so many
_FEW = 3  # images; of more than these a bar has at least two
_SAME = 0.8  # of a word's images: if so many have it in one phrase, the phrase alone has a bar
_WORD, _SENTENCE, _WEIGHT = (LETTERS[kind] for kind in ("word", "sentence", "weight"))
_BATCH = 500  # records in memory
_PATIENCE = 2.0  # seconds to wait until new records are written


@dataclass(frozen=True)
class StatsBar:
    """One bar of a chart: a value, such as a sampler's name, and how many images have the value.

    reactions: median number of reactions of these images. weight, low, high: most common, lowest
    and highest weight of a LoRA, "" if unknown. is_in_sentence: for a word of a prompt, whether
    most of the images have it within a sentence instead of as a tag. share: `count` divided by the
    number of images with generation data, for a tag by those whose tags are known, 0 to 1.
    `serialize_stats` sets the rest: label: the value as it is shown. is_model_version: whether the
    value is a version of the open model. search: the search that finds these images, "" if there
    is none.
    """

    value: str
    count: int
    reactions: float = 0
    weight: str = ""
    low: str = ""
    high: str = ""
    is_in_sentence: bool = False
    share: float = 0
    label: str = ""
    is_model_version: bool = False
    search: str = ""


@dataclass(frozen=True)
class GalleryStats:
    """The statistics of a gallery, or of a version in it.

    image_count: number of images. with_data: number of images with generation data. reactions:
    median number of reactions of the images with data. bars: {kind: bars, most common value first}
    for each of KINDS, and for "tag". with_tags: number of images whose tags are known; they may
    have no data. Of a gallery only: own_names: for each of the model's versions, `#<version id>`,
    the name of its file as most images spell it, "" if no image states it. recipe: an infotext of
    the most common settings, "" if unknown. versions: for each version id, statistics without
    words; an image may count for several versions.
    """

    image_count: int = 0
    with_data: int = 0
    reactions: float = 0
    bars: Mapping[str, tuple[StatsBar, ...]] = field(default_factory=dict)
    with_tags: int = 0
    own_names: Mapping[str, str] = field(default_factory=dict)
    recipe: str = ""
    versions: Mapping[int, GalleryStats] = field(default_factory=dict)


class StatsGroup(TypedDict):
    kind: str
    bars: list[StatsBar]


class VersionStats(TypedDict):
    """Those of `Stats`, of a version's images. most: the most common value of each kind."""

    id: int
    name: str
    image_count: int
    with_data: int
    reactions: float
    most: dict[str, StatsBar]


class Stats(TypedDict):
    """What a gallery's images have in common.

    image_count: number of images in the library. with_data: how many of them have generation data.
    with_tags: how many have known tags. reactions: the median number of reactions to images with
    generation data. recipe: an infotext of the most common values, or ""; settings: its parameters.
    """

    image_count: int
    with_data: int
    with_tags: int
    reactions: float
    recipe: str
    settings: list[tuple[str, str]]
    groups: list[StatsGroup]
    versions: list[VersionStats]


def compute_gallery_stats(
    model_id: int | None, version_id: int | None, level: int, gallery: str = ""
) -> Stats:
    """Return the statistics of a gallery's stored images.

    model_id: None if only the version is known. version_id: None for the gallery of the whole
    model. level: bit mask of the browsing levels (content ratings) to count. gallery: the name of
    another gallery to count instead, as in `pages.list_gallery_names`. Raises DiskError.
    """
    model = models.find_stored_model(model_id) if model_id else None
    versions = model.versions if model else ()
    names = {version.id: version.name for version in versions}
    files = {file: version.id for version in versions for file in version.files}
    images = list_gallery_images(model_id, list(names), version_id, level, gallery)
    stats = summarize_gallery(images, files)
    every = (stats, *stats.versions.values())
    values = (bar.value for one in every for bars in one.bars.values() for bar in bars)
    ids = [int(value[1:]) for value in values if value[:1] == "#" and value[1:].isdecimal()]
    resources = {f"#{key}": name for key, (_, name) in models.find_version_names(ids).items()}
    return serialize_stats(stats, names, resources)


def list_gallery_images(
    model_id: int | None,
    version_ids: Sequence[int],
    version_id: int | None,
    level: int,
    gallery: str = "",
) -> list[ImageFeatures]:
    """Return the features of a gallery's stored images.

    The gallery is `gallery`, or if "" that of the version `version_id`, or of the model `model_id`
    if `version_id` is None. Each image comes with those of `version_ids` and `version_id` whose
    galleries contain the image. level: bit mask of the browsing levels (content ratings) to list.
    Raises DiskError.
    """
    wait_for_writes(_PATIENCE, includes_later=False)
    own = dict.fromkeys(version_ids if version_id is None else [*version_ids, version_id])
    versions = {key: _find_image_ids(f"version {key}") for key in own}
    gallery = gallery or (f"model {model_id}" if version_id is None else f"version {version_id}")
    ids = list(_find_image_ids(gallery))
    tag_names = {key: [tag.name for tag in some] for key, some in tags.find_tags(ids).items()}
    images = read_features(ids)
    missing = list(set(ids).difference(image.id for image in images))
    for start in range(0, len(missing), _BATCH):
        records = image_records.find_images(missing[start : start + _BATCH]).values()
        features = [extract_features(image) for image in records]
        write_later(partial(save_features, images=features))
        images += features
    listed = []
    for image in images:
        find_cancellation().check()
        if image.level & level:
            its_versions = [key for key in own if image.id in versions[key]]
            listed.append(image._replace(version_ids=its_versions, tags=tag_names.get(image.id)))
    return listed


def _find_image_ids(gallery: str) -> set[int]:
    return {key for (key,) in select_rows("SELECT id FROM seen WHERE gallery = ?", (gallery,))}


def count_images(images: Sequence[ImageFeatures], settings_only: bool = False) -> GalleryStats:
    """Return the statistics of images: how many of them have each setting and word.

    A value that fewer than 1 in 200 images with data have is left out; so is a value that a single
    image has, if more than three images have data. settings_only: do not count words, and leave the
    reactions of each bar at 0.
    """
    with_data = [one for one in images if one.has_data]
    least = max(2 if len(with_data) > _FEW else 1, len(with_data) // _RARE)
    counts = Counter(chain.from_iterable(one.settings for one in with_data))
    if not settings_only:
        counts.update(chain.from_iterable(one.words for one in with_data))
    in_sentence, weights = _pop_features(counts, _SENTENCE), _pop_features(counts, _WEIGHT)
    counts.update({_WORD + text: count for text, count in in_sentence.items()})
    chosen = _choose_features({key: count for key, count in counts.items() if count >= least})
    reactions = _collect_reactions(
        chain.from_iterable(chosen.values()), () if settings_only else with_data
    )
    by_name = _summarize_weights(weights)
    bars: dict[str, tuple[StatsBar, ...]] = {}
    for kind, features in chosen.items():
        bars[kind] = tuple(
            StatsBar(
                feature[1:],
                counts[feature],
                _median(reactions[feature]),
                *(by_name.get(feature[1:], ("", "", "")) if kind == "lora" else ("", "", "")),
                kind == "word" and 2 * in_sentence.get(feature[1:], 0) > counts[feature],
                round(counts[feature] / len(with_data), 4),
            )
            for feature in features
        )
    total = _median([one.reactions for one in with_data])
    with_tags = [] if settings_only else [one for one in images if one.tags is not None]
    bars["tag"] = _count_tags(with_tags)
    return GalleryStats(len(images), len(with_data), total, bars, len(with_tags))


def _count_tags(images: Sequence[ImageFeatures]) -> tuple[StatsBar, ...]:
    reactions: dict[str, list[int]] = defaultdict(list)
    for one in images:
        for tag in one.tags or ():
            reactions[tag].append(one.reactions)
    least = 2 if len(images) > _FEW else 1
    chosen = sorted(reactions, key=lambda tag: (-len(reactions[tag]), tag))[: _MAX_BARS["tag"]]
    counts = ((tag, len(reactions[tag])) for tag in chosen)
    return tuple(
        StatsBar(tag, count, _median(reactions[tag]), share=round(count / len(images), 4))
        for tag, count in counts
        if count >= least
    )


def _pop_features(counts: Counter[str], letter: str) -> dict[str, int]:
    """Remove the features of one kind from `counts` and return {value: count} for them."""
    features = [feature for feature in counts if feature[0] == letter]
    return {feature[1:]: counts.pop(feature) for feature in features}


def _choose_features(counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the features that get a bar, as {kind: [feature, most common first]}."""
    by_letter: dict[str, list[str]] = defaultdict(list)
    for feature in sorted(counts, key=lambda feature: (-counts[feature], feature)):
        by_letter[feature[0]].append(feature)
    chosen = {}
    for kind in KINDS:
        features, most = by_letter[LETTERS[kind]], _MAX_BARS.get(kind, _DEFAULT_MAX_BARS)
        if kind in ("word", "negative"):
            features = _drop_parts_of_phrases(features[: most * _CANDIDATES], counts)
        chosen[kind] = features[:most]
    return chosen


def _drop_parts_of_phrases(features: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """Return the features without parts of a phrase that is in at least 80 % as many images."""
    longer: dict[str, int] = defaultdict(int)  # the count of the longest phrase with these words
    for feature in features:
        words = feature[1:].split(" ")
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                if end - start < len(words):
                    part = feature[0] + " ".join(words[start:end])
                    longer[part] = max(longer[part], counts[feature])
    return [feature for feature in features if longer[feature] < _SAME * counts[feature]]


def _collect_reactions(
    chosen: Iterable[str], images: Iterable[ImageFeatures]
) -> dict[str, list[int]]:
    reactions: dict[str, list[int]] = {feature: [] for feature in chosen}
    words = [feature for feature in reactions if feature[0] == _WORD]
    lists = {**reactions, **{_SENTENCE + word[1:]: reactions[word] for word in words}}
    wanted = set(lists)
    for one in images:
        for feature in chain(wanted.intersection(one.settings), wanted.intersection(one.words)):
            lists[feature].append(one.reactions)
    return reactions


def _summarize_weights(counts: Mapping[str, int]) -> dict[str, tuple[str, str, str]]:
    """Return {LoRA: (most common, lowest, highest weight)} from {"name<tab>weight": count}."""
    by_name: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
    for feature, count in counts.items():
        name, _, weight = feature.rpartition("\t")
        by_name[name].append((float(weight), count, weight))
    return {
        name: (max(some, key=lambda one: (one[1], -one[0]))[2], min(some)[2], max(some)[2])
        for name, some in by_name.items()
    }


def _median(numbers: Sequence[int]) -> float:
    return median(numbers) if numbers else 0


_WEIGHT_LETTER = LETTERS["weight"]
_RESOURCES = (LETTERS["checkpoint"], LETTERS["lora"], _WEIGHT_LETTER, LETTERS["embedding"])
_PAIR = (LETTERS["sampler"], LETTERS["schedule"])  # the first of an image's settings
_HIRES = ("upscaler", "upscale", "denoising")
_WORD_SHARE, _LORA_SHARE, _OWN_LORA_SHARE = 0.25, 0.5, 0.1  # of the images with data, at least
_MAX_WORDS, _MAX_LORAS = 12, 3


def _build_recipe(
    images: Iterable[ImageFeatures], stats: GalleryStats, own_names: Mapping[str, str]
) -> str:
    """Return an infotext with the most common settings, words and LoRAs, "" without a sampler."""
    settings = _find_common_settings(images)
    if not settings:
        return ""

    def list_frequent(kind: str, share: float) -> list[StatsBar]:
        bars = stats.bars.get(kind, ())
        return [bar for bar in bars if bar.count >= share * stats.with_data]

    prompt = [bar.value for bar in list_frequent("word", _WORD_SHARE) if not bar.is_in_sentence]
    del prompt[_MAX_WORDS:]
    loras = list_frequent("lora", _LORA_SHARE)[:_MAX_LORAS]
    if not any(bar.value in own_names for bar in loras):
        often = list_frequent("lora", _OWN_LORA_SHARE)
        loras = [*[bar for bar in often if bar.value in own_names][:1], *loras]
    for bar in loras:
        name = own_names.get(bar.value) or bar.value
        if name[0] != "#":  # else no file name is known
            prompt.append(f"<lora:{name}:{bar.weight or '1'}>")
    negative = [bar.value for bar in list_frequent("embedding", _WORD_SHARE)]
    negative += [bar.value for bar in list_frequent("negative", _WORD_SHARE)][:_MAX_WORDS]
    unique = {text.casefold(): text for text in negative}.values()
    texts = {"prompt": ", ".join(prompt), "negativePrompt": ", ".join(unique)}
    return build_infotext({**texts, **settings}, adds_lora_tags=False)


def _find_common_settings(images: Iterable[ImageFeatures]) -> dict[str, str]:
    """Return {infotext name: most common value} of the images with the most common sampler."""
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


def summarize_gallery(
    images: Iterable[ImageFeatures], files: Mapping[str, int] = {}
) -> GalleryStats:
    """Return the statistics of a model's gallery, of all images and of each version.

    Each image counts for the versions in its `version_ids`. files: {file name in lower case:
    version id} for the files of the gallery's model; an image that states such a name counts as if
    it stated the version.
    """
    labels = {name: f"#{version_id}" for name, version_id in files.items()}
    spellings: dict[str, Counter[str]] = {label: Counter() for label in labels.values()}
    every: list[ImageFeatures] = []
    by_version: dict[int, list[ImageFeatures]] = {}
    for image in images:
        settings = list(image.settings)
        for at, feature in enumerate(settings):
            letter = feature[0]
            if letter in _RESOURCES:
                end = feature.rfind("\t") if letter == _WEIGHT_LETTER else len(feature)
                label = labels.get(feature[1:end].lower())
                if label is not None:
                    spellings[label][feature[1:end]] += 1
                    settings[at] = f"{letter}{label}{feature[end:]}"
        image = image._replace(settings=list(dict.fromkeys(settings)))
        every.append(image)
        for version_id in image.version_ids:
            by_version.setdefault(version_id, []).append(image)
    own_names = {
        label: min(names, key=lambda name: (-names[name], name), default="")
        for label, names in spellings.items()
    }
    stats = count_images(every)
    versions = {key: count_images(some, settings_only=True) for key, some in by_version.items()}
    recipe = _build_recipe(every, stats, own_names)
    return replace(stats, own_names=own_names, recipe=recipe, versions=versions)


_NUMBERS = ("steps", "cfg", "clip", "upscale")
_KEYS = {"checkpoint": "model", "upscale": "hires"}  # in a search query, where they differ


def serialize_stats(
    stats: GalleryStats, versions: Mapping[int, str], names: Mapping[str, str]
) -> Stats:
    """Return the statistics of a model's gallery in the form of its JSON.

    versions: names of the model's versions by id, in the model's order. names: names of other
    resources by `#<version id>`, for images that state only this id.
    """
    names = {**{label: name or label for label, name in stats.own_names.items()}, **names}

    def name_bar(kind: str, bar: StatsBar) -> StatsBar:
        label, is_own = names.get(bar.value, bar.value), bar.value in stats.own_names
        search = build_search_query(kind, bar.value, label, is_own)
        return replace(bar, label=label, is_model_version=is_own, search=search)

    return {
        "image_count": stats.image_count,
        "with_data": stats.with_data,
        "with_tags": stats.with_tags,
        "reactions": stats.reactions,
        "recipe": stats.recipe,
        "settings": list(parse_infotext(stats.recipe).parameters.items()),
        "groups": [
            {"kind": kind, "bars": [name_bar(kind, bar) for bar in stats.bars[kind]]}
            for kind in (*KINDS, "tag")
            if stats.bars.get(kind)
        ],
        "versions": [
            {
                "id": key,
                "name": name,
                "image_count": one.image_count,
                "with_data": one.with_data,
                "reactions": one.reactions,
                "most": {kind: name_bar(kind, bars[0]) for kind, bars in one.bars.items() if bars},
            }
            for key, name in versions.items()
            if (one := stats.versions.get(key))
        ],
    }


def build_search_query(kind: str, value: str, label: str, is_model_version: bool = False) -> str:
    """Return the search query for the images that a statistics bar counts.

    kind: kind of the bar, such as "lora". value: the counted word, number or name, or "#77", the id
    of a resource without a name. label: the name shown for `value`, by which models are searched.
    is_model_version: whether the bar is for a version of the gallery's own model; if its label is
    no name, return "".
    """
    if kind in ("word", "negative"):
        text = quote_value(value)
        return text if kind == "word" else f"negative:{text}"
    key = _KEYS.get(kind, kind)
    if kind in _NUMBERS:
        return f"{key}={value}"
    if is_model_version:
        return f"model:{quote_value(label)}" if label != value else ""
    is_exact = kind in (*NAMED_PARAMETERS, "tag") or label.startswith("#")  # no part of an id
    return f"{key}{'=' if is_exact else ':'}{quote_value(label)}"
