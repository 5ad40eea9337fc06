"""The boxes of ISO media files (MP4, QuickTime, AVIF, HEIC): ISO/IEC 14496-12, 4.2."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from .budget import Budget

__all__ = ["Box", "get_file_size", "iter_boxes", "read_box"]

Box = tuple[bytes, int, int]  # its type, and where its content begins and ends


def get_file_size(file: BinaryIO) -> int:
    """Return the size of an open file in bytes; the file's position moves to the end."""
    return file.seek(0, 2)


def read_box(file: BinaryIO, start: int, end: int) -> Box | None:
    """Return (type, start of the content, end of the content) of the box at offset `start`.

    Return None if the box is incomplete or reaches beyond the offset `end`.
    """
    # A size of 0 means up to `end`; 1 means that a 64-bit size follows.
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


def iter_boxes(file: BinaryIO, start: int, end: int, budget: Budget) -> Iterator[Box]:
    """Yield (type, start of the content, end of the content) of each box between two offsets.

    Stop at a damaged box, or when the budget is used up.
    """
    while budget.spend_part():
        box = read_box(file, start, end)
        if box is None:
            return
        yield box
        start = box[2]
