"""What works with a model: all of its pictures together, and by version. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .counting import count_samples, GalleryStats, Sample
from .own_versions import OwnVersions
from .recipe import build_recipe

__all__ = ["GalleryOverview", "GalleryImage", "summarize_gallery"]


class GalleryImage(NamedTuple):
    """A picture that was read. version_ids: those of the model that it is in the gallery of."""

    sample: Sample
    version_ids: Collection[int] = ()


@dataclass(frozen=True)
class GalleryOverview:
    """recipe: an infotext, or "". versions: by id, without words; a picture may be of several."""

    stats: GalleryStats = GalleryStats()
    own_versions: OwnVersions = OwnVersions({})
    recipe: str = ""
    versions: dict[int, GalleryStats] = field(default_factory=dict)


def summarize_gallery(
    seen: Iterable[GalleryImage], files: Mapping[str, int] = {}
) -> GalleryOverview:
    """files: the model's, see `OwnVersions`."""
    own = OwnVersions(files)
    seen = (
        [one._replace(sample=_count_as_versions(one.sample, own)) for one in seen]
        if files
        else [*seen]
    )
    samples = [one.sample for one in seen]
    by_version: dict[int, list[Sample]] = {}
    for one in seen:
        for version_id in one.version_ids:
            by_version.setdefault(version_id, []).append(one.sample)
    figures = count_samples(samples)
    versions = {key: count_samples(some, settings_only=True) for key, some in by_version.items()}
    return GalleryOverview(figures, own, build_recipe(samples, figures, own), versions)


def _count_as_versions(sample: Sample, own: OwnVersions) -> Sample:
    return sample._replace(settings=own.replace_files(sample.settings))
