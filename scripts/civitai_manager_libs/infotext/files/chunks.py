"""The chunks of PNG and WebP files."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["Chunk", "iter_png_chunks", "iter_webp_chunks"]

Chunk = tuple[bytes, int, int]  # its type, and the offset and size of its data


def iter_png_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield (type, offset of the data, size of the data) of each chunk of a PNG file.

    Stop at the end of the file or at an incomplete chunk header.
    """
    start = 8
    while len(head := _read_header(file, start)) == 8:
        size, kind = struct.unpack(">I4s", head)
        yield kind, start + 8, size
        start += 8 + size + 4  # behind the checksum, which is not verified


def iter_webp_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield (type, offset of the data, size of the data) of each chunk of a WebP file.

    Stop at the end of the file or at an incomplete chunk header.
    """
    start = 12
    while len(head := _read_header(file, start)) == 8:
        kind, size = struct.unpack("<4sI", head)
        yield kind, start + 8, size
        start += 8 + size + size % 2


def _read_header(file: BinaryIO, start: int) -> bytes:
    file.seek(start)
    return file.read(8)
