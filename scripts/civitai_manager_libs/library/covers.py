"""The images that stand for a gallery, for the favourites and for the whole library."""

from __future__ import annotations

from dataclasses import dataclass

from . import records
from .store import select_rows_or_empty

__all__ = ["summarize_favourites", "summarize_library", "find_gallery_cover", "ImageSet"]

_COVERS = 4
_LATEST = 40  # images from which covers are chosen


@dataclass(frozen=True)
class ImageSet:
    """The number of images in a set, and the ids of up to four images to show as covers."""

    count: int
    covers: tuple[int, ...]


def find_gallery_cover(gallery: str, levels: int) -> int | None:
    """Return the id of the newest stored image of a gallery, or None if there is no such image.

    gallery: a name such as "model 5" or "user anna". levels: bit mask of the browsing levels
    (content ratings) that the image may have.
    """
    sql = (
        "SELECT id FROM seen JOIN facts USING (id) WHERE gallery = ? AND level & ?"
        " ORDER BY id DESC LIMIT 1"
    )
    return next((id for (id,) in select_rows_or_empty(sql, (gallery, levels))), None)


def summarize_favourites(levels: int) -> ImageSet:
    """Return the number of favourites, and up to four of the 40 latest as covers.

    levels: bit mask of the browsing levels (content ratings) that covers may have.
    """
    total = select_rows_or_empty("SELECT count(*) FROM marks WHERE favourite")
    sql = "SELECT id FROM marks WHERE favourite ORDER BY marked_at DESC LIMIT ?"
    latest = [id for (id,) in select_rows_or_empty(sql, (_LATEST,))]
    return _make_set(total, latest, levels)


def summarize_library(levels: int) -> ImageSet:
    """Return the number of images in the library, and up to four of the 40 latest as covers.

    levels: bit mask of the browsing levels (content ratings) that covers may have.
    """
    total = select_rows_or_empty("SELECT count(*) FROM facts")
    latest = select_rows_or_empty("SELECT id FROM images ORDER BY read_at DESC LIMIT ?", (_LATEST,))
    return _make_set(total, [id for (id,) in latest], levels)


def _make_set(total: list[tuple[int]], latest: list[int], levels: int) -> ImageSet:
    images = records.find_images(latest).values()
    covers = [image.id for image in images if image.level & levels]
    return ImageSet(next((count for (count,) in total), 0), tuple(covers[:_COVERS]))
