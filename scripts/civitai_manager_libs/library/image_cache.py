"""The image cache: the file of each URL, and the deletion of old files over the size limit."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import filterfalse

from .. import setting
from ..core import delete_file, detect_media_extension, is_temporary_name, open_to_read
from ..core import remove_leftovers

_TRIM_TO = 0.9  # of the limit, so that not every image trims
_DAY = 24 * 3600.0  # seconds

_lock = threading.Lock()  # of the three below
_held: Counter[str] = Counter()  # users of each path
_size = float("inf")  # bytes in the cache; infinite until this process has counted them
_is_trimming = False


def find_cached(url: str) -> str | None:
    """Return the path of the cached file for an image URL, or None if no file is cached.

    The file is marked as just used, so that trimming deletes it last. A file that does not contain
    an image is deleted.
    """
    path = setting.get_image_url_to_gallery_file(url)
    try:
        with open_to_read(path) as file:
            start = file.read(16)
        if detect_media_extension(start) is None:
            delete_file(path)
            return None
        os.utime(path)
    except OSError:
        return None
    return path


def fetch_cached(url: str, fetch: Callable[[str, str], object]) -> str:
    """Return the path of the cached file for an image URL; fetch the file if it is missing.

    fetch: called as `fetch(url, path)` to write the file; its exceptions are passed on.
    """
    path = find_cached(url)
    if path is None:
        path = setting.get_image_url_to_gallery_file(url)
        fetch(url, path)
        _add_size(os.path.getsize(path) if os.path.exists(path) else 0)
    return path


@contextmanager
def hold_file(url: str) -> Iterator[None]:
    """Protect a URL's cached file, made now or later, from deletion in the `with` block."""
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
    """Delete the least recently used files until the cache fits its limit.

    Return the cache's new size in bytes. Files in use (see `hold_file`) and the most recently used
    file are kept. Temporary files of killed processes are deleted too.
    """
    global _size
    with _lock:
        _size = 0  # files that arrive from here on may be counted twice, but are not missed
    folder, limit = setting.shortcut_gallery_folder, _limit()
    for subfolder, _, _ in os.walk(folder):
        remove_leftovers(subfolder)
    files = sorted(_list_files(folder))  # to be deleted first
    total = sum(size for _, size, _ in files)
    for _, size, path in files[:-1] if total > limit else ():
        if total <= limit * _TRIM_TO:
            break
        with _lock, suppress(OSError):  # in use on Windows, or deleted already
            if path not in _held:
                os.remove(path)
                total -= size
    with _lock:
        _size += total
    return total


def trim_soon() -> None:
    """Trim the cache in a background thread.

    Call this after writing files to the cache without `fetch_cached`.
    """
    _add_size(float("inf"))


def _add_size(size: float) -> None:
    """Add a new file's size in bytes to the cache's size; trim the cache if it is too large."""
    global _size, _is_trimming
    with _lock:
        _size += size
        if _is_trimming or _size <= _limit():
            return
        _is_trimming = True
    threading.Thread(target=_trim_repeatedly, name="gallery-trim", daemon=True).start()


def _trim_repeatedly() -> None:
    global _is_trimming
    while True:
        is_too_large = trim_cache() > _limit()
        with _lock:
            if _size <= _limit() or is_too_large:
                _is_trimming = False
                return


def _limit() -> int:
    return setting.gallery_cache_mb * 1024 * 1024


def _list_files(folder: str) -> list[tuple[float, int, str]]:
    """Return (time of last use, size in bytes, path) of each file that is not temporary.

    A time more than a day ahead, which a wrong clock has set, counts as long ago.
    """
    found, latest = [], time.time() + _DAY
    for root, _, names in os.walk(folder):
        for name in filterfalse(is_temporary_name, names):
            path = os.path.join(root, name)
            try:
                status = os.stat(path)
            except OSError:
                continue
            used_at = status.st_mtime if status.st_mtime <= latest else 0.0
            found.append((used_at, status.st_size, path))
    return found
