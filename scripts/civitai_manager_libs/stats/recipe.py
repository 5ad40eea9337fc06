"""A recipe: an infotext of a gallery's most common settings and words. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, islice

from ..infotext import build_infotext
from .counting import GalleryStats, Sample, StatsBar
from .features import LETTERS, PARAMETERS
from .own_versions import OwnVersions

__all__ = ["build_recipe"]

_PAIR = (LETTERS["sampler"], LETTERS["schedule"])  # the first of an image's settings
_HIRES = ("upscaler", "upscale", "denoising")
_WORD_SHARE, _LORA_SHARE, _OWN_LORA_SHARE = 0.25, 0.5, 0.1  # of the images with data, at least
_MAX_WORDS, _MAX_LORAS = 12, 3


def build_recipe(samples: Iterable[Sample], stats: GalleryStats, own_versions: OwnVersions) -> str:
    """Return an infotext with a gallery's most common settings, words and LoRAs, without a seed.

    The settings are those of the images with the most common sampler and schedule. Return "" if no
    sampler is known. stats: the counts of `samples`. own_versions: the versions of the gallery's
    own model, to find its LoRA among the counted ones.
    """
    settings = _find_common_settings(samples)
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


def _find_common_settings(samples: Iterable[Sample]) -> dict[str, str]:
    """Return {infotext name: most common value} for the settings of images, such as "Steps".

    Only images with the most common pair of sampler and schedule count. Hires. fix is left out
    unless more than half of these images use it. Return {} if no sampler is known.
    """
    by_sampler: dict[tuple[str, ...], list[Sequence[str]]] = defaultdict(list)
    for settings in (sample.settings for sample in samples):
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
