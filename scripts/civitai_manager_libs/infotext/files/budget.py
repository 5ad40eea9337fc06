"""How much of a file's texts is read: they share one number of bytes, packed and unpacked."""

from __future__ import annotations

import zlib
from typing import BinaryIO

__all__ = ["Budget", "decoded"]


class Budget:
    """Bytes that may still be read or unpacked. What does not fit is left out, not cut."""

    def __init__(self, left: int, parts: int) -> None:
        self._left = left
        self._parts = parts

    def may_go_on(self) -> bool:
        """Whether one more part of the file may be looked at; asked once for each."""
        self._parts -= 1
        return self._parts >= 0

    def read(self, file: BinaryIO, size: int) -> bytes:
        """The next `size` bytes; b"" if they are too many or not all there."""
        if size > self._left:
            file.seek(size, 1)
            return b""
        data = file.read(size)
        self._left -= len(data)
        return data if len(data) == size else b""

    def unpacked(self, data: bytes) -> bytes:
        """What zlib data holds; b"" if that is too much, and for damage."""
        unpacker = zlib.decompressobj()
        try:
            text = unpacker.decompress(data, self._left + 1)
        except zlib.error:
            return b""
        if len(text) > self._left:
            return b""
        self._left -= len(text)
        return text


def decoded(data: bytes) -> str:
    """UTF-8 by the habit of many programs, Latin-1 by the older formats."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
