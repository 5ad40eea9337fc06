"""The texts that a picture's file carries, as its maker's program wrote them there.

PNG: text chunks. JPEG and WebP, also PNG: EXIF UserComment. Only these parts of a file are read:
no pixel is decoded, so that neither a picture's size nor damage to it matters.
https://www.w3.org/TR/png-3/#11textinfo · CIPA DC-008 (EXIF 2.32) 4.6.5
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from .. import util
from ..errors import DiskError

__all__ = ["embedded_texts"]

_MAX_BYTES = 4_000_000  # of one text; a ComfyUI graph has some hundred thousand
_MAX_CHUNKS = 100_000  # a PNG of 200 MB in the usual chunks of 8 KB has 25,000
_EXIF_FOLDER, _USER_COMMENT = 0x8769, 0x9286  # TIFF tags
_UTF16 = {"<": "utf-16-le", ">": "utf-16-be"}


def embedded_texts(path: str) -> dict[str, str]:
    """The file's texts by name; that of EXIF is "UserComment". {}: none, damaged, or no picture.

    Raises DiskError when `path` cannot be read.
    """
    try:
        with open(path, "rb") as file:
            read = _READERS.get(util.extension_of(file.read(16)) or "", _no_texts)
            return {name: text for name, text in read(file) if text.strip("\0 \n")}
    except OSError as error:
        raise DiskError(f"{path} cannot be read: {error.strerror or error}.") from error


def _no_texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    return iter(())


def _png_texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    file.seek(8)
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            yield from _user_comment(_body(file, size))
        elif kind in _PNG_TEXTS:
            name, _, rest = _body(file, size).partition(b"\0")
            yield name.decode("latin-1"), _PNG_TEXTS[kind](rest)
        else:
            file.seek(size, 1)
        file.seek(4, 1)  # its checksum: a text that can be read is worth showing


def _body(file: BinaryIO, size: int) -> bytes:
    """The next `size` bytes; b"" if they are too many or not all there."""
    if size > _MAX_BYTES:
        file.seek(size, 1)
        return b""
    data = file.read(size)
    return data if len(data) == size else b""


def _plain_text(data: bytes) -> str:
    """Latin-1 by the format, UTF-8 by the habit of many programs."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _packed_text(data: bytes) -> str:
    return _plain_text(_unpacked(data[1:]))


def _international_text(data: bytes) -> str:
    packed = data[:1] == b"\1"
    text = data[2:].split(b"\0", 2)[-1]  # behind language and translated keyword
    return (_unpacked(text) if packed else text).decode("utf-8", "replace")


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, _MAX_BYTES)
    except zlib.error:
        return b""
    return b"" if unpacker.unconsumed_tail else text


def _jpeg_texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    file.seek(2)
    for _ in range(_MAX_CHUNKS):
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] == 0xDA:  # the pixels begin
            return
        data = _body(file, max(0, int.from_bytes(head[2:], "big") - 2))
        if head[1] == 0xE1 and data.startswith(b"Exif\0\0"):
            yield from _user_comment(data[6:])


def _webp_texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    file.seek(12)
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        kind, size = struct.unpack("<4sI", head)
        if kind == b"EXIF":
            yield from _user_comment(_body(file, size).removeprefix(b"Exif\0\0"))
        else:
            file.seek(size, 1)
        file.seek(size % 2, 1)


def _user_comment(tiff: bytes) -> Iterator[tuple[str, str]]:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return
    try:
        (root,) = struct.unpack_from(f"{order}I", tiff, 4)
        _, folder = _tiff_value(tiff, order, root, _EXIF_FOLDER)
        count, offset = _tiff_value(tiff, order, folder, _USER_COMMENT)
    except (struct.error, KeyError):
        return
    if 8 <= count and offset + count <= len(tiff):
        yield "UserComment", _comment_text(tiff[offset : offset + count], _UTF16[order])


def _tiff_value(tiff: bytes, order: str, folder: int, wanted: int) -> tuple[int, int]:
    """Count and value (or its place) of a tag. Raises KeyError, or struct.error for damage."""
    (entries,) = struct.unpack_from(f"{order}H", tiff, folder)
    for entry in range(entries):
        tag, _, count, value = struct.unpack_from(f"{order}HHII", tiff, folder + 2 + 12 * entry)
        if tag == wanted:
            return count, value
    raise KeyError(wanted)


def _comment_text(data: bytes, utf16: str) -> str:
    """The eight bytes that name the encoding are often wrong about it, so the bytes decide."""
    code, text = data[:8], data[8:]
    if code not in (b"UNICODE\0", b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8)):
        code, text = b"", data
    if code == b"UNICODE\0" or b"\0" in text.rstrip(b"\0"):
        return _utf16_text(text, utf16)
    return _plain_text(text).rstrip("\0")


def _utf16_text(data: bytes, by_file: str) -> str:
    """UTF-16 in the order in which it has more Latin letters; many programs ignore the file's."""
    big, little = data[0::2].count(0), data[1::2].count(0)
    if big == little == 0 and _is_utf8(data):  # under the wrong name
        return data.decode("utf-8")
    by_zeros = "utf-16-be" if big > little else "utf-16-le"
    encoding = by_file if big == little else by_zeros
    if data[:2] in (b"\xfe\xff", b"\xff\xfe"):
        encoding = "utf-16"
    return data[: len(data) // 2 * 2].decode(encoding, "replace").rstrip("\0")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


_PNG_TEXTS: dict[bytes, Callable[[bytes], str]] = {
    b"tEXt": _plain_text,
    b"zTXt": _packed_text,
    b"iTXt": _international_text,
}
_READERS: dict[str, Callable[[BinaryIO], Iterator[tuple[str, str]]]] = {
    "png": _png_texts,
    "jpg": _jpeg_texts,
    "webp": _webp_texts,
}
