"""EXIF data with a user comment added; all other bytes stay in place. Pure.

TIFF 6.0, section 2; CIPA DC-008 (EXIF 2.32) 4.6.5. Offsets count from the start of the data, so
new parts are appended, and only the offsets that lead to them change.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["has_comment", "set_comment"]

_EXIF_FOLDER, _USER_COMMENT = 0x8769, 0x9286
_MAX_ENTRIES = 1_000
_LONG, _UNDEFINED = 4, 7
_ENTRY = 12  # bytes
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


@dataclass(frozen=True)
class _Folder:
    """An image file directory (IFD) of TIFF data.

    entries: (tag, offset, 12 bytes) of each entry. rest: the 4 bytes behind the entries.
    """

    entries: tuple[tuple[int, int, bytes], ...] = ()
    rest: bytes = bytes(4)


def has_comment(tiff: bytes) -> bool:
    """Return whether EXIF data has a user comment; False if the data is damaged."""
    byte_order = _ORDERS.get(tiff[:4])
    if byte_order is None:
        return False
    try:
        exif = _find_exif_folder(tiff, byte_order, _read_root(tiff, byte_order))[1]
    except (struct.error, ValueError):
        return False
    return any(tag == _USER_COMMENT for tag, _, _ in exif.entries)


def set_comment(tiff: bytes, text: str) -> bytes | None:
    """Return EXIF data with `text` as its user comment, None if `tiff` is damaged.

    tiff: the present EXIF data, b"" if there is none.
    """
    # The comment is big-endian UTF-16 whatever the data's byte order is, as in the WebUIs.
    tiff = tiff or b"MM\0*" + struct.pack(">IHI", 8, 0, 0)
    byte_order = _ORDERS.get(tiff[:4])
    if byte_order is None:
        return None
    try:
        return _write_comment(tiff, byte_order, b"UNICODE\0" + text.encode("utf-16-be", "replace"))
    except (struct.error, ValueError):
        return None


def _write_comment(tiff: bytes, byte_order: str, comment: bytes) -> bytes:
    """Return the EXIF data `tiff` with the user comment replaced by `comment`, an encoded text.

    Raises struct.error or ValueError if `tiff` is damaged.
    """
    data = bytearray(tiff + bytes(len(tiff) % 2))
    root = _read_root(tiff, byte_order)
    exif_entry, exif = _find_exif_folder(tiff, byte_order, root)
    exif_at = len(data)
    comment_at = exif_at + 2 + _ENTRY * (len(_list_other_entries(exif, _USER_COMMENT)) + 1) + 4
    entry = _make_entry(byte_order, _USER_COMMENT, _UNDEFINED, len(comment), comment_at)
    data += (
        _write_folder(byte_order, exif, _USER_COMMENT, entry) + comment + bytes(len(comment) % 2)
    )
    if exif_entry is not None:
        struct.pack_into(f"{byte_order}HII", data, exif_entry + 2, _LONG, 1, exif_at)
    else:
        struct.pack_into(f"{byte_order}I", data, 4, len(data))
        entry = _make_entry(byte_order, _EXIF_FOLDER, _LONG, 1, exif_at)
        data += _write_folder(byte_order, root, _EXIF_FOLDER, entry)
    return bytes(data)


def _read_root(tiff: bytes, byte_order: str) -> _Folder:
    return _read_folder(tiff, byte_order, struct.unpack_from(f"{byte_order}I", tiff, 4)[0])


def _find_exif_folder(tiff: bytes, byte_order: str, root: _Folder) -> tuple[int | None, _Folder]:
    """Return (offset of the entry that points to the Exif folder, the Exif folder).

    Return (None, an empty folder) if there is no Exif folder. root: the first folder (IFD).
    """
    for tag, at, raw in root.entries:
        if tag == _EXIF_FOLDER:
            (exif_at,) = struct.unpack_from(f"{byte_order}I", raw, 8)
            return at, _read_folder(tiff, byte_order, exif_at)
    return None, _Folder()


def _read_folder(tiff: bytes, byte_order: str, at: int) -> _Folder:
    """Parse the image file directory (IFD) at the offset `at`.

    Raises struct.error or ValueError if the directory is damaged.
    """
    (count,) = struct.unpack_from(f"{byte_order}H", tiff, at)
    end = at + 2 + _ENTRY * count
    if count > _MAX_ENTRIES or end + 4 > len(tiff):
        raise ValueError("no folder is there")
    places = range(at + 2, end, _ENTRY)
    entries = ((p, tiff[p : p + _ENTRY]) for p in places)
    listed = ((*struct.unpack_from(f"{byte_order}H", raw), p, raw) for p, raw in entries)
    return _Folder(tuple(listed), tiff[end : end + 4])


def _list_other_entries(folder: _Folder, tag: int) -> list[tuple[int, bytes]]:
    return [(exif_entry, raw) for exif_entry, _, raw in folder.entries if exif_entry != tag]


def _make_entry(byte_order: str, tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack(f"{byte_order}HHII", tag, kind, count, value)


def _write_folder(byte_order: str, folder: _Folder, tag: int, entry: bytes) -> bytes:
    """Return the bytes of a folder (IFD), with `entry` (12 bytes) as its only entry for `tag`."""
    entries = sorted([*_list_other_entries(folder, tag), (tag, entry)], key=lambda one: one[0])
    listed = b"".join(raw for _, raw in entries)
    return struct.pack(f"{byte_order}H", len(entries)) + listed + folder.rest
