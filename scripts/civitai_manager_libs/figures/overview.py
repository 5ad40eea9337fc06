"""What works with a model: all of its pictures together, and by version. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .counting import counted, Figures, Sample
from .recipe import recipe

__all__ = ["Overview", "Seen", "overview"]


class Seen(NamedTuple):
    """A picture that was read. version_ids: those of the model that it is in the gallery of."""

    sample: Sample
    version_ids: Collection[int] = ()


@dataclass(frozen=True)
class Overview:
    """recipe: an infotext, or "". versions: by id, without words; a picture may be of several."""

    figures: Figures = Figures()
    recipe: str = ""
    versions: dict[int, Figures] = field(default_factory=dict)


def overview(seen: Iterable[Seen]) -> Overview:
    seen = list(seen)
    samples = [one.sample for one in seen]
    by_version: dict[int, list[Sample]] = {}
    for one in seen:
        for version_id in one.version_ids:
            by_version.setdefault(version_id, []).append(one.sample)
    figures = counted(samples)
    versions = {key: counted(some, settings_only=True) for key, some in by_version.items()}
    return Overview(figures, recipe(samples, figures), versions)
