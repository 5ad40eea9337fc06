"""The boxes of ISO media files (MP4, QuickTime, AVIF, HEIC): ISO/IEC 14496-12, 4.2."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from .budget import Budget

__all__ = ["Box", "box_at", "boxes_in", "size_of"]

Box = tuple[bytes, int, int]  # its type, and where its content begins and ends


def size_of(file: BinaryIO) -> int:
    """Return the file's size in bytes."""
    return file.seek(0, 2)


def box_at(file: BinaryIO, start: int, end: int) -> Box | None:
    """Return the box that begins at `start`; None where none is or it goes beyond `end`.

    A size of 0 means up to the end, 1 that it comes later.
    """
    file.seek(start)
    head = file.read(16)
    if end - start < 8 or len(head) < 8:
        return None
    size, kind = struct.unpack(">I4s", head[:8])
    begin = start + 8
    if size == 1 and len(head) == 16:
        size, begin = int.from_bytes(head[8:], "big"), start + 16
    stop = end if size == 0 else start + size
    return (kind, begin, stop) if begin <= stop <= end else None


def boxes_in(file: BinaryIO, start: int, end: int, budget: Budget) -> Iterator[Box]:
    """Yield the boxes between two places, one after the other."""
    while budget.may_go_on():
        box = box_at(file, start, end)
        if box is None:
            return
        yield box
        start = box[2]
