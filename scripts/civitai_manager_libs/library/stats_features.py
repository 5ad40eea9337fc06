"""What the statistics keep of each image, and how often it occurs in many, with the medians."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from statistics import median
from typing import NamedTuple
from unicodedata import category

from ..core import clean_line, format_number, Image, normalize_unicode
from ..infotext import Generation, read_generation, Resource
from .database import select_rows
from .schema import OF_IDS

__all__ = ["count_images", "extract_features", "GalleryStats", "ImageFeatures", "KINDS", "LETTERS"]
__all__ += ["NAMED_PARAMETERS", "PARAMETERS", "read_features", "save_features", "split_phrases"]
__all__ += ["StatsBar"]

_MAX_PROMPT = 10_000  # characters; the rest is ignored
_MAX_PHRASES = 200  # of one prompt
_LONGEST_PHRASE = 4  # words; a longer part is a sentence
_LONGEST_WORD = 60  # characters
_LONGEST_CJK = 8  # characters of a word in a script without spaces
_TAG = re.compile(r"<[^<>]*>")
_KEYWORDS = re.compile(r"\b(?:AND|BREAK|ADDBASE|ADDCOL|ADDCOMM|ADDROW)\b")
_WEIGHT_SUFFIX = re.compile(r":\s*[+-]?[0-9.]+\s*(?=[()\[\]{},|\n]|$)")
_BRACKETS = re.compile(r"(?<!\\)[()\[\]{}]")  # brackets after a backslash are text
_BREAKS = re.compile(r"[,;|!?\n。、・]|[.:](?=\s|$)|\s[-–—]+\s")
_EDGES = "\"'“”‘’«»„`´*~#^…·.:-–—_+=/&@%\ufe0f"
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PARTICLES = re.compile(r"[的了着和與与在是有の、はがをにでと]+")
_COMMON = frozenset(
    "a about above all also an and any are around as at be been behind being below beneath both but"
    " by can could did do does each for from had has have he her hers him his how i if in inside"
    " into is it its itself just like made more most near no not of off on one only onto or other"
    " our out over she so some such than that the their them then there these they this those"
    " through to too under up upon us very was we were what when where which while who whose will"
    " with within without would you your".split()
)
_CLAUSE = frozenset(  # verbs, which tags do not have
    "are be been being can could did do does had has have is may might must shall should was were"
    " will would".split()
)
# Words that only connect a sentence, or say that there is an image.
_FILLERS = frozenset(
    "across add adding adds after again against along already always among another anyone anything"
    " appear appearing appears away back because become becomes before begin begins between"
    " called capture captured captures capturing come comes contain containing contains convey"
    " conveying conveys create created creates creating depict depicted depicting depicts describe"
    " described describes done down during each either else emphasize emphasizes emphasizing"
    " enhance enhances enhancing even ever every everyone everything evoke evokes evoking feature"
    " featured features featuring few find follow following follows fully gave get gets give given"
    " gives giving go goes here herself highlight highlighting highlights himself however image"
    " images include included includes including instead keep keeps kept less let lets lies make"
    " makes making many me much my myself named nearly never nothing often other others ours"
    " overall own perhaps picture pictures put quite rather same see seem seems seen sense several"
    " show showing shown shows since slightly someone something somewhat still suggest suggesting"
    " suggests take taken takes taking themselves though thus together toward towards until upon"
    " use used uses using various viewer way well whole whose yet yourself".split()
)


def split_phrases(prompt: str) -> dict[str, bool]:
    """Return {word or phrase of a prompt, case-folded: whether it is only in sentences}, in order.

    A text between two commas, line ends or full stops is one phrase, but a sentence (many words, or
    a verb such as "is") is split into words and pairs of words. Common words, plain numbers and
    single ASCII letters are left out. Only the first 10,000 characters are read; at most 200
    phrases are returned.
    """
    text = _KEYWORDS.sub(",", _TAG.sub(",", prompt[:_MAX_PROMPT]))
    text = normalize_unicode("NFKC", text, _MAX_PROMPT).casefold()
    text = _BRACKETS.sub("", _WEIGHT_SUFFIX.sub("", text))
    parts = [" ".join(part.split()) for part in _BREAKS.split(text)]
    words = [_trim_common(part) for part in parts]
    long = sum(len(some) for some in words if len(some) > _LONGEST_PHRASE)
    is_prose = 2 * long > sum(map(len, words))
    found: dict[str, bool] = {}
    for part, some in zip(parts, words):
        for phrase, in_sentence in _iter_phrases(part, some, is_prose):
            found[phrase] = found.get(phrase, True) and (is_prose or in_sentence)
    return dict(islice(found.items(), _MAX_PHRASES))


def _trim_common(part: str) -> list[str]:
    """Return the words without punctuation at their ends, and without common words at both ends."""
    words = []
    for word in part.split():
        word = word.strip(_EDGES)
        is_tag = word.endswith("\\)")  # of an image board, such as `mari \(series\)`
        has_sign = word.isalnum() or any(c.isalnum() or category(c) == "So" for c in word)
        if is_tag or has_sign and len(word) <= _LONGEST_WORD:
            words.append(word)
    while words and words[0] in _COMMON:
        del words[0]
    while words and words[-1] in _COMMON:
        del words[-1]
    return words


def _iter_phrases(part: str, words: list[str], is_prose: bool) -> Iterator[tuple[str, bool]]:
    """Yield (word or phrase, whether it is in a sentence) for the text between two commas."""
    whole = " ".join(words)
    is_clause = len(words) > _LONGEST_PHRASE or not _CLAUSE.isdisjoint(part.split())
    is_sentence = is_clause or is_prose and not _FILLERS.isdisjoint(words)  # not a tag
    if len(words) > 1 and not is_sentence and whole in part:
        yield whole, False
        return
    words = ["" if is_sentence and word in _FILLERS else word for word in words]
    typed = part.split()
    # Without the pairs that have punctuation between their words.
    pairs = {(one.lstrip(_EDGES), other.rstrip(_EDGES)) for one, other in zip(typed, typed[1:])}
    for one, other in zip(words, words[1:]):
        if _has_meaning(one) and _has_meaning(other) and (one, other) in pairs:
            yield f"{one} {other}", True
    for word in words:
        is_cjk = _CJK.search(word) is not None
        if is_cjk and len(word) > _LONGEST_CJK:  # its parts between particles are of a sentence
            parts = _PARTICLES.split(word)
            yield from ((one, True) for one in parts if 2 <= len(one) <= _LONGEST_CJK)
        elif is_cjk or _has_meaning(word):
            yield word, is_sentence


def _has_meaning(word: str) -> bool:
    if len(word) < 2 and word.isascii():
        return False
    return word not in _COMMON and not re.fullmatch(r"[0-9.,/:x×%+-]+", word)


RULES_VERSION = 2  # of the rules below; features by other rules are computed again
PARAMETERS = {  # kind: name in the infotext
    "sampler": "Sampler",
    "schedule": "Schedule type",
    "steps": "Steps",
    "cfg": "CFG scale",
    "guidance": "Distilled CFG Scale",
    "size": "Size",
    "clip": "Clip skip",
    "upscaler": "Hires upscaler",
    "upscale": "Hires upscale",
    "denoising": "Denoising strength",
}
# The rest are numbers.
NAMED_PARAMETERS = ("sampler", "schedule", "size", "guidance", "upscaler", "denoising")
LETTERS = {  # which a feature begins with, by kind
    **dict(zip(PARAMETERS, "skncgzpuhd", strict=True)),
    "checkpoint": "m",
    "lora": "l",
    "weight": "w",
    "embedding": "e",
    "word": "+",
    "sentence": "~",
    "negative": "-",
}
_LONGEST = 200  # characters of one value


class ImageFeatures(NamedTuple):
    """What statistics count about an image.

    settings, words: its features, empty for an image without generation data. A feature is a
    string: one letter for its kind (see LETTERS), then its value. The first of the settings are the
    sampler and the schedule. For the kind `weight`, the value is a LoRA's name, a tab and the
    weight. A word that is only part of a sentence has the kind `sentence`. version_ids: the
    versions that Civitai found in the image. reactions: number of likes, hearts and so on. tags:
    Civitai's, None if they were not fetched.
    """

    id: int
    level: int = 1
    reactions: int = 0
    version_ids: Sequence[int] = ()
    settings: Sequence[str] = ()
    words: Sequence[str] = ()
    tags: Sequence[str] | None = None

    @property
    def has_data(self) -> bool:
        """Return whether the image has any generation data."""
        return bool(self.settings or self.words)


def extract_features(image: Image, generation: Generation | None = None) -> ImageFeatures:
    """Return an image's settings and prompt words; `generation` is read from it if None."""
    read, resources = generation or read_generation(image)
    resources = resources if image.meta else ()
    negative = read.negative_prompt.casefold()
    values = {kind: read.parameters.get(name, "") for kind, name in PARAMETERS.items()}
    if values["clip"] == "1":  # the default, which only fills up a short infotext
        values["clip"] = ""
    settings = [_make_feature(kind, value) for kind, value in values.items()]
    settings += [
        one for resource in resources for one in _iter_resource_features(resource, negative)
    ]
    words = [
        f"{LETTERS['sentence' if in_sentence else 'word']}{text}"
        for text, in_sentence in split_phrases(read.prompt).items()
    ]
    words += [f"{LETTERS['negative']}{text}" for text in split_phrases(read.negative_prompt)]
    if not (read.prompt or negative or any(settings)):
        settings = words = []
    return ImageFeatures(
        image.id,
        image.level,
        image.reactions.total,
        image.version_ids,
        list(dict.fromkeys(filter(None, settings))),
        [word.encode("utf-8", "replace").decode("utf-8") for word in words],
    )


