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
    """The bytes and parts of a file that may still be read; what exceeds them is skipped."""

    def __init__(self, left: int, parts: int) -> None:
        self._left = left
        self._parts = parts

    def spend_part(self) -> bool:
        """Count a part of the file, such as a chunk; return whether the budget allows it."""
        self._parts -= 1
        return self._parts >= 0

    def spend(self, size: int) -> bool:
        """Take `size` bytes from the budget; return False and take nothing if too few are left."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def read(self, file: BinaryIO, size: int) -> bytes:
        """Return the next `size` bytes; b"" if the budget or the file has fewer."""
        if not self.spend(size):
            file.seek(size, 1)
            return b""
        data = file.read(size)
        return data if len(data) == size else b""

    def decompress(self, data: bytes) -> bytes:
        """Return decompressed zlib data; b"" if it is damaged or exceeds the budget."""
        decompressor = zlib.decompressobj()
        try:
            text = decompressor.decompress(data, self._left + 1)
        except zlib.error:
            return b""
        return text if self.spend(len(text)) else b""

    def decode_text(self, data: bytes) -> str:
        """Return the text of the bytes, UTF-8 or else Latin-1; "" if it exceeds the budget.

        Python keeps every character of a text as wide as its widest, up to 4 bytes.
        """
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
    """Return whether the bytes are UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
