"""Thumbnails of pictures that the user has marked, kept apart from the cache and its limit."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ... import setting
from ...core import cache_name, Image, logged, PartialFile, thumbnail_url
from .. import cache

__all__ = ["keep_thumbs", "kept_thumb"]

_WIDTHS = (450, 800, 320)  # pixels; the first that is there is enough


def keep_thumbs(images: Sequence[Image]) -> None:
    """Those that were seen. What fails is one log line: the marks themselves are kept."""
    with logged("library"):
        for image in images:
            _keep(image)


def kept_thumb(image: Image) -> str | None:
    """The file, of any width."""
    paths = (_path(image, width) for width in _WIDTHS)
    return next(filter(os.path.isfile, paths), None)


def _keep(image: Image) -> None:
    if kept_thumb(image):
        return
    for width in _WIDTHS:
        url = thumbnail_url(image, width)
        with cache.held(url):
            cached = cache.cached(url)
            if cached is None:
                continue
            path = _path(image, width)
            with PartialFile(os.path.dirname(path)) as partial:
                partial.copy_from(cached)
                partial.commit(path)
            return


def _path(image: Image, width: int) -> str:
    return os.path.join(setting.kept_thumbs_folder(), cache_name(thumbnail_url(image, width)))
