"""The images that stand for a gallery, for the favourites and for the whole library."""

from __future__ import annotations

from dataclasses import dataclass

from . import records
from .store import select_rows_or_empty

__all__ = ["count_favourites", "count_library", "find_gallery_cover", "ImageSet"]

_COVERS = 4
_LATEST = 40  # images among which covers are looked for


@dataclass(frozen=True)
class ImageSet:
    """How many images a set has, and the ids of up to four of them, the latest first."""

    count: int
    covers: tuple[int, ...]


def find_gallery_cover(gallery: str, levels: int) -> int | None:
    """Return the id of the newest image of a gallery that was read, None if there is none.

    gallery: such as "model 5" or "user anna". levels: bit mask of the browsing levels that the
    image may have.
    """
    sql = (
        "SELECT id FROM seen JOIN facts USING (id) WHERE gallery = ? AND level & ?"
        " ORDER BY id DESC LIMIT 1"
    )
    return next((id for (id,) in select_rows_or_empty(sql, (gallery, levels))), None)


def count_favourites(levels: int) -> ImageSet:
    """Return the favourites. levels: bit mask of the browsing levels that covers may have."""
    total = select_rows_or_empty("SELECT count(*) FROM marks WHERE favourite")
    sql = "SELECT id FROM marks WHERE favourite ORDER BY marked_at DESC LIMIT ?"
    latest = [id for (id,) in select_rows_or_empty(sql, (_LATEST,))]
    return _make_set(total, latest, levels)


def count_library(levels: int) -> ImageSet:
    """Return all images of the library. levels: as for `count_favourites`."""
    total = select_rows_or_empty("SELECT count(*) FROM facts")
    latest = select_rows_or_empty("SELECT id FROM images ORDER BY read_at DESC LIMIT ?", (_LATEST,))
    return _make_set(total, [id for (id,) in latest], levels)


def _make_set(total: list[tuple[int]], latest: list[int], levels: int) -> ImageSet:
    images = records.find_images(latest).values()
    covers = [image.id for image in images if image.level & levels]
    return ImageSet(next((count for (count,) in total), 0), tuple(covers[:_COVERS]))
