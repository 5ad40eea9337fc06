"""Thumbnails of bookmarked images, stored outside the cache, which may delete its files."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ... import setting
from ...core import AtomicFile, cache_file_name, Image, log_disk_errors, thumbnail_url
from .. import image_cache

__all__ = ["find_thumbnail", "store_thumbnails"]

_WIDTHS = (450, 800, 320)  # pixels; one of them is enough, the first is preferred


def store_thumbnails(images: Sequence[Image]) -> None:
    """Copy the cached thumbnails of images to a folder whose files are never evicted.

    Images without a cached thumbnail are skipped. A disk error is logged, not raised.
    """
    with log_disk_errors("library"):
        for image in images:
            _store_thumbnail(image)


def find_thumbnail(image: Image) -> str | None:
    """Return the path of an image's stored thumbnail, or None if no thumbnail is stored."""
    paths = (_thumbnail_path(image, width) for width in _WIDTHS)
    return next(filter(os.path.isfile, paths), None)


def _store_thumbnail(image: Image) -> None:
    if find_thumbnail(image):
        return
    for width in _WIDTHS:
        url = thumbnail_url(image, width)
        with image_cache.hold_file(url):
            cached = image_cache.find_cached(url)
            if cached is None:
                continue
            path = _thumbnail_path(image, width)
            with AtomicFile(os.path.dirname(path)) as partial:
                partial.copy_from(cached)
                partial.commit(path)
            return


def _thumbnail_path(image: Image, width: int) -> str:
    return os.path.join(setting.thumbnails_folder(), cache_file_name(thumbnail_url(image, width)))
