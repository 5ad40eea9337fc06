"""Whether a picture's file has the end that its format promises.

For answers that tell neither a length nor where they end: there a cut looks like the end.
"""

from __future__ import annotations

import os

__all__ = ["has_its_end"]

_TAIL = 64 * 1024  # bytes; some programs write a little behind the end
_END_MARKS = {"png": b"IEND", "jpg": b"\xff\xd9", "gif": b"\x00;"}


def has_its_end(path: str, extension: str) -> bool:
    """True also for kinds that have no such mark (videos, sound). Raises OSError."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        if extension == "webp":  # RIFF tells its length at its beginning
            return size >= 8 + int.from_bytes(file.read(8)[4:], "little")
        file.seek(max(0, size - _TAIL))
        return _END_MARKS.get(extension, b"") in file.read()
