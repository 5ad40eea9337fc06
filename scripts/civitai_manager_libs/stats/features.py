"""What counts of one picture, read once from its record: short texts that are compared. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..core import Image, number_text, one_line
from ..infotext import how_made, Made, Resource
from .phrases import phrases_of

__all__ = ["Facts", "LETTERS", "MADE_BY", "NAMED", "PARAMETERS", "facts_of"]

MADE_BY = 2  # of these rules; what others have made is made anew
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
NAMED = ("sampler", "schedule", "size", "guidance", "upscaler", "denoising")  # the rest are numbers
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
class Facts:
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


def facts_of(image: Image, made: Made | None = None) -> Facts:
    """made: what `how_made` says of it, if that is known."""
    read, used = made or how_made(image)
    used = used if image.meta else ()
    negative = read.negative_prompt.casefold()
    told = {kind: read.parameters.get(name, "") for kind, name in PARAMETERS.items()}
    if told["clip"] == "1":  # with which an infotext is filled up where it would be too short
        told["clip"] = ""
    settings = [_fact(kind, value) for kind, value in told.items()]
    settings += [fact for one in used for fact in _of_resource(one, negative)]
    words = [
        f"{LETTERS['said' if one.in_sentence else 'word']}{one.text}"
        for one in phrases_of(read.prompt)
    ]
    words += [f"{LETTERS['negative']}{one.text}" for one in phrases_of(read.negative_prompt)]
    if not (read.prompt or negative or any(settings)):
        settings = words = []
    return Facts(
        image.id,
        image.level,
        image.stats.reactions,
        image.version_ids,
        tuple(dict.fromkeys(filter(None, settings))),
        tuple(words),
    )


def _of_resource(one: Resource, negative: str) -> Iterator[str]:
    name = one.name or (f"#{one.version_id}" if one.version_id and one.type else "")
    if one.type == "model":
        yield _fact("checkpoint", name)
    elif one.type == "lora":
        yield _fact("lora", name)
        if name and one.weight is not None:
            yield _fact("weight", f"{one_line(name, 150)}\t{number_text(round(one.weight, 2))}")
    elif one.type == "embed" and name.casefold() in negative:
        yield _fact("embedding", name)


def _fact(kind: str, value: str) -> str:
    """ "" for no value; a line end or a tab in a name would make two of it."""
    name, tab, weight = value.rpartition("\t") if kind == "weight" else (value, "", "")
    name = one_line(name, _LONGEST)
    return f"{LETTERS[kind]}{name}{tab}{weight}" if name else ""
