"""What may be looked for in a picture: texts, names and numbers of how it was made. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...core import as_number, Image
from ...infotext import how_made, Made, Resource
from ...stats import NAMED, PARAMETERS

__all__ = ["Facts", "Name", "facts_of", "folded"]

_MOST = 100_000  # characters of one text
_KINDS = ("model", "lora", "embed")  # of resources that are looked for by their names
_CONTROL = re.compile("[\0-\x1f\x7f]")


@dataclass(frozen=True)
class Name:
    """kind: `model`, `lora`, `embed`, `author`, `base`, `version`, or one of the settings'.

    shown: as its maker wrote it; `#` and a number for a Civitai version whose name is not told.
    weight: of a resource, else None.
    """

    kind: str
    shown: str
    weight: float | None = None

    @property
    def name(self) -> str:
        return folded(self.shown)


@dataclass(frozen=True)
class Facts:
    """Texts are `folded`; a number that the record does not say is None. hires: the factor."""

    prompt: str = ""
    negative: str = ""
    names: tuple[Name, ...] = ()
    steps: float | None = None
    cfg: float | None = None
    clip_skip: float | None = None
    hires: float | None = None

    @property
    def named(self) -> str:
        """All names that plain words are looked for in, too."""
        told = (one.name for one in self.names if one.kind not in NAMED)
        return " ".join(name for name in told if not name.startswith("#"))


def facts_of(image: Image, made: Made | None = None) -> Facts:
    """made: what `how_made` says of it, if that is known."""
    read, used = made or how_made(image)
    told = read.parameters
    return Facts(
        folded(read.prompt),
        folded(read.negative_prompt),
        tuple(_names(image, told, used)),
        as_number(told.get("Steps")),
        as_number(told.get("CFG scale")),
        as_number(told.get("Clip skip")),
        as_number(told.get("Hires upscale")),
    )


def folded(text: str) -> str:
    """Without case, wide letters as their usual ones, each run of blanks one."""
    clean = _CONTROL.sub(" ", text[:_MOST]).encode("utf-8", "replace").decode("utf-8")
    return " ".join(unicodedata.normalize("NFKC", clean).casefold().split())


def _names(image: Image, told: Mapping[str, str], used: Sequence[Resource]) -> Iterator[Name]:
    """Each once."""
    found: dict[tuple[str, str], Name] = {}
    for name in _all_names(image, told, used):
        if name.shown.strip():
            found.setdefault((name.kind, name.name), name)
    yield from found.values()


def _all_names(image: Image, told: Mapping[str, str], used: Sequence[Resource]) -> Iterator[Name]:
    yield Name("author", image.username)
    yield Name("base", image.base_model)
    for kind in NAMED:
        yield Name(kind, told.get(PARAMETERS[kind], ""))
    for one in used:
        if one.type in _KINDS:
            shown = one.name or (f"#{one.version_id}" if one.version_id else "")
            yield Name(one.type, shown, one.weight)
    for version_id in image.version_ids:
        yield Name("version", f"#{version_id}")
