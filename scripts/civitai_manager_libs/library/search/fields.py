"""What may be looked for in a picture: texts, names and numbers of how it was made. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...core import as_number, Image
from ...infotext import Generation, read_generation, Resource
from ...stats import NAMED_PARAMETERS, PARAMETERS

__all__ = ["SearchFields", "SearchName", "extract_fields", "fold_text"]

_MOST = 100_000  # characters of one text
_KINDS = ("model", "lora", "embed")  # of resources that are looked for by their names
_CONTROL = re.compile("[\0-\x1f\x7f]")


@dataclass(frozen=True)
class SearchName:
    """kind: `model`, `lora`, `embed`, `author`, `base`, `version`, or one of the settings'.

    shown: as its maker wrote it; `#` and a number for a Civitai version whose name is not told.
    weight: of a resource, else None.
    """

    kind: str
    shown: str
    weight: float | None = None

    @property
    def name(self) -> str:
        return fold_text(self.shown)


@dataclass(frozen=True)
class SearchFields:
    """Texts are `fold_text`; a number that the record does not say is None. hires: the factor."""

    prompt: str = ""
    negative: str = ""
    names: tuple[SearchName, ...] = ()
    steps: float | None = None
    cfg: float | None = None
    clip_skip: float | None = None
    hires: float | None = None

    @property
    def named(self) -> str:
        """All names that plain words are looked for in, too."""
        told = (one.name for one in self.names if one.kind not in NAMED_PARAMETERS)
        return " ".join(name for name in told if not name.startswith("#"))


def extract_fields(image: Image, made: Generation | None = None) -> SearchFields:
    """made: what `read_generation` says of it, if that is known."""
    read, used = made or read_generation(image)
    told = read.parameters
    return SearchFields(
        fold_text(read.prompt),
        fold_text(read.negative_prompt),
        tuple(_unique_names(image, told, used)),
        as_number(told.get("Steps")),
        as_number(told.get("CFG scale")),
        as_number(told.get("Clip skip")),
        as_number(told.get("Hires upscale")),
    )


def fold_text(text: str) -> str:
    """Without case, wide letters as their usual ones, each run of blanks one."""
    clean = _CONTROL.sub(" ", text[:_MOST]).encode("utf-8", "replace").decode("utf-8")
    return " ".join(unicodedata.normalize("NFKC", clean).casefold().split())


def _unique_names(
    image: Image, told: Mapping[str, str], used: Sequence[Resource]
) -> Iterator[SearchName]:
    """Each once."""
    found: dict[tuple[str, str], SearchName] = {}
    for name in _iter_names(image, told, used):
        if name.shown.strip():
            found.setdefault((name.kind, name.name), name)
    yield from found.values()


def _iter_names(
    image: Image, told: Mapping[str, str], used: Sequence[Resource]
) -> Iterator[SearchName]:
    yield SearchName("author", image.username)
    yield SearchName("base", image.base_model)
    for kind in NAMED_PARAMETERS:
        yield SearchName(kind, told.get(PARAMETERS[kind], ""))
    for one in used:
        if one.type in _KINDS:
            shown = one.name or (f"#{one.version_id}" if one.version_id else "")
            yield SearchName(one.type, shown, one.weight)
    for version_id in image.version_ids:
        yield SearchName("version", f"#{version_id}")
