"""The statistics of a model's gallery: of all its images, and of each version. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .counting import count_samples, GalleryStats, Sample
from .own_versions import OwnVersions
from .recipe import build_recipe

__all__ = ["GalleryImage", "GalleryOverview", "summarize_gallery"]


class GalleryImage(NamedTuple):
    """An image of a model's gallery. version_ids: the model's versions to count the image for."""

    sample: Sample
    version_ids: Collection[int] = ()


@dataclass(frozen=True)
class GalleryOverview:
    """The statistics of a model's gallery.

    stats: of all images. recipe: an infotext of the most common settings, "" if unknown. versions:
    for each version id, statistics without words; an image may count for several versions.
    """

    stats: GalleryStats = GalleryStats()
    own_versions: OwnVersions = OwnVersions({})
    recipe: str = ""
    versions: dict[int, GalleryStats] = field(default_factory=dict)


def summarize_gallery(
    images: Iterable[GalleryImage], files: Mapping[str, int] = {}
) -> GalleryOverview:
    """Return the statistics of a model's gallery, of all images and of each version.

    files: {file name in lower case: version id} for the files of the gallery's model.
    """
    own = OwnVersions(files)
    samples: list[Sample] = []
    by_version: dict[int, list[Sample]] = {}
    for sample, version_ids in images:
        sample = sample._replace(settings=own.replace_file_names(sample.settings))
        samples.append(sample)
        for version_id in version_ids:
            by_version.setdefault(version_id, []).append(sample)
    stats = count_samples(samples)
    versions = {key: count_samples(some, settings_only=True) for key, some in by_version.items()}
    return GalleryOverview(stats, own, build_recipe(samples, stats, own), versions)
