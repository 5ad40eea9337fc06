"""The features of one image that statistics count, as short strings. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..core import clean_line, format_number, Image
from ..infotext import Generation, read_generation, Resource
from .phrases import split_phrases

__all__ = ["extract_features", "ImageFeatures", "LETTERS", "NAMED_PARAMETERS", "PARAMETERS"]
__all__ += ["RULES_VERSION"]

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
    **dict(zip(PARAMETERS, "skncgzpuhd")),
    "checkpoint": "m",
    "lora": "l",
    "weight": "w",
    "embedding": "e",
    "word": "+",
    "sentence": "~",
    "negative": "-",
}
_LONGEST = 200  # characters of one value


@dataclass(frozen=True)
class ImageFeatures:
    """What statistics count about an image.

    settings, words: its features, empty for an image without generation data. A feature is a
    string: one letter for its kind (see LETTERS), then its value. The first of the settings are the
    sampler and the schedule. For the kind `weight`, the value is a LoRA's name, a tab and the
    weight. A word that is only part of a sentence has the kind `sentence`. version_ids: the
    versions that Civitai found in the image. reactions: number of likes, hearts and so on.
    """

    id: int
    level: int = 1
    reactions: int = 0
    version_ids: tuple[int, ...] = ()
    settings: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def extract_features(image: Image, generation: Generation | None = None) -> ImageFeatures:
    """Return the settings and prompt words of an image as features for statistics.

    generation: the result of `read_generation(image)`; if None, it is computed here.
    """
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
        f"{LETTERS['sentence' if one.in_sentence else 'word']}{one.text}"
        for one in split_phrases(read.prompt)
    ]
    words += [f"{LETTERS['negative']}{one.text}" for one in split_phrases(read.negative_prompt)]
    if not (read.prompt or negative or any(settings)):
        settings = words = []
    return ImageFeatures(
        image.id,
        image.level,
        image.reactions.total,
        image.version_ids,
        tuple(dict.fromkeys(filter(None, settings))),
        tuple(words),
    )


def _iter_resource_features(resource: Resource, negative: str) -> Iterator[str]:
    """Yield the features of one model, LoRA or embedding of an image.

    negative: the image's negative prompt, case-folded. An embedding is skipped unless this prompt
    names the embedding.
    """
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
    """Return a feature: the letter of its kind, then the value; "" for an empty value."""
    name, tab, weight = value.rpartition("\t") if kind == "weight" else (value, "", "")
    name = clean_line(name, _LONGEST)
    return f"{LETTERS[kind]}{name}{tab}{weight}" if name else ""
