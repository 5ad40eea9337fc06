"""What a file is by its bytes: its type, and whether an image or video is complete."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import BinaryIO

from .safe_open import open_to_read

# A tag, or an object or array with its first value: any binary file may begin with `<` or `{`.
_MARKUP = re.compile(rb"""\s*(<[!?]?[a-z-]|\{\s*["}]|\[\s*(["{\[\]\d-]|null|true|false))""", re.I)
_WEB_PAGE = re.compile(rb"\s*<(?:.{0,1000}?<)?(?:!doctype html|html|head|body)\b", re.I | re.S)
_TEXT_TYPES = ("text/html", "application/xhtml", "application/json", "application/xml", "text/xml")
_BOM = b"\xef\xbb\xbf"
_FTYP_EXTENSIONS = {b"avif": "avif", b"avis": "avif", b"heic": "heic"}
_FTYP_EXTENSIONS |= {b"heix": "heic", b"mif1": "heic"}


def detect_media_extension(start: bytes) -> str | None:
    """Return a media file's extension, such as "png", by its first 16 bytes; None if unknown.

    Extensions in URLs cannot be trusted: a `.jpeg` may be a PNG.
    """
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if start.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start[4:8] == b"ftyp":
        return _FTYP_EXTENSIONS.get(start[8:12], "mp4")
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm"
    if start.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")):
        return "mp3"
    return None


def is_web_page(content_type: str, start: bytes) -> bool:
    """Return whether a response is an HTML page, by its Content-Type or the start of its body."""
    return "html" in content_type.lower() or bool(_WEB_PAGE.match(start.removeprefix(_BOM)))


def is_text(content_type: str, start: bytes) -> bool:
    """Return whether a response is HTML, XML or JSON, by its Content-Type or its body's start."""
    has_type = content_type.strip().lower().startswith(_TEXT_TYPES)
    return has_type or bool(_MARKUP.match(start.removeprefix(_BOM)))


# Parts that are read; a file with more parts counts as complete.
_MAX_PARTS, _MAX_JPEG_MARKERS, _MAX_WEBM_ELEMENTS = 1_000_000, 10_000, 100_000
_CHUNK = 16 * 1024  # bytes
_START, _END = 0xD8, 0xD9  # JPEG markers without a length
_NO_MARKERS = {0x00, 0x01, *range(0xD0, 0xD8), 0xFF}  # after FF: data, a restart, padding
_BOXES = {b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"meta", b"free", b"uuid"}
_NEEDED = ({b"moov", b"mdat"}, {b"meta", b"mdat"})  # in a video, in an image
_SEGMENT = b"\x18\x53\x80\x67"


def extension_if_complete(path: str, size: int = 0) -> str | None:
    """Return a complete media file's extension by its content, such as "png"; else None.

    A file is complete if it ends as its format requires, or if it has the expected `size` and its
    last 16 bytes are not all zero (a disk failure may leave zeros). size: in bytes, 0 if unknown.
    Raises OSError.
    """
    with open_to_read(path) as file:
        file_size = os.fstat(file.fileno()).st_size
        extension = detect_media_extension(file.read(16))
        file.seek(max(0, file_size - 16))
        has_size = file_size == size and file.read(16).strip(b"\0") != b""
    if extension is None or not (has_size or is_complete(path, extension)):
        return None
    return extension


def is_complete(file: str | BinaryIO, extension: str) -> bool:
    """Return whether a media file ends as its format requires. Raises OSError.

    Return True for formats without a required end, such as MP3. file: its path, or the open file.
    extension: such as "png", by the file's content.
    """
    check = _CHECKS.get(extension)
    if check is None:
        return True
    with open_to_read(file) if isinstance(file, str) else nullcontext(file) as opened:
        opened.seek(0)
        return check(opened, os.fstat(opened.fileno()).st_size)


def _is_complete_jpeg(file: BinaryIO, size: int) -> bool:
    """Return whether a JPEG's segments are followed by its end marker (ITU T.81, annex B)."""
    for _ in range(_MAX_JPEG_MARKERS):
        marker = _find_next_marker(file)
        if marker is None or marker == _END:
            return marker == _END
        if marker != _START:
            length = int.from_bytes(file.read(2), "big")
            file.seek(max(0, length - 2), os.SEEK_CUR)
    return True


def _find_next_marker(file: BinaryIO) -> int | None:
    chunk, offset = file.read(_CHUNK), 0
    while True:
        offset = chunk.find(b"\xff", offset)
        if offset < 0 or offset + 1 == len(chunk):
            rest, more = b"" if offset < 0 else b"\xff", file.read(_CHUNK)
            if not more:
                return None
            chunk, offset = rest + more, 0
        elif chunk[offset + 1] in _NO_MARKERS:
            offset += 1
        else:
            file.seek(offset + 2 - len(chunk), os.SEEK_CUR)
            return chunk[offset + 1]


def _is_complete_png(file: BinaryIO, size: int) -> bool:
    offset, kind = 8, b""
    for _ in range(_MAX_PARTS):
        if kind == b"IEND":
            return True
        file.seek(offset)
        head = file.read(8)
        kind = head[4:]
        offset += 12 + int.from_bytes(head[:4], "big")
        if offset > size or not kind.isalpha():  # lost blocks of a file read as zeros
            return False
    return True


def _is_complete_gif(file: BinaryIO, size: int) -> bool:
    _skip_palette(file, 10, 13)
    left = _MAX_PARTS
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


def _skip_palette(file: BinaryIO, flags_offset: int, palette_offset: int) -> None:
    file.seek(flags_offset)
    flags = (file.read(1) or b"\0")[0]
    file.seek(palette_offset + (3 * 2 ** (flags % 8 + 1) if flags & 0x80 else 0))


def _is_complete_iso_media(file: BinaryIO, size: int) -> bool:
    """Return whether an MP4, AVIF or HEIC has its known boxes whole (ISO/IEC 14496-12, 4.2)."""
    offset = 0
    kinds: set[bytes] = set()
    for _ in range(_MAX_PARTS):
        file.seek(offset)
        head = file.read(16)
        kind, length = head[4:8], int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:], "big")
        is_cut = length >= 8 and offset + length > size
        if not is_cut:
            kinds.add(kind)
        if is_cut or length < 8:
            has_needed = any(needed <= kinds for needed in _NEEDED)
            return has_needed and not (is_cut and kind in _BOXES)
        offset += length
    return True


