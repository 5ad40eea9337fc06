"""The texts, names and numbers of an image that searches compare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...core import as_number, Image, normalize_unicode
from ...infotext import Generation, read_generation, Resource
from ...stats import NAMED_PARAMETERS, PARAMETERS

__all__ = ["SearchFields", "SearchName", "extract_fields", "fold_text"]

_MOST = 100_000  # characters of one text
_KINDS = ("model", "lora", "embed")  # of resources whose names are searched
_CONTROL = re.compile("[\0-\x1f\x7f]")


@dataclass(frozen=True)
class SearchName:
    """A name by which an image can be found, such as the name of its LoRA.

    kind: "model", "lora", "embed", "author", "base", "version" or one of NAMED_PARAMETERS.
    shown: the name in the image's record, or "#77" for a version id without a name.
    weight: of a LoRA or another resource, None for other names.
    """

    kind: str
    shown: str
    weight: float | None = None

    @property
    def name(self) -> str:
        return fold_text(self.shown)


@dataclass(frozen=True)
class SearchFields:
    """The values of one image that a search compares.

    Texts are normalized by `fold_text`. Unknown numbers are None. hires: the upscaling factor.
    """

    prompt: str = ""
    negative: str = ""
    names: tuple[SearchName, ...] = ()
    steps: float | None = None
    cfg: float | None = None
    clip_skip: float | None = None
    hires: float | None = None

    @property
    def names_text(self) -> str:
        """Return all names that a plain search word is compared with, joined by spaces."""
        names = (name.name for name in self.names if name.kind not in NAMED_PARAMETERS)
        return " ".join(name for name in names if not name.startswith("#"))


def extract_fields(image: Image, generation: Generation | None) -> SearchFields:
    """Return the values of an image that a search compares.

    generation: a known result of `read_generation(image)`, None to compute it.
    """
    infotext, resources = generation or read_generation(image)
    parameters = infotext.parameters
    return SearchFields(
        fold_text(infotext.prompt),
        fold_text(infotext.negative_prompt),
        _unique_names(_iter_names(image, parameters, resources)),
        as_number(parameters.get("Steps")),
        as_number(parameters.get("CFG scale")),
        as_number(parameters.get("Clip skip")),
        as_number(parameters.get("Hires upscale")),
    )


def fold_text(text: str) -> str:
    """Return a text in lower case, with normal-width letters and single spaces, for searches."""
    clean = _CONTROL.sub(" ", text[:_MOST]).encode("utf-8", "replace").decode("utf-8")
    return " ".join(normalize_unicode("NFKC", clean, _MOST).casefold().split())


def _unique_names(names: Iterable[SearchName]) -> tuple[SearchName, ...]:
    unique: dict[tuple[str, str], SearchName] = {}
    for name in names:
        if name.shown.strip():
            unique.setdefault((name.kind, name.name), name)
    return tuple(unique.values())


def _iter_names(
    image: Image, parameters: Mapping[str, str], resources: Sequence[Resource]
) -> Iterator[SearchName]:
    yield SearchName("author", image.username)
    yield SearchName("base", image.base_model)
    for kind in NAMED_PARAMETERS:
        yield SearchName(kind, parameters.get(PARAMETERS[kind], ""))
    for resource in resources:
        if resource.type in _KINDS:
            shown = resource.name or (f"#{resource.version_id}" if resource.version_id else "")
            yield SearchName(resource.type, shown, resource.weight)
    for version_id in image.version_ids:
        yield SearchName("version", f"#{version_id}")
