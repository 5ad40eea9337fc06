"""The parts of a file, read within a budget: chunks, boxes, content credentials."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from ...core import clean_line

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
        """Return the next bytes; b"" if the file has fewer, or the budget, and then skip them."""
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
        width = 2 if _TWO_BYTE_CHARACTER.search(data) else 1
        width = 4 if _FOUR_BYTE_CHARACTER.search(data) else width
        if not self.spend((width - 1) * len(data)):
            return ""
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("latin-1")


def is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


JPEG_PIXELS = 0xDA  # the marker of the segment before the pixels
_NO_SEGMENT = (0xD8, 0xD9, 0xFF)  # the start and the end of the image, and a filling byte


def iter_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, offset of the data, size of the data) of each chunk of a PNG or WebP file.

    Stop at the end of the file or at an incomplete chunk header.
    """
    is_png = _read_header(file, 0, 4) == b"\x89PNG"
    start = 8 if is_png else 12
    while len(head := _read_header(file, start, 8)) == 8:
        if is_png:
            size, kind = struct.unpack(">I4s", head)
        else:
            kind, size = struct.unpack("<4sI", head)
        yield kind, start + 8, size
        # Behind the checksum of a PNG's chunk, which is not verified.
        start += 8 + size + (4 if is_png else size % 2)


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


Box = tuple[bytes, int, int]  # its type, and where its content begins and ends


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


MAX_CREDENTIALS = 500_000  # bytes that are searched; ChatGPT's and Gemini's have 25,000
# CBOR: a map whose first key is "name", or the older text; each with a text of up to 255 bytes.
_SIGNER = re.compile(
    rb"claim_generator(?:_info[\x80-\x82]?[\xa1-\xaf]dname)?(?:([\x60-\x77])|\x78(.))", re.DOTALL
)


def find_signer(credentials: bytes) -> str:
    """Return the name of the program that signed a file, "C2PA" if its credentials name none.

    credentials: the bytes of the file's Content Credentials; for b"", return "".
    """
    found = _SIGNER.search(credentials)
    if found is None:
        return "C2PA" if credentials else ""
    size = found[1][0] - 0x60 if found[1] else found[2][0]
    name = credentials[found.end() : found.end() + size]
    return clean_line(name.decode("utf-8", "replace") if len(name) == size else "") or "C2PA"
