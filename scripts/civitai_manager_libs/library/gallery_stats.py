"""The statistics of a gallery, from the images that the library has of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ..core import find_cancellation
from . import image_records, models, stats as stats_table, tags
from .database import select_rows, wait_for_writes, write_later
from .stats_features import ImageFeatures
from .stats import GalleryOverview, serialize_overview, summarize_gallery

__all__ = ["compute_gallery_stats", "list_gallery_images"]

_BATCH = 500  # records in memory
_PATIENCE = 2.0  # seconds to wait until new records are written


def compute_gallery_stats(
    model_id: int | None, version_id: int | None, level: int, gallery: str = ""
) -> dict[str, Any]:
    """Return the statistics of a gallery's stored images as the JSON object for the page.

    model_id: None if only the version is known. version_id: None for the gallery of the whole
    model. level: bit mask of the browsing levels (content ratings) to count. gallery: the name of
    another gallery to count instead, as in `pages.list_gallery_names`. Raises DiskError.
    """
    model = models.find_stored_model(model_id) if model_id else None
    versions = model.versions if model else ()
    names = {version.id: version.name for version in versions}
    files = {file: version.id for version in versions for file in version.files}
    overview = summarize_gallery(
        list_gallery_images(model_id, list(names), version_id, level, gallery), files
    )
    return serialize_overview(overview, names, _find_resource_names(overview))


def list_gallery_images(
    model_id: int | None,
    version_ids: Sequence[int],
    version_id: int | None,
    level: int,
    gallery: str = "",
) -> list[ImageFeatures]:
    """Return the features of a gallery's stored images.

    The gallery is `gallery`, or if "" that of the version `version_id`, or of the model `model_id`
    if `version_id` is None. Each image comes with those of `version_ids` and `version_id` whose
    galleries contain the image. level: bit mask of the browsing levels (content ratings) to list.
    Raises DiskError.
    """
    wait_for_writes(_PATIENCE, includes_later=False)
    own = dict.fromkeys(version_ids if version_id is None else [*version_ids, version_id])
    versions = {key: _find_image_ids(f"version {key}") for key in own}
    gallery = gallery or (f"model {model_id}" if version_id is None else f"version {version_id}")
    ids = _find_image_ids(gallery)
    tag_names = {key: [tag.name for tag in some] for key, some in tags.find_tags(list(ids)).items()}
    images = []
    for image_id, _, image_level, reactions, _, settings, words in _iter_stats_rows(list(ids)):
        find_cancellation().check()
        if image_level & level:
            its_versions = [key for key in own if image_id in versions[key]]
            texts = _split_lines(settings), _split_lines(words)
            its_tags = tag_names.get(image_id)
            images.append(
                ImageFeatures(image_id, image_level, reactions, its_versions, *texts, its_tags)
            )
    return images


def _find_image_ids(gallery: str) -> set[int]:
    return {key for (key,) in select_rows("SELECT id FROM seen WHERE gallery = ?", (gallery,))}


def _find_resource_names(overview: GalleryOverview) -> dict[str, str]:
    every = (overview.stats, *overview.versions.values())
    values = (bar.value for stats in every for bars in stats.bars.values() for bar in bars)
    ids = [int(value[1:]) for value in values if value[:1] == "#" and value[1:].isdecimal()]
    return {f"#{key}": name for key, (_, name) in models.find_version_names(ids).items()}


def _iter_stats_rows(ids: list[int]) -> Iterator[stats_table.Row]:
    """Yield the statistics row of each image; compute and store missing or outdated rows."""
    stored = stats_table.read_current_rows(ids)
    yield from stored
    missing = list(set(ids).difference(row[0] for row in stored))
    for start in range(0, len(missing), _BATCH):
        images = image_records.find_images(missing[start : start + _BATCH]).values()
        rows = [stats_table.make_stats_row(image) for image in images]
        write_later(partial(stats_table.save_rows, rows=rows))
        yield from rows


def _split_lines(text: str) -> Sequence[str]:
    return text.split("\n") if text else ()
