"""The picture cache: where a URL's file is, and which go when it is over its limit."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import filterfalse

from .. import setting, util
from ..core import delete_file, is_temporary_name, remove_leftovers

__all__ = ["find_cached", "fetch_cached", "hold_file", "trim_cache", "trim_soon"]

_TRIM_TO = 0.9  # of the limit, so that not every picture trims
_PAUSE = 5.0  # seconds until what could not go is tried once more

_lock = threading.Lock()  # of these three
_held: Counter[str] = Counter()  # by path, how many look at it
_size = float("inf")  # bytes in the cache as far as this process knows: at first it does not
_is_trimming = False


def find_cached(url: str) -> str | None:
    """The file of `url` if it is there and a picture; it counts as used now.

    What older versions left there that is no picture is removed.
    """
    path = setting.get_image_url_to_gallery_file(url)
    try:
        with open(path, "rb") as file:
            start = file.read(16)
        if util.extension_of(start) is None:
            delete_file(path)
            return None
        os.utime(path)
    except OSError:
        return None
    return path


def fetch_cached(url: str, fetch: Callable[[str, str], object]) -> str:
    """The file of `url`, brought by `fetch(url, path)` if it is not there; its errors pass."""
    path = find_cached(url)
    if path is None:
        path = setting.get_image_url_to_gallery_file(url)
        fetch(url, path)
        _count_bytes(os.path.getsize(path) if os.path.exists(path) else 0)
    return path


@contextmanager
def hold_file(url: str) -> Iterator[None]:
    """While the block runs the file of `url` stays, also one that comes meanwhile."""
    path = setting.get_image_url_to_gallery_file(url)
    with _lock:
        _held[path] += 1
    try:
        yield
    finally:
        with _lock:
            _held[path] -= 1
            if not _held[path]:
                del _held[path]


def trim_cache() -> int:
    """Remove what was used longest ago until the cache is within its limit; the bytes left.

    What is held stays, and what was used last, however large it is. What killed processes left
    there half-way goes.
    """
    global _size
    with _lock:
        _size = 0  # what comes from here on may be counted twice, but never not
    folder, limit = setting.shortcut_gallery_folder, _limit()
    for each, _, _ in os.walk(folder):
        remove_leftovers(each)
    files = sorted(_files_in(folder))  # oldest first
    total = sum(size for _, size, _ in files)
    for _, size, path in files[:-1] if total > limit else ():
        if total <= limit * _TRIM_TO:
            break
        if _remove_file(path):
            total -= size
    with _lock:
        _size += total
    return total


def trim_soon() -> None:
    """`trim_cache` in the background, for after downloads that nobody counted."""
    _count_bytes(float("inf"))


def _count_bytes(size: float) -> None:
    """So many bytes came. One thread trims, from when that is too much until it is not."""
    global _size, _is_trimming
    with _lock:
        _size += size
        if _is_trimming or _size <= _limit():
            return
        _is_trimming = True
    threading.Thread(target=_trim_until_within, name="gallery-trim", daemon=True).start()


def _trim_until_within() -> None:
    global _is_trimming
    late = False
    while True:
        left = trim_cache()
        with _lock:
            if _size <= _limit() or (late and left > _limit()):
                _is_trimming = False
                return
        late = left > _limit()
        if late:  # what was in use may go now
            time.sleep(_PAUSE)


def _remove_file(path: str) -> bool:
    with _lock:
        if path in _held:
            return False
        try:
            os.remove(path)
        except OSError:  # in use on Windows, or gone
            return False
    return True


def _limit() -> int:
    return setting.gallery_cache_mb * 1024 * 1024


def _files_in(folder: str) -> list[tuple[float, int, str]]:
    found = []
    for root, _, names in os.walk(folder):
        for name in filterfalse(
            is_temporary_name, names
        ):  # what is on its way in is nobody's to remove
            path = os.path.join(root, name)
            try:
                status = os.stat(path)
            except OSError:
                continue
            found.append((status.st_mtime, status.st_size, path))
    return found
