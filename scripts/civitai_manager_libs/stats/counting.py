"""How many pictures have each setting and word, and the reactions that those got. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import NamedTuple

from .features import LETTERS

__all__ = ["StatsBar", "GalleryStats", "KINDS", "Sample", "count_samples"]

KINDS = tuple(kind for kind in LETTERS if kind not in ("weight", "said"))  # that have bars
_MOST = {"word": 30, "negative": 16, "lora": 12}  # bars
_USUAL = 8
_CANDIDATES = 4  # times as many words are looked at, for some are in others
_RARE = 200  # a bar stands for one picture of so many at least
_FEW = 3  # pictures; of more than these a bar stands for two at least
_SAME = 0.8  # a word that is mostly a phrase's is told by the phrase alone
_WORD, _SAID, _WEIGHT = (LETTERS[kind] for kind in ("word", "said", "weight"))


class Sample(NamedTuple):
    """One picture. settings, words: as in `Facts`."""

    reactions: int = 0
    settings: Sequence[str] = ()
    words: Sequence[str] = ()

    @property
    def has_data(self) -> bool:
        return bool(self.settings or self.words)


@dataclass(frozen=True)
class StatsBar:
    """reactions: the median of what those `count` pictures got. weight: a LoRA's most common one,
    from `low` to `high`; "" where no picture tells it. is_said: of a word that is only a part of a
    sentence in most of them.
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
    """pictures: that were read; with_data: those of them that say how they were made.

    reactions: the median of the latter. bars: by kind, the most common first; of equal ones in the
    order of their values.
    """

    pictures: int = 0
    with_data: int = 0
    reactions: float = 0
    bars: Mapping[str, tuple[StatsBar, ...]] = field(default_factory=dict)


def count_samples(samples: Sequence[Sample], settings_only: bool = False) -> GalleryStats:
    """settings_only: neither words nor the bars' reactions."""
    told = [one for one in samples if one.has_data]
    least = max(2 if len(told) > _FEW else 1, len(told) // _RARE)
    counts = Counter(chain.from_iterable(one.settings for one in told))
    if not settings_only:
        counts.update(chain.from_iterable(one.words for one in told))
    said, weights = _pop_letter(counts, _SAID), _pop_letter(counts, _WEIGHT)
    counts.update({_WORD + text: count for text, count in said.items()})
    chosen = _choose_features({fact: count for fact, count in counts.items() if count >= least})
    got = _collect_reactions(chain.from_iterable(chosen.values()), () if settings_only else told)
    by_name = _summarize_weights(weights)
    bars: dict[str, tuple[StatsBar, ...]] = {}
    for kind, facts in chosen.items():
        bars[kind] = tuple(
            StatsBar(
                fact[1:],
                counts[fact],
                _median(got[fact]),
                *(by_name.get(fact[1:], ("", "", "")) if kind == "lora" else ("", "", "")),
                kind == "word" and 2 * said.get(fact[1:], 0) > counts[fact],
            )
            for fact in facts
        )
    return GalleryStats(len(samples), len(told), _median([one.reactions for one in told]), bars)


def _pop_letter(counts: Counter[str], letter: str) -> dict[str, int]:
    """Those of one letter, without it, which are no longer in `counts`."""
    facts = [fact for fact in counts if fact[0] == letter]
    return {fact[1:]: counts.pop(fact) for fact in facts}


def _choose_features(counts: Mapping[str, int]) -> dict[str, list[str]]:
    """The facts that get a bar, by kind."""
    by_letter: dict[str, list[str]] = defaultdict(list)
    for fact in sorted(counts, key=lambda fact: (-counts[fact], fact)):
        by_letter[fact[0]].append(fact)
    found = {}
    for kind in KINDS:
        facts, most = by_letter[LETTERS[kind]], _MOST.get(kind, _USUAL)
        if kind in ("word", "negative"):
            facts = _drop_contained(facts[: most * _CANDIDATES], counts)
        found[kind] = facts[:most]
    return found


def _drop_contained(facts: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """Without those that nearly always stand in the same longer one."""
    longer: dict[str, int] = defaultdict(int)
    for fact in facts:
        words = fact[1:].split(" ")
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                if end - start < len(words):
                    part = fact[0] + " ".join(words[start:end])
                    longer[part] = max(longer[part], counts[fact])
    return [fact for fact in facts if longer[fact] < _SAME * counts[fact]]


def _collect_reactions(chosen: Iterable[str], samples: Iterable[Sample]) -> dict[str, list[int]]:
    got: dict[str, list[int]] = {fact: [] for fact in chosen}
    words = [fact for fact in got if fact[0] == _WORD]
    lists = {**got, **{_SAID + fact[1:]: got[fact] for fact in words}}
    wanted = set(lists)
    for one in samples:
        for fact in chain(wanted.intersection(one.settings), wanted.intersection(one.words)):
            lists[fact].append(one.reactions)
    return got


def _summarize_weights(counts: Mapping[str, int]) -> dict[str, tuple[str, str, str]]:
    """By LoRA: the weight that the most pictures have, the lowest and the highest."""
    by_name: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
    for text, count in counts.items():
        name, _, weight = text.rpartition("\t")
        by_name[name].append((float(weight), count, weight))
    return {
        name: (max(some, key=lambda one: (one[1], -one[0]))[2], min(some)[2], max(some)[2])
        for name, some in by_name.items()
    }


def _median(numbers: Sequence[int]) -> float:
    return median(numbers) if numbers else 0
