"""Whether a picture's or video's file goes to the end that its own format tells of.

For answers that tell neither a length nor where they end, and for what is found in a folder: there
a cut looks like the end. What a program wrote behind the end does no harm.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from io import BufferedReader

from ... import util

__all__ = ["is_complete", "complete_file_type"]

_MOST = 1_000_000  # parts that are looked at; who made more of them is taken at his word
_MOST_MARKERS, _MOST_ELEMENTS = 10_000, 100_000  # of JPEG, of WebM
_PIECE = 16 * 1024  # bytes
_START, _END = 0xD8, 0xD9  # which have no length behind them
_NO_MARKERS = {0x00, 0x01, *range(0xD0, 0xD8), 0xFF}  # behind FF: data, a restart, filling
_BOXES = {b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"meta", b"free", b"uuid"}
_NEEDED = ({b"moov", b"mdat"}, {b"meta", b"mdat"})  # of a video, of a still
_SEGMENT = b"\x18\x53\x80\x67"


def complete_file_type(path: str, size: int = 0) -> str | None:
    """The true extension of a picture, video or sound that lies there whole; None for all else.

    size: what it had when it was whole, 0 when nobody knows. One of that size has its end looked
    at only where it ends as a hole in a file does, in zeros. Raises OSError.
    """
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        return None
    with open(path, "rb") as file:
        extension = util.extension_of(file.read(16))
        file.seek(max(0, found.st_size - 16))
        is_known = found.st_size == size and file.read().strip(b"\0") != b""
    if extension is None or not (is_known or is_complete(path, extension)):
        return None
    return extension


def is_complete(path: str, extension: str) -> bool:
    """True also for kinds that tell of no end (sound). Raises OSError."""
    looks = _KINDS.get(extension)
    if looks is None:
        return True
    with open(path, "rb") as file:
        return looks(file, os.path.getsize(path))


def _is_complete_jpeg(file: BufferedReader, size: int) -> bool:
    """From marker to marker: a thumbnail's end is inside of a segment (ITU T.81, annex B)."""
    for _ in range(_MOST_MARKERS):
        marker = _next_marker(file)
        if marker is None or marker == _END:
            return marker == _END
        if marker != _START:
            length = int.from_bytes(file.read(2), "big")
            file.seek(max(0, length - 2), os.SEEK_CUR)
    return True


def _next_marker(file: BufferedReader) -> int | None:
    piece, at = file.read(_PIECE), 0
    while True:
        at = piece.find(b"\xff", at)
        if at < 0 or at + 1 == len(piece):
            rest, more = b"" if at < 0 else b"\xff", file.read(_PIECE)
            if not more:
                return None
            piece, at = rest + more, 0
        elif piece[at + 1] in _NO_MARKERS:
            at += 1
        else:
            file.seek(at + 2 - len(piece), os.SEEK_CUR)
            return piece[at + 1]


def _is_complete_png(file: BufferedReader, size: int) -> bool:
    at, kind = 8, b""
    for _ in range(_MOST):
        if kind == b"IEND":
            return True
        file.seek(at)
        head = file.read(8)
        kind = head[4:]
        at += 12 + int.from_bytes(head[:4], "big")
        if at > size or not kind.isalpha():  # a hole in a file reads as zeros
            return False
    return True


def _is_complete_gif(file: BufferedReader, size: int) -> bool:
    """Block by block; of an image, its own palette and then what all blocks have."""
    _skip_palette(file, 10, 13)
    left = _MOST
    while left > 0:
        kind = file.read(1)
        if kind == b"\x2c":
            _skip_palette(file, file.tell() + 8, file.tell() + 10)
        elif kind == b"\x21":
            file.read(1)
        else:
            return kind == b"\x3b"
        while left > 0 and (length := file.read(1)) not in (b"", b"\0"):
            file.seek(length[0], os.SEEK_CUR)
            left -= 1
        left -= 1
    return True


def _skip_palette(file: BufferedReader, flags_at: int, ends_at: int) -> None:
    file.seek(flags_at)
    flags = (file.read(1) or b"\0")[0]
    file.seek(ends_at + (3 * 2 ** (flags % 8 + 1) if flags & 0x80 else 0))


def _is_complete_webp(file: BufferedReader, size: int) -> bool:
    """RIFF tells its length at its beginning."""
    return size >= 8 + int.from_bytes(file.read(8)[4:], "little")


def _is_complete_iso_media(file: BufferedReader, size: int) -> bool:
    """ISO/IEC 14496-12, 4.2. A length of 0 is "up to the file's end"."""
    at, seen = 0, set()
    for _ in range(_MOST):
        file.seek(at)
        head = file.read(16)
        kind, length = head[4:8], int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:], "big")
        if length >= 8 and at + length > size:
            return kind not in _BOXES and _has_needed_boxes(seen)
        seen.add(kind)
        if length < 8:
            return _has_needed_boxes(seen)
        at += length
    return True


def _has_needed_boxes(boxes: set[bytes]) -> bool:
    return any(needed <= boxes for needed in _NEEDED)


def _is_complete_webm(file: BufferedReader, size: int) -> bool:
    """RFC 8794. What was recorded live does not know its length: its parts are gone through."""
    at, is_begun = 0, False
    for _ in range(_MOST_ELEMENTS):
        file.seek(at)
        name, length = _read_element_id(file), _read_element_size(file)
        if not name or length is None:
            return False
        at = file.tell() + max(0, length)
        is_begun = is_begun or name == _SEGMENT
        if at >= size or name == _SEGMENT and length >= 0:
            return is_begun and at <= size
    return True


def _read_element_id(file: BufferedReader) -> bytes:
    first = file.read(1)
    return first + file.read(8 - first[0].bit_length()) if first > b"\x0f" else b""


def _read_element_size(file: BufferedReader) -> int | None:
    """-1 is a length that is not known, None no number at all."""
    first = file.read(1)
    if first in (b"", b"\0"):
        return None
    more = 8 - first[0].bit_length()
    digits = 7 * (more + 1)
    value = int.from_bytes(first + file.read(more), "big") & (1 << digits) - 1
    return -1 if value == (1 << digits) - 1 else value


_KINDS: dict[str, Callable[[BufferedReader, int], bool]] = {
    "avif": _is_complete_iso_media,
    "gif": _is_complete_gif,
    "heic": _is_complete_iso_media,
    "jpg": _is_complete_jpeg,
    "mp4": _is_complete_iso_media,
    "png": _is_complete_png,
    "webm": _is_complete_webm,
    "webp": _is_complete_webp,
}
