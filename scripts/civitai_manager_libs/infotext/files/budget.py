"""How much of a file's texts is read: they share one number of bytes, compressed or not."""

from __future__ import annotations

import re
import zlib
from typing import BinaryIO

__all__ = ["Budget", "is_utf8"]

_FOUR_BYTES_EACH = re.compile(rb"[\xf0-\xf4]")  # in UTF-8: of a text with one such character,
_TWO_BYTES_EACH = re.compile(rb"[\xc4-\xef]")  # Python keeps all characters that wide


class Budget:
    """Bytes that may still be read, unpacked or held as text. What does not fit is left out."""

    def __init__(self, left: int, parts: int) -> None:
        self._left = left
        self._parts = parts

    def spend_part(self) -> bool:
        """Return whether one more part of the file may be looked at; asked once for each."""
        self._parts -= 1
        return self._parts >= 0

    def spend(self, size: int) -> bool:
        """Take that many bytes from what is left, or return False if they are too many."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def read(self, file: BinaryIO, size: int) -> bytes:
        """Return the next `size` bytes; b"" if they are too many or not all there."""
        if not self.spend(size):
            file.seek(size, 1)
            return b""
        data = file.read(size)
        return data if len(data) == size else b""

    def decompress(self, data: bytes) -> bytes:
        """Return what zlib data holds; b"" if that is too much, and for damage."""
        decompressor = zlib.decompressobj()
        try:
            text = decompressor.decompress(data, self._left + 1)
        except zlib.error:
            return b""
        return text if self.spend(len(text)) else b""

    def decode_text(self, data: bytes) -> str:
        """Return UTF-8 by the habit of many programs, else Latin-1 by the older formats, as text.

        "" for one that takes more memory than is left beyond that of its bytes.
        """
        if not self.spend((_max_char_width(data) - 1) * len(data)):
            return ""
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("latin-1")


def _max_char_width(data: bytes) -> int:
    if _FOUR_BYTES_EACH.search(data):
        return 4
    return 2 if _TWO_BYTES_EACH.search(data) else 1


def is_utf8(data: bytes) -> bool:
    """Return whether the bytes are UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