def _iter_resource_features(resource: Resource, negative: str) -> Iterator[str]:
    """Yield the features of a model, a LoRA, or an embedding that the folded negative names."""
    named = resource.version_id and resource.type
    name = resource.name or (f"#{resource.version_id}" if named else "")
    if resource.type == "model":
        yield _make_feature("checkpoint", name)
    elif resource.type == "lora":
        yield _make_feature("lora", name)
        if name and resource.weight is not None:
            weight = format_number(round(resource.weight, 2))
            yield _make_feature("weight", f"{clean_line(name, 150)}\t{weight}")
    elif resource.type == "embed" and name.casefold() in negative:
        yield _make_feature("embedding", name)


def _make_feature(kind: str, value: str) -> str:
    name, tab, weight = value.rpartition("\t") if kind == "weight" else (value, "", "")
    name = clean_line(name, _LONGEST)
    return f"{LETTERS[kind]}{name}{tab}{weight}" if name else ""


def save_features(db: sqlite3.Connection, images: Iterable[ImageFeatures]) -> None:
    """Store the features of images by the present rules, in the caller's transaction."""
    rows = [
        (
            image.id,
            RULES_VERSION,
            image.level,
            image.reactions,
            ",".join(map(str, image.version_ids)),
            "\n".join(image.settings),
            "\n".join(image.words),
        )
        for image in images
    ]
    db.executemany("INSERT OR REPLACE INTO image_features VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def read_features(image_ids: Sequence[int]) -> list[ImageFeatures]:
    """Return the stored features of images, without the versions and tags. Raises DiskError.

    Images whose features are not stored, or were made by older rules, are left out.
    """
    sql = (
        "SELECT id, level, reactions, settings, words FROM image_features"
        f" WHERE made_by = ? AND id {OF_IDS}"
    )
    return [
        ImageFeatures(
            image_id,
            level,
            reactions,
            settings=settings.split("\n") if settings else [],
            words=words.split("\n") if words else [],
        )
        for image_id, level, reactions, settings, words in select_rows(
            sql, (RULES_VERSION, json.dumps(list(image_ids)))
        )
    ]


KINDS = tuple(kind for kind in LETTERS if kind not in ("weight", "sentence"))  # of bars
_MAX_BARS = {"word": 30, "tag": 30, "negative": 16, "lora": 12}
_DEFAULT_MAX_BARS = 8
_CANDIDATES = 4  # times as many words are compared, for some are parts of others
_RARE = 200  # a bar has at least one image of so many
_FEW = 3  # images; of more than these a bar has at least two
_SAME = 0.8  # of a word's images: if so many have it in one phrase, the phrase alone has a bar
_WORD, _SENTENCE, _WEIGHT = (LETTERS[kind] for kind in ("word", "sentence", "weight"))


@dataclass(frozen=True)
class StatsBar:
    """One bar of a chart: a value, such as a sampler's name, and how many images have the value.

    reactions: median number of reactions of these images. weight, low, high: most common, lowest
    and highest weight of a LoRA, "" if unknown. is_in_sentence: for a word of a prompt, whether
    most of the images have it within a sentence instead of as a tag.
    """

    value: str
    count: int
    reactions: float = 0
    weight: str = ""
    low: str = ""
    high: str = ""
    is_in_sentence: bool = False


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
    return tuple(
        StatsBar(tag, len(reactions[tag]), _median(reactions[tag]))
        for tag in chosen
        if len(reactions[tag]) >= least
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
