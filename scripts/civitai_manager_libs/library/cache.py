"""The picture cache: where a URL's file is, and which go when it is over its limit."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from itertools import filterfalse

from .. import setting, util
from ..ground import is_partial, sweep

__all__ = ["cached", "fetched", "trim", "trim_soon"]

_TRIM_TO = 0.9  # of the limit, so that not every picture trims
_TRIM_EVERY = 60.0  # seconds
_IN_USE = 60.0  # seconds; what came or was shown so recently is still looked at

_trim_lock = threading.Lock()
_trimmed_at = -_TRIM_EVERY


def cached(url: str) -> str | None:
    """The file of `url` if it is there and a picture; it counts as used now.

    What older versions left there that is no picture is removed.
    """
    path = setting.get_image_url_to_gallery_file(url)
    try:
        with open(path, "rb") as file:
            start = file.read(16)
        if util.extension_of(start) is None:
            os.remove(path)
            return None
        os.utime(path)
    except OSError:
        return None
    return path


def fetched(url: str, fetch: Callable[[str, str], object]) -> str:
    """The file of `url`, brought by `fetch(url, path)` if it is not there; its errors pass."""
    path = cached(url)
    if path is None:
        path = setting.get_image_url_to_gallery_file(url)
        fetch(url, path)
    return path


def trim() -> int:
    """Remove what was used longest ago until the cache is within its limit; how many went.

    And what killed processes left there half-way.
    """
    folder = setting.shortcut_gallery_folder
    for each, _, _ in os.walk(folder):
        sweep(each)
    files = sorted(_files_in(folder))  # oldest first
    total = sum(size for _, size, _ in files)
    limit = setting.gallery_cache_mb * 1024 * 1024
    removed = 0
    for used_at, size, path in files if total > limit else ():
        if total <= limit * _TRIM_TO or time.time() - used_at < _IN_USE:
            break
        try:
            os.remove(path)
        except OSError:  # in use on Windows, or gone
            continue
        total -= size
        removed += 1
    return removed


def trim_soon() -> None:
    """`trim` in the background, unless that was done a moment ago; for after a download."""
    global _trimmed_at
    now = time.monotonic()
    with _trim_lock:
        if now - _trimmed_at < _TRIM_EVERY:
            return
        _trimmed_at = now
    threading.Thread(target=trim, name="gallery-trim", daemon=True).start()


def _files_in(folder: str) -> list[tuple[float, int, str]]:
    found = []
    for root, _, names in os.walk(folder):
        for name in filterfalse(is_partial, names):  # what is on its way in is nobody's to remove
            path = os.path.join(root, name)
            try:
                status = os.stat(path)
            except OSError:
                continue
            found.append((status.st_mtime, status.st_size, path))
    return found
