"""An infotext of the most common settings and words, to begin with. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, islice

from ..infotext import build_infotext
from .counting import GalleryStats, Sample, StatsBar
from .features import LETTERS, PARAMETERS
from .own_versions import OwnVersions

__all__ = ["build_recipe"]

_PAIR = (LETTERS["sampler"], LETTERS["schedule"])  # which stand first in a picture's settings
_HIRES = ("upscaler", "upscale", "denoising")
_WORDS_HAVE, _LORAS_HAVE, _OWN_HAVE = 0.25, 0.5, 0.1  # of the pictures with data
_MOST_WORDS, _MOST_LORAS = 12, 3


def build_recipe(
    samples: Iterable[Sample], figures: GalleryStats, own: OwnVersions = OwnVersions({})
) -> str:
    """ "" where too little is known.

    The settings are those that the most pictures with the most common sampler have, so that they
    go together; the high-resolution pass is in it where more than half of those have one. Words
    are those of every fourth picture, but for pieces of sentences; LoRAs those of every second,
    or of every tenth if it is the model's own. It has no seed.
    """
    settings = _most_common(one.settings for one in samples)
    if not settings:
        return ""
    words = (
        bar.value for bar in _frequent_bars(figures, "word", _WORDS_HAVE) if not bar.is_in_sentence
    )
    prompt = list(islice(words, _MOST_WORDS))
    prompt += _lora_tags(figures, own)
    negative = [bar.value for bar in _frequent_bars(figures, "embedding", _WORDS_HAVE)]
    negative += [bar.value for bar in _frequent_bars(figures, "negative", _WORDS_HAVE)][
        :_MOST_WORDS
    ]
    texts = {"prompt": ", ".join(prompt), "negativePrompt": ", ".join(_unique_texts(negative))}
    return build_infotext({**texts, **settings}, adds_lora_tags=False)


def _lora_tags(figures: GalleryStats, own: OwnVersions) -> list[str]:
    """Of LoRAs that a picture has called by their files' names."""
    often = _frequent_bars(figures, "lora", _LORAS_HAVE)[:_MOST_LORAS]
    ours = [bar for bar in _frequent_bars(figures, "lora", _OWN_HAVE) if bar.value in own.values]
    bars = often if not ours or any(bar in ours for bar in often) else [ours[0], *often]
    named = ((own.file_name(bar.value) or bar.value, bar.weight or "1") for bar in bars)
    return [f"<lora:{name}:{weight}>" for name, weight in named if name[0] != "#"]


def _most_common(rows: Iterable[Sequence[str]]) -> dict[str, str]:
    pairs: dict[tuple[str, ...], list[Sequence[str]]] = defaultdict(list)
    for row in rows:
        pairs[tuple(fact for fact in row[:2] if fact[0] in _PAIR)].append(row)
    pairs.pop((), None)
    if not pairs:
        return {}
    alike = pairs[min(pairs, key=lambda pair: (-len(pairs[pair]), pair))]
    counts = Counter(chain.from_iterable(alike))
    found = {}
    for kind, name in PARAMETERS.items():
        values = {fact[1:]: n for fact, n in counts.items() if fact[0] == LETTERS[kind]}
        is_rare = kind in _HIRES and 2 * sum(values.values()) <= len(alike)
        if values and not is_rare:
            found[name] = min(values, key=lambda value: (-values[value], value))
    return found


def _frequent_bars(figures: GalleryStats, kind: str, share: float) -> list[StatsBar]:
    bars = figures.bars.get(kind, ())
    return [bar for bar in bars if bar.count >= share * figures.with_data]


def _unique_texts(texts: Iterable[str]) -> list[str]:
    """Whatever their case."""
    return list({text.casefold(): text for text in texts}.values())