def _is_complete_webm(file: BinaryIO, size: int) -> bool:
    """Return whether a WebM file has a segment, and none of its elements is cut off (RFC 8794)."""
    offset, has_segment = 0, False  # a live segment states no length
    for _ in range(_MAX_WEBM_ELEMENTS):
        file.seek(offset)
        first = file.read(1)
        if first <= b"\x0f":  # no such element
            return False
        element, length = first + file.read(8 - first[0].bit_length()), _read_element_size(file)
        if length is None:
            return False
        offset = file.tell() + max(0, length)
        has_segment = has_segment or element == _SEGMENT
        if offset >= size or element == _SEGMENT and length >= 0:
            return has_segment and offset <= size
    return True


def _read_element_size(file: BinaryIO) -> int | None:
    """Read a WebM element's length; return None if it cannot be read, -1 if none is stated."""
    first = file.read(1)
    if first in (b"", b"\0"):
        return None
    more = 8 - first[0].bit_length()
    digits = 7 * (more + 1)
    value = int.from_bytes(first + file.read(more), "big") & (1 << digits) - 1
    return -1 if value == (1 << digits) - 1 else value


_CHECKS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "avif": _is_complete_iso_media,
    "gif": _is_complete_gif,
    "heic": _is_complete_iso_media,
    "jpg": _is_complete_jpeg,
    "mp4": _is_complete_iso_media,
    "png": _is_complete_png,
    "webm": _is_complete_webm,
    "webp": lambda file, size: size >= 8 + int.from_bytes(file.read(8)[4:], "little"),
}
