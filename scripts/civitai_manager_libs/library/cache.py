"""The picture cache: where a URL's file is, and which go when it is over its limit."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from itertools import filterfalse

from .. import setting, util
from ..ground import is_partial, PartialFile, sweep
from .blurhash import pixels

__all__ = ["cached", "fetched", "placeholder", "trim", "trim_soon"]

_PLACEHOLDER_SIDE = 24  # pixels of the longer side; it is shown blurred anyway
_PLAIN = (70, 72, 78)
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


def placeholder(blurhash: str, width: int, height: int) -> str:
    """A small blurred PNG with the picture's shape, or a plain tile. Raises DiskError."""
    longer = max(width, height) or 1
    size = (
        max(1, round(_PLACEHOLDER_SIDE * (width or 1) / longer)),
        max(1, round(_PLACEHOLDER_SIDE * (height or 1) / longer)),
    )
    name = re.sub(r"\W", lambda found: f"-{ord(found[0]):x}", blurhash)[:150] or "plain"
    folder = os.path.join(setting.shortcut_gallery_folder, "placeholders")
    path = os.path.join(folder, f"{name}-{size[0]}x{size[1]}.png")
    if not os.path.isfile(path):
        _draw(path, pixels(blurhash, *size) or bytes(_PLAIN) * (size[0] * size[1]), size)
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


def _draw(path: str, rgb: bytes, size: tuple[int, int]) -> None:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.frombytes("RGB", size, rgb).save(buffer, "PNG")
    with PartialFile(os.path.dirname(path)) as partial:
        partial.write(buffer.getvalue())
        partial.commit(path)
