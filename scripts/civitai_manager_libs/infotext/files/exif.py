"""The texts in EXIF data: the user's comment, and what ComfyUI puts into the camera's names.

CIPA DC-008 (EXIF 2.32) 4.6.5
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Any

from .budget import decoded

__all__ = ["exif_texts"]

_EXIF_FOLDER, _USER_COMMENT = 0x8769, 0x9286  # TIFF tags
_DESCRIPTION, _MAKE, _CAMERA = 0x010E, 0x010F, 0x0110
_NAMED = re.compile(r"(prompt|workflow) ?: ?(?=[\[{])", re.IGNORECASE)
_CODES = (b"UNICODE\0", b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8))
# What Pillow lets out of damaged data.
_DAMAGE = (OSError, SyntaxError, ValueError, KeyError, TypeError, IndexError, struct.error)


def exif_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """`data` may begin with `Exif` and two zeros."""
    tiff = data.removeprefix(b"Exif\0\0")
    if tiff[:2] not in (b"II", b"MM"):
        return
    root, folder = _tags(tiff)
    for tag in (_DESCRIPTION, _MAKE, _CAMERA):
        text = decoded(_bytes(root.get(tag))).rstrip("\0")
        named = _NAMED.match(text)
        if named:
            yield named[1].lower(), text[named.end() :]
        elif tag == _DESCRIPTION:
            yield "Description", text
        elif tag == _CAMERA and text.startswith("{"):  # SwarmUI, once
            yield "UserComment", text
    comment = _bytes(folder.get(_USER_COMMENT))
    if len(comment) > 8:
        yield "UserComment", _comment_text(
            comment, "utf-16-be" if tiff[:1] == b"M" else "utf-16-le"
        )


def _tags(tiff: bytes) -> tuple[dict[int, Any], dict[int, Any]]:
    """The values of the two folders by tag; {} for a damaged one."""
    from PIL import Image

    exif = Image.Exif()
    try:
        exif.load(b"Exif\0\0" + tiff)
        root = {tag: exif.get(tag) for tag in (_DESCRIPTION, _MAKE, _CAMERA)}
        return root, dict(exif.get_ifd(_EXIF_FOLDER))
    except _DAMAGE:
        return {}, {}


def _bytes(value: object) -> bytes:
    """Text comes from Pillow as if it were Latin-1."""
    if isinstance(value, str):
        return value.encode("latin-1", "replace")
    return value if isinstance(value, bytes) else b""


def _comment_text(data: bytes, by_file: str) -> str:
    """The eight bytes that name the encoding are often wrong about it, so the bytes decide."""
    if _swapped(data[:8]) == b"UNICODE\0":
        data = _swapped(data)
    code, text = data[:8], data[8:]
    if code not in _CODES:
        code, text = b"", data
    if code == b"UNICODE\0" or b"\0" in text.rstrip(b"\0"):
        return _utf16_text(text, by_file)
    return decoded(text).rstrip("\0")


def _swapped(data: bytes) -> bytes:
    """With the two bytes of each pair in the other order."""
    pairs = bytearray(data[: len(data) // 2 * 2])
    pairs[0::2], pairs[1::2] = pairs[1::2], pairs[0::2]
    return bytes(pairs)


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
