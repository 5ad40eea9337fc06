"""How many images have each setting and word, and how many reactions they got. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import NamedTuple

from .features import LETTERS

__all__ = ["count_samples", "GalleryStats", "KINDS", "Sample", "StatsBar"]

KINDS = tuple(kind for kind in LETTERS if kind not in ("weight", "sentence"))  # of bars
_MAX_BARS = {"word": 30, "negative": 16, "lora": 12}
_DEFAULT_MAX_BARS = 8
_CANDIDATES = 4  # times as many words are compared, for some are parts of others
_RARE = 200  # a bar has at least one image of so many
_FEW = 3  # images; of more than these a bar has at least two
_SAME = 0.8  # of a word's images: if so many have it in one phrase, the phrase alone has a bar
_WORD, _SENTENCE, _WEIGHT = (LETTERS[kind] for kind in ("word", "sentence", "weight"))


class Sample(NamedTuple):
    """An image to count. reactions: number of likes, hearts and so on.

    settings, words: its features; a feature is the letter of its kind (see LETTERS) and its value.
    """

    reactions: int = 0
    settings: Sequence[str] = ()
    words: Sequence[str] = ()

    @property
    def has_data(self) -> bool:
        """Return whether the image has any generation data."""
        return bool(self.settings or self.words)


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
    """The statistics of a gallery or version.

    image_count: number of images. with_data: number of images with generation data. reactions:
    median number of reactions of the images with data. bars: {kind: bars, most common value first}
    for each of KINDS.
    """

    image_count: int = 0
    with_data: int = 0
    reactions: float = 0
    bars: Mapping[str, tuple[StatsBar, ...]] = field(default_factory=dict)


def count_samples(samples: Sequence[Sample], settings_only: bool = False) -> GalleryStats:
    """Return the statistics of images: how many of them have each setting and word.

    A value that fewer than 1 in 200 images with data have is left out; so is a value that a single
    image has, if more than three images have data. settings_only: do not count words, and leave the
    reactions of each bar at 0.
    """
    with_data = [one for one in samples if one.has_data]
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
    return GalleryStats(len(samples), len(with_data), total, bars)


def _pop_features(counts: Counter[str], letter: str) -> dict[str, int]:
    """Remove the features of one kind from `counts` and return {value: count} for them.

    letter: the letter in LETTERS with which the features begin.
    """
    features = [feature for feature in counts if feature[0] == letter]
    return {feature[1:]: counts.pop(feature) for feature in features}


def _choose_features(counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the features that get a bar, as {kind: [feature, most common first]}.

    These are the most common features of each kind, at most as many as _MAX_BARS allows, without
    words that mostly occur within a longer phrase. counts: number of images by feature.
    """
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
    """Return the features without parts of a phrase that is in at least 80 % as many images.

    For example, "hair" is dropped if "long hair" is in at least 80 % as many images as "hair".
    counts: number of images by feature.
    """
    longer: dict[str, int] = defaultdict(int)  # the count of the longest phrase with these words
    for feature in features:
        words = feature[1:].split(" ")
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                if end - start < len(words):
                    part = feature[0] + " ".join(words[start:end])
                    longer[part] = max(longer[part], counts[feature])
    return [feature for feature in features if longer[feature] < _SAME * counts[feature]]


def _collect_reactions(chosen: Iterable[str], samples: Iterable[Sample]) -> dict[str, list[int]]:
    """Return {feature: [reactions of each image that has the feature]} for the chosen features."""
    reactions: dict[str, list[int]] = {feature: [] for feature in chosen}
    words = [feature for feature in reactions if feature[0] == _WORD]
    lists = {**reactions, **{_SENTENCE + word[1:]: reactions[word] for word in words}}
    wanted = set(lists)
    for one in samples:
        for feature in chain(wanted.intersection(one.settings), wanted.intersection(one.words)):
            lists[feature].append(one.reactions)
    return reactions


def _summarize_weights(counts: Mapping[str, int]) -> dict[str, tuple[str, str, str]]:
    """Return {LoRA's name: (most common, lowest, highest weight)}.

    counts: {"name<tab>weight": number of images}.
    """
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
