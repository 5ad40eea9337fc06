"""What counts of one picture, read once from its record: short texts that are compared. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..core import clean_line, format_number, Image
from ..infotext import Generation, read_generation, Resource
from .phrases import split_phrases

__all__ = [
    "ImageFeatures",
    "LETTERS",
    "RULES_VERSION",
    "NAMED_PARAMETERS",
    "PARAMETERS",
    "extract_features",
]

RULES_VERSION = 2  # of these rules; what others have made is made anew
PARAMETERS = {  # kind: the infotext's name for it
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
NAMED_PARAMETERS = (
    "sampler",
    "schedule",
    "size",
    "guidance",
    "upscaler",
    "denoising",
)  # the rest are numbers
LETTERS = {
    **dict(zip(PARAMETERS, "skncgzpuhd")),
    "checkpoint": "m",
    "lora": "l",
    "weight": "w",
    "embedding": "e",
    "word": "+",
    "said": "~",
    "negative": "-",
}
_LONGEST = 200  # characters of one value


@dataclass(frozen=True)
class ImageFeatures:
    """version_ids: of models that Civitai found in it. reactions: likes, hearts and so on.

    settings, words: texts of a kind's letter and a value, each once; the sampler and its schedule
    come first. Both are empty where its record says nothing of how it was made. A `weight` is a
    LoRA's name, a tab and the weight; `said` is a `word` that is only a part of a sentence.
    """

    id: int
    level: int = 1
    reactions: int = 0
    version_ids: tuple[int, ...] = ()
    settings: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def extract_features(image: Image, made: Generation | None = None) -> ImageFeatures:
    """made: what `read_generation` says of it, if that is known."""
    read, used = made or read_generation(image)
    used = used if image.meta else ()
    negative = read.negative_prompt.casefold()
    told = {kind: read.parameters.get(name, "") for kind, name in PARAMETERS.items()}
    if told["clip"] == "1":  # with which an infotext is filled up where it would be too short
        told["clip"] = ""
    settings = [_make_feature(kind, value) for kind, value in told.items()]
    settings += [fact for one in used for fact in _resource_features(one, negative)]
    words = [
        f"{LETTERS['said' if one.in_sentence else 'word']}{one.text}"
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


def _resource_features(one: Resource, negative: str) -> Iterator[str]:
    name = one.name or (f"#{one.version_id}" if one.version_id and one.type else "")
    if one.type == "model":
        yield _make_feature("checkpoint", name)
    elif one.type == "lora":
        yield _make_feature("lora", name)
        if name and one.weight is not None:
            yield _make_feature(
                "weight", f"{clean_line(name, 150)}\t{format_number(round(one.weight, 2))}"
            )
    elif one.type == "embed" and name.casefold() in negative:
        yield _make_feature("embedding", name)


def _make_feature(kind: str, value: str) -> str:
    """ "" for no value; a line end or a tab in a name would make two of it."""
    name, tab, weight = value.rpartition("\t") if kind == "weight" else (value, "", "")
    name = clean_line(name, _LONGEST)
    return f"{LETTERS[kind]}{name}{tab}{weight}" if name else ""
