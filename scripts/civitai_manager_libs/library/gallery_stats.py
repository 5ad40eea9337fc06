"""The pictures of a model's gallery that were read, as they are counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ..stats import GalleryImage, GalleryOverview, Sample, serialize_overview, summarize_gallery
from . import models, records, stats_table
from .store import select_rows, wait_for_writes, write_later

__all__ = ["compute_gallery_stats", "list_gallery_images"]

_AT_ONCE = 500  # records in memory
_PATIENCE = 2.0  # seconds for what was just read to be written


def compute_gallery_stats(
    model_id: int | None, version_id: int | None, level: int
) -> dict[str, Any]:
    """What works with a model or one of its versions, see `figures.told`. Raises DiskError."""
    kept = models.find_model(model_id) if model_id else None
    versions = {version.id: version.name for version in (kept.versions if kept else ())}
    files = {
        file: version.id for version in (kept.versions if kept else ()) for file in version.files
    }
    found = summarize_gallery(
        list_gallery_images(model_id, list(versions), version_id, level), files
    )
    return serialize_overview(found, versions, _resource_names(found))


def list_gallery_images(
    model_id: int | None, version_ids: Sequence[int], version_id: int | None, level: int
) -> list[GalleryImage]:
    """Those whose ratings are within the mask `level`. Raises DiskError.

    version_ids: all of the model's. version_id: only what is of this one.
    """
    wait_for_writes(_PATIENCE)
    own = dict.fromkeys(version_ids if version_id is None else [*version_ids, version_id])
    versions = {key: _find_image_ids(f"version {key}") for key in own}
    ids = _find_image_ids(f"model {model_id}") if version_id is None else versions[version_id]
    found = []
    for image_id, _, picture_level, reactions, _, settings, words in _iter_stats_rows(list(ids)):
        if picture_level & level:
            sample = Sample(reactions, _split_lines(settings), _split_lines(words))
            found.append(GalleryImage(sample, [key for key in own if image_id in versions[key]]))
    return found


def _find_image_ids(gallery: str) -> set[int]:
    """As `records.store_images` is told of it."""
    return {key for (key,) in select_rows("SELECT id FROM seen WHERE gallery = ?", (gallery,))}


def _resource_names(found: GalleryOverview) -> dict[str, str]:
    """Of what pictures name by a Civitai version alone, as far as its model was read."""
    every = (found.stats, *found.versions.values())
    values = (bar.value for one in every for bars in one.bars.values() for bar in bars)
    ids = [int(value[1:]) for value in values if value[:1] == "#" and value[1:].isdecimal()]
    return {f"#{key}": name for key, (_, name) in models.find_version_names(ids).items()}


def _iter_stats_rows(ids: list[int]) -> Iterator[stats_table.Row]:
    """Those that are not there, of records that an older version has kept, are made."""
    kept = stats_table.read_current_rows(ids)
    yield from kept
    lacking = list(set(ids).difference(row[0] for row in kept))
    for start in range(0, len(lacking), _AT_ONCE):
        images = records.find_images(lacking[start : start + _AT_ONCE]).values()
        made = [stats_table.make_stats_row(image) for image in images]
        write_later(partial(stats_table.save_rows, made=made))
        yield from made


def _split_lines(text: str) -> Sequence[str]:
    return text.split("\n") if text else ()
