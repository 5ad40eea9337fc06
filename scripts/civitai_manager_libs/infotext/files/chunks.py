"""The chunks of PNG and WebP files, the segments of JPEG files."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["Chunk", "iter_jpeg_segments", "iter_png_chunks", "iter_webp_chunks", "JPEG_PIXELS"]

Chunk = tuple[bytes, int, int]  # its type, and the offset and size of its data

JPEG_PIXELS = 0xDA  # the marker of the segment before the pixels
_NO_SEGMENT = (0xD8, 0xD9, 0xFF)  # the start and the end of the image, and a filling byte


def iter_png_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield (type, offset of the data, size of the data) of each chunk of a PNG file.

    Stop at the end of the file or at an incomplete chunk header.
    """
    start = 8
    while len(head := _read_header(file, start, 8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        yield kind, start + 8, size
        start += 8 + size + 4  # behind the checksum, which is not verified


def iter_webp_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield (type, offset of the data, size of the data) of each chunk of a WebP file.

    Stop at the end of the file or at an incomplete chunk header.
    """
    start = 12
    while len(head := _read_header(file, start, 8)) == 8:
        kind, size = struct.unpack("<4sI", head)
        yield kind, start + 8, size
        start += 8 + size + size % 2


def iter_jpeg_segments(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, offset of the data, size of the data) of each segment of a JPEG file.

    Stop at the pixels, which follow the last segment, or at a damaged segment.
    """
    start = 2
    while len(head := _read_header(file, start, 4)) == 4:
        marker, size = head[1], int.from_bytes(head[2:], "big") - 2
        if head[0] != 0xFF or marker in _NO_SEGMENT or size < 0:
            return
        yield marker, start + 4, size
        if marker == JPEG_PIXELS:
            return
        start += 4 + size


def _read_header(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)
