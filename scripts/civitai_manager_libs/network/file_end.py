"""Whether a picture's or video's file has the end that its format promises.

For answers that tell neither a length nor where they end: there a cut looks like the end.
"""

from __future__ import annotations

import os
from io import BufferedReader

__all__ = ["has_its_end"]

_TAIL = 64 * 1024  # bytes; some programs write a little behind the end
_END_MARKS = {"png": b"IEND", "jpg": b"\xff\xd9", "gif": b"\x00;"}
_MOST_BOXES = 100_000  # that are looked at
_IN_BOXES = {"mp4", "avif", "heic"}  # ISO/IEC 14496-12, 4.2


def has_its_end(path: str, extension: str) -> bool:
    """True also for kinds that tell of no end (webm, sound). Raises OSError."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        if extension == "webp":  # RIFF tells its length at its beginning
            return size >= 8 + int.from_bytes(file.read(8)[4:], "little")
        if extension in _IN_BOXES:
            return _boxes_end(file, size) <= size
        file.seek(max(0, size - _TAIL))
        return _END_MARKS.get(extension, b"") in file.read()


def _boxes_end(file: BufferedReader, size: int) -> int:
    """Where the last box says that it ends."""
    at = 0
    for _ in range(_MOST_BOXES):
        if at >= size:
            return at
        file.seek(at)
        head = file.read(16)
        is_long = head[:4] == b"\0\0\0\1"
        length = int.from_bytes(head[8:] if is_long else head[:4], "big")
        if length < 8 <= len(head):  # 0: "up to the file's end"
            return size
        at += max(length, 8)
    return size
