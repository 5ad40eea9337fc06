"""An infotext written into an image file, its pixels untouched."""

from __future__ import annotations

import os
import re
import struct
import zlib
from contextlib import ExitStack, nullcontext
from itertools import islice, takewhile
from typing import BinaryIO

from ..core import AtomicFile, detect_media_extension, is_complete, open_to_read, to_disk_error
from .files import read_embedded_texts
from .files.file_parts import iter_chunks, iter_jpeg_segments, JPEG_PIXELS

_EXIF_FOLDER, _USER_COMMENT = 0x8769, 0x9286
_LONG, _UNDEFINED = 4, 7  # types of values
_ENTRY = 12  # bytes
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


_Entries = list[tuple[int, int, bytes]]  # (tag, offset, 12 bytes) of each entry of a directory


def set_comment(tiff: bytes, text: str, must_have_one: bool = False) -> bytes | None:
    """Return EXIF data with `text` as its user comment, None if `tiff` is damaged.

    tiff: the present EXIF data, b"" if there is none. must_have_one: also return None if the data
    has no comment yet.
    """
    # The comment is big-endian UTF-16 whatever the data's byte order is, as in the WebUIs.
    tiff = tiff or b"MM\0*" + struct.pack(">IHI", 8, 0, 0)
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return None
    try:
        root, next_folder = _read_folder(tiff, order, tiff[4:8])
        pointers = [(at, raw) for tag, at, raw in root if tag == _EXIF_FOLDER]
        exif, rest = _read_folder(tiff, order, pointers[0][1][8:]) if pointers else ([], bytes(4))
        if must_have_one and all(tag != _USER_COMMENT for tag, _, _ in exif):
            return None
        comment = b"UNICODE\0" + text.encode("utf-16-be", "replace")
        data = bytearray(tiff + bytes(len(tiff) % 2))
        entry = struct.pack(f"{order}HHII", _USER_COMMENT, _UNDEFINED, len(comment), len(data))
        data += comment + bytes(len(comment) % 2)
        exif_at = len(data)
        data += _write_folder(order, exif, _USER_COMMENT, entry) + rest
        if pointers:
            struct.pack_into(f"{order}HII", data, pointers[0][0] + 2, _LONG, 1, exif_at)
        else:
            struct.pack_into(f"{order}I", data, 4, len(data))
            entry = struct.pack(f"{order}HHII", _EXIF_FOLDER, _LONG, 1, exif_at)
            data += _write_folder(order, root, _EXIF_FOLDER, entry) + next_folder
        return bytes(data)
    except (struct.error, ValueError):
        return None


def _read_folder(tiff: bytes, order: str, pointer: bytes) -> tuple[_Entries, bytes]:
    """Return an IFD's entries and the 4 bytes behind. Raises struct.error or ValueError."""
    (at,) = struct.unpack(f"{order}I", pointer)
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    end = at + 2 + _ENTRY * count
    if count > 1_000 or end + 4 > len(tiff):
        raise ValueError("no folder is there")
    entries = [(p, tiff[p : p + _ENTRY]) for p in range(at + 2, end, _ENTRY)]
    listed = [(struct.unpack_from(f"{order}H", raw)[0], p, raw) for p, raw in entries]
    return listed, tiff[end : end + 4]


def _write_folder(order: str, known: _Entries, tag: int, entry: bytes) -> bytes:
    """Return a directory with this entry in place of the one with its tag."""
    others = [(other, raw) for other, _, raw in known if other != tag]
    entries = sorted([*others, (tag, entry)], key=lambda one: one[0])
    return struct.pack(f"{order}H", len(entries)) + b"".join(raw for _, raw in entries)


_MAX_PARTS = 100_000
_MAX_EXIF = 4_000_000  # bytes
_MAX_SEGMENT = 0xFFFF - 2  # bytes of a JPEG segment
_EXIF = b"Exif\0\0"
_EXIF_FLAG, _ALPHA_FLAG = 0x08, 0x10


# A change of a file: the offset, the number of bytes to remove there, and the bytes to add.
_Patch = tuple[int, int, bytes]


def _list_png_patches(file: BinaryIO, text: str) -> list[_Patch] | None:
    """Return the patches that put a text into a PNG instead of older ones, None if damaged."""
    # The text goes before the pixels, where some readers stop. WebUIs prefer the EXIF comment.
    file.seek(0)
    if file.read(16)[12:] != b"IHDR":
        return None
    if text.isascii():
        added = _make_png_chunk(b"tEXt", b"parameters\0" + text.encode("ascii"))
    else:
        added = _make_png_chunk(b"iTXt", b"parameters\0\0\0\0\0" + text.encode("utf-8", "replace"))
    patches = [(33, 0, added)]
    for kind, start, size in islice(iter_chunks(file), _MAX_PARTS):
        file.seek(start)
        if kind in (b"tEXt", b"zTXt", b"iTXt") and file.read(11) == b"parameters\0":
            patches.append((start - 8, 8 + size + 4, b""))
        elif kind == b"eXIf" and size < _MAX_EXIF:
            tiff = file.read(size).removeprefix(_EXIF)
            commented = set_comment(tiff, text, must_have_one=True)
            if commented is not None:
                patches.append((start - 8, 8 + size + 4, _make_png_chunk(kind, commented)))
    return patches


def _make_png_chunk(kind: bytes, data: bytes) -> bytes:
    head = struct.pack(">I", len(data)) + kind
    return head + data + struct.pack(">I", zlib.crc32(kind + data))


