"""The texts in EXIF data: the user comment, and what ComfyUI stores as camera make and model.

Only the tags that hold such texts are read, since a hostile file's tags may all share the same
bytes. TIFF 6.0, section 2; CIPA DC-008 (EXIF 2.32) 4.6.5.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from .budget import Budget, is_utf8, Texts

__all__ = ["iter_exif_texts"]

_EXIF_FOLDER, _USER_COMMENT = 0x8769, 0x9286  # TIFF tags
_DESCRIPTION, _MAKE, _CAMERA = 0x010E, 0x010F, 0x0110
_XP_COMMENT = 0x9C9C  # Windows' comment, UTF-16
_WANTED = {_EXIF_FOLDER, _USER_COMMENT, _DESCRIPTION, _MAKE, _CAMERA, _XP_COMMENT}
_OVERLAPPING = 10_000_000  # bytes of a folder's values; real ones have 64,000
_TYPE_SIZES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}  # else 1
_ENTRY_SIZE = 12  # bytes
_LONG, _IFD = 4, 13  # types of a tag's value
_BYTE_TYPES = {1, 2, 6, 7, 129}  # text and other types of one byte
_NAMED = re.compile(r"(prompt|workflow) ?: ?(?=[\[{])", re.IGNORECASE)
_CODES = (b"UNICODE\0", b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8))


class _Entry(NamedTuple):
    """An entry of an EXIF folder. value: 4 bytes with the tag's value, or with its offset."""

    type: int
    value_count: int
    value: bytes


def iter_exif_texts(data: bytes, budget: Budget) -> Texts:
    """Yield (name, text) for each text in EXIF data that may tell how an image was made.

    Also yield ("EXIF", "overlapping") if an image library might run out of memory on the data,
    because many tags share the same bytes. data: the EXIF data; for b"", which stands for data that
    was not read, yield ("EXIF", "unread").
    """
    if not data:
        yield "EXIF", "unread"
    tiff = data.removeprefix(b"Exif\0\0")
    byte_order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if byte_order is None or len(tiff) < 8:
        return
    root_at = struct.unpack_from(f"{byte_order}I", tiff, 4)[0]
    root = _read_entries(tiff, byte_order, root_at)
    for tag in (_DESCRIPTION, _MAKE, _CAMERA):
        text = budget.decode_text(_read_value(tiff, byte_order, root.get(tag), budget)).rstrip("\0")
        match = _NAMED.match(text)
        if match:
            yield match[1].lower(), text[match.end() :]
        elif tag == _DESCRIPTION:
            yield "Description", text
        elif tag == _CAMERA and text.startswith("{"):  # an older SwarmUI
            yield "UserComment", text
    exif_at = _find_exif_folder(byte_order, root)
    exif = _read_entries(tiff, byte_order, exif_at) if exif_at else {}
    for folder in (exif, root):  # Fooocus writes the comment into the first folder
        comment = _read_value(tiff, byte_order, folder.get(_USER_COMMENT), budget)
        if len(comment) > len(_CODES[0]):
            yield "UserComment", _decode_comment(comment, byte_order, budget)
    windows_comment = _read_value(tiff, byte_order, root.get(_XP_COMMENT), budget)
    yield "XPComment", _decode_utf16(windows_comment, "<", budget)
    sizes = (_sum_value_sizes(tiff, byte_order, at) for at in (root_at, exif_at))
    if max(sizes) > _OVERLAPPING:
        yield "EXIF", "overlapping"


def _find_exif_folder(byte_order: str, root: dict[int, _Entry]) -> int:
    """Return the offset of the Exif folder (IFD), 0 if there is none.

    root: the entries of the first folder, by tag.
    """
    entry = root.get(_EXIF_FOLDER)
    is_offset = entry is not None and entry.type in (_LONG, _IFD)
    return struct.unpack(f"{byte_order}I", entry.value)[0] if entry and is_offset else 0


