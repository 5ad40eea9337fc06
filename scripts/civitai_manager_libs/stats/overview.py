"""What works with a model: all of its pictures together, and by version. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .counting import counted, Figures, Sample
from .own_versions import OwnFiles
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
    own: OwnFiles = OwnFiles({})
    recipe: str = ""
    versions: dict[int, Figures] = field(default_factory=dict)


def overview(seen: Iterable[Seen], files: Mapping[str, int] = {}) -> Overview:
    """files: the model's, see `OwnFiles`."""
    own = OwnFiles(files)
    seen = [one._replace(sample=_with_own(one.sample, own)) for one in seen] if files else [*seen]
    samples = [one.sample for one in seen]
    by_version: dict[int, list[Sample]] = {}
    for one in seen:
        for version_id in one.version_ids:
            by_version.setdefault(version_id, []).append(one.sample)
    figures = counted(samples)
    versions = {key: counted(some, settings_only=True) for key, some in by_version.items()}
    return Overview(figures, own, recipe(samples, figures, own), versions)


def _with_own(sample: Sample, own: OwnFiles) -> Sample:
    return sample._replace(settings=own.counted_as(sample.settings))
