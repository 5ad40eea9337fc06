"""The limit on the bytes of a file's texts that are read, decompressed or decoded."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["Budget", "Texts", "is_utf8"]

Texts = Iterator[tuple[str, str]]  # names and texts of a file

_FOUR_BYTE_CHARACTER = re.compile(rb"[\xf0-\xf4]")  # UTF-8 of a character that widens its text
_TWO_BYTE_CHARACTER = re.compile(rb"[\xc4-\xef]")


class Budget:
    """The limit on how many bytes and parts of a file are read; the rest is skipped.

    left: number of bytes. parts: number of parts, such as chunks.
    """

    def __init__(self, left: int, parts: int) -> None:
        self._left = left
        self._parts = parts

    def spend_part(self) -> bool:
        """Count one part of a file, such as a chunk; return False if the budget has none left."""
        self._parts -= 1
        return self._parts >= 0

    def spend(self, size: int) -> bool:
        """Subtract `size` bytes and return True; if too few are left, return False instead."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def read(self, file: BinaryIO, size: int) -> bytes:
        """Return the next `size` bytes of a file; skip them and return b"" if the budget has fewer.

        Also return b"" if the file has fewer.
        """
        if not self.spend(size):
            file.seek(size, 1)
            return b""
        data = file.read(size)
        return data if len(data) == size else b""

    def decompress(self, data: bytes) -> bytes:
        """Decompress zlib data; return b"" if it is damaged or would exceed the budget."""
        decompressor = zlib.decompressobj()
        try:
            text = decompressor.decompress(data, self._left + 1)
        except zlib.error:
            return b""
        return text if self.spend(len(text)) else b""

    def decode_text(self, data: bytes) -> str:
        """Decode bytes as UTF-8, or as Latin-1 if they are not valid UTF-8.

        Return "" if the text would take more memory than the budget allows.
        """
        # Python stores each character of a text as wide as its widest, up to 4 bytes.
        if not self.spend((_max_char_width(data) - 1) * len(data)):
            return ""
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("latin-1")


def _max_char_width(data: bytes) -> int:
    if _FOUR_BYTE_CHARACTER.search(data):
        return 4
    return 2 if _TWO_BYTE_CHARACTER.search(data) else 1


def is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