def _read_entries(tiff: bytes, byte_order: str, start: int) -> dict[int, _Entry]:
    """Return {tag: entry} for the tags in _WANTED that an EXIF folder has.

    start: offset of the folder (IFD).
    """
    entries = _iter_entries(tiff, byte_order, start)
    return {tag: _Entry(*entry) for tag, *entry in entries if tag in _WANTED}


def _sum_value_sizes(tiff: bytes, byte_order: str, start: int) -> int:
    """Return the sum of the sizes of the values in an EXIF folder, in bytes.

    start: offset of the folder (IFD). Bytes that several values share count once for each value. A
    value that is larger than the data is left out.
    """
    entries = _iter_entries(tiff, byte_order, start)
    sizes = (value_count * _TYPE_SIZES.get(type, 1) for _, type, value_count, _ in entries)
    return sum(size for size in sizes if size <= len(tiff))


def _iter_entries(tiff: bytes, byte_order: str, start: int) -> Iterator[tuple[Any, ...]]:
    """Yield (tag, type, value_count, value) of each entry of the EXIF folder (IFD) at `start`.

    Yield nothing if the offset is invalid. value: 4 bytes with the tag's value, or with its offset.
    """
    if not 8 <= start <= len(tiff) - 2:
        return iter(())
    (count,) = struct.unpack_from(f"{byte_order}H", tiff, start)
    start += 2
    count = min(count, (len(tiff) - start) // _ENTRY_SIZE)
    entries = tiff[start : start + count * _ENTRY_SIZE]
    return struct.iter_unpack(f"{byte_order}HHI4s", entries)


def _read_value(tiff: bytes, byte_order: str, entry: _Entry | None, budget: Budget) -> bytes:
    """Return the bytes of a tag's value.

    Return b"" if the tag is missing, is no text or bytes, is cut off or exceeds the budget.
    """
    if entry is None or entry.type not in _BYTE_TYPES:
        return b""
    size = entry.value_count
    if size <= len(entry.value):
        return entry.value[:size]
    (start,) = struct.unpack(f"{byte_order}I", entry.value)
    return tiff[start : start + size] if start + size <= len(tiff) and budget.spend(size) else b""


def _decode_comment(data: bytes, byte_order: str, budget: Budget) -> str:
    """Decode an EXIF user comment, as UTF-16 if it is marked so or contains zero bytes.

    Decode other comments as UTF-8, or as Latin-1 if they are not valid UTF-8.
    """
    # The named encoding is often wrong, so the other bytes decide.
    if _swap_bytes(data[:8]) == b"UNICODE\0":
        data = _swap_bytes(data)
    code, text = data[:8], data[8:]
    if code not in _CODES:
        code, text = b"", data
    if code == b"UNICODE\0" or b"\0" in text.rstrip(b"\0"):
        return _decode_utf16(text, byte_order, budget)
    return budget.decode_text(text).rstrip("\0")


def _swap_bytes(data: bytes) -> bytes:
    """Return the data with each pair of bytes swapped; an odd last byte is dropped."""
    pairs = bytearray(data[: len(data) // 2 * 2])
    pairs[0::2], pairs[1::2] = pairs[1::2], pairs[0::2]
    return bytes(pairs)


def _decode_utf16(data: bytes, byte_order: str, budget: Budget) -> str:
    """Decode UTF-16. Without a byte order mark, use the order that gives more Latin letters.

    If both orders give equally many, use `byte_order`, that of the EXIF data, "<" or ">". UTF-8
    without zero bytes, which some programs mark as UTF-16, is decoded as UTF-8.
    """
    big, little = data[0::2].count(0), data[1::2].count(0)
    if big == little == 0 and is_utf8(data):  # under the wrong encoding mark
        return budget.decode_text(data)
    is_little = little > big or little == big and byte_order == "<"
    encoding = "utf-16-le" if is_little else "utf-16-be"
    if data[:2] in (b"\xfe\xff", b"\xff\xfe"):
        encoding = "utf-16"
    return data[: len(data) // 2 * 2].decode(encoding, "replace").rstrip("\0")