def _list_jpeg_patches(file: BinaryIO, text: str) -> list[_Patch] | None:
    """Return the patches for a JPEG's user comment, None if damaged or its EXIF over 64 KB."""
    at = 2
    for marker, start, size in islice(iter_jpeg_segments(file), _MAX_PARTS):
        if marker == 0xE1 and size >= len(_EXIF) and file.read(len(_EXIF)) == _EXIF:
            segment = _make_exif_segment(file.read(size - len(_EXIF)), text)
            return None if segment is None else [(start - 4, 4 + size, segment)]
        if start == 6 and marker == 0xE0:
            at = start + size  # JFIF must come first
        if marker == JPEG_PIXELS:
            segment = _make_exif_segment(b"", text)
            return None if segment is None else [(at, 0, segment)]
    return None


def _make_exif_segment(tiff: bytes, text: str) -> bytes | None:
    """Return a JPEG segment of EXIF data that has an infotext as its user comment."""
    exif = set_comment(tiff, text)
    if exif is None or len(_EXIF + exif) > _MAX_SEGMENT:
        return None
    return b"\xff\xe1" + struct.pack(">H", 2 + len(_EXIF + exif)) + _EXIF + exif


def _list_webp_patches(file: BinaryIO, text: str) -> list[_Patch] | None:
    """Return the patches for a WebP's user comment, None if damaged or its EXIF too large."""
    file.seek(4)
    stated_size = int.from_bytes(file.read(4), "little")  # chunks beyond it are left out
    known_chunks = islice(iter_chunks(file), _MAX_PARTS)
    padded = ((kind, start - 8, start + size + size % 2) for kind, start, size in known_chunks)
    chunks = list(takewhile(lambda chunk: chunk[2] <= 8 + stated_size, padded))
    if not chunks:
        return None
    known = next((chunk for chunk in chunks if chunk[0] == b"EXIF"), None)
    xmp_at = next((start for kind, start, _ in chunks if kind == b"XMP "), chunks[-1][2])
    start, end = (known[1], known[2]) if known else (xmp_at, xmp_at)
    exif = b""
    if known is not None:
        file.seek(start + 8)
        exif = file.read(end - start - 8) if end - start < _MAX_EXIF else b"too much"
    tiff, flag = set_comment(exif.removeprefix(_EXIF), text), _flag_exif(file, *chunks[0][:2])
    if tiff is None or flag is None:
        return None
    added = b"EXIF" + struct.pack("<I", len(tiff)) + tiff + bytes(len(tiff) % 2)
    patches = [flag, (start, end - start, added)]
    grown = sum(len(added) - removed for _, removed, added in patches)
    return [(4, 4, struct.pack("<I", stated_size + grown)), *patches]


def _flag_exif(file: BinaryIO, kind: bytes, start: int) -> _Patch | None:
    """Return the patch of a WebP's VP8X chunk, which says that EXIF follows; None if damaged."""
    file.seek(start + 8)
    data, flags = file.read(10), _EXIF_FLAG
    if len(data) < 10:
        return None
    if kind == b"VP8X":
        return (start + 8, 1, bytes([data[0] | _EXIF_FLAG]))
    width = height = 0
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(data[n : n + 2], "little") & 0x3FFF for n in (6, 8))
    elif kind == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags |= _ALPHA_FLAG if bits >> 28 & 1 else 0
    if not width or not height:
        return None
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + bytes([flags, 0, 0, 0]) + sides
    return (start, 0, chunk)


PATCHERS = {"jpg": _list_jpeg_patches, "png": _list_png_patches, "webp": _list_webp_patches}


_PIECE = 1_000_000  # bytes
# A comment without content: an encoding mark alone, or what macOS writes into a screenshot.
_EMPTY_COMMENT = re.compile(  # no adjacent repetitions, so matching is linear
    r"[\s\0]*(?:(?:ASCII|UNICODE)[\s\0]*)?(?:Screenshot[\s\0]*)?", re.IGNORECASE
)


def embed_infotext(path: str, text: str, source: BinaryIO | None = None) -> bool:
    """Embed an infotext into an image file; return whether the file was changed.

    The file is left unchanged if it has an infotext or comment already, is damaged, or is neither
    PNG, JPEG nor WebP. All other bytes of the file stay the same. source: the open file to read in
    place of `path`. Raises DiskError or DiskFull if a file cannot be read or written.
    """
    texts = read_embedded_texts(source or path)
    if not text or not all(
        _EMPTY_COMMENT.fullmatch(texts.get(name, "")) for name in ("parameters", "UserComment")
    ):
        return False
    try:
        with ExitStack() as stack:
            # Closed before it is replaced, as Windows requires.
            with nullcontext(source) if source else open_to_read(path) as file:
                file.seek(0)
                kind = detect_media_extension(file.read(16)) or ""
                patches = PATCHERS[kind](file, text) if kind in PATCHERS else None
                if patches is None or not is_complete(file, kind):
                    return False
                new_file = stack.enter_context(AtomicFile(os.path.dirname(path)))
                at = 0
                for offset, removed, added in sorted(patches, key=lambda patch: patch[0]):
                    _copy_bytes(new_file, file, at, offset)
                    new_file.write(added)
                    at = offset + removed
                _copy_bytes(new_file, file, at, os.fstat(file.fileno()).st_size)
            with new_file.reading() as written:
                read = read_embedded_texts(written)
                is_whole = is_complete(written, kind)
            comment = read.get("parameters") if kind == "png" else read.get("UserComment")
            if not is_whole or comment != text.encode("utf-8", "replace").decode():
                return False
            new_file.commit(path)
            return True
    except (OverflowError, struct.error):  # lengths that exceed the format
        return False
    except OSError as error:
        raise to_disk_error(error, path) from error


def _copy_bytes(new_file: AtomicFile, file: BinaryIO, start: int, end: int) -> None:
    file.seek(start)
    while start < end and (piece := file.read(min(_PIECE, end - start))):
        new_file.write(piece)
        start += len(piece)
