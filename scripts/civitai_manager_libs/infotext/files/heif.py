"""The texts in AVIF and HEIC files: EXIF and XMP items (ISO/IEC 23008-12, annex A).

And those in JPEG XL files: EXIF and XMP boxes (ISO/IEC 18181-2).
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from .budget import Budget, Texts
from .content_credentials import find_signer, MAX_CREDENTIALS
from .exif import iter_exif_texts
from .iso_boxes import Box, get_file_size, iter_boxes

__all__ = ["iter_heif_texts", "iter_jpeg_xl_texts"]

_XMP = b"application/rdf+xml"
_CREDENTIALS = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")  # of a `uuid` box
_MAX_ITEMS, _MAX_EXTENTS = 1_000, 16
_MAX_LIST = 100_000  # bytes of the list of extents
_IN_FILE, _IN_META = 0, 1  # what an item's offsets count from

_Extents = list[tuple[int, int]]  # offset and size of each piece


def iter_heif_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for the EXIF, XMP and Content Credentials of an AVIF or HEIC file."""
    for kind, begin, stop in iter_boxes(file, 0, get_file_size(file), budget):
        if kind == b"meta":
            yield from _iter_item_texts(file, begin + 4, stop, budget)
        elif kind == b"uuid":
            file.seek(begin)
            if file.read(16) == _CREDENTIALS:
                data = budget.read(file, max(0, min(stop - begin - 16, MAX_CREDENTIALS)))
                yield "C2PA", find_signer(data)


def iter_jpeg_xl_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for the EXIF and XMP of a JPEG XL file, unless they are compressed."""
    seen = set()
    for kind, begin, stop in iter_boxes(file, 0, get_file_size(file), budget):
        if kind in (b"Exif", b"xml ") and kind not in seen:
            seen.add(kind)
            file.seek(begin)
            data = budget.read(file, stop - begin)
            if kind == b"xml ":
                yield "XMP", budget.decode_text(data)
            else:
                yield from iter_exif_texts(_skip_offset(data), budget)


def _skip_offset(data: bytes) -> bytes:
    """Return EXIF data from its TIFF header on, whose offset the first 4 bytes are."""
    return data[4 + int.from_bytes(data[:4], "big") :]


def _iter_item_texts(file: BinaryIO, start: int, end: int, budget: Budget) -> Texts:
    parts = {box[0]: box for box in iter_boxes(file, start, end, budget)}
    if b"iinf" not in parts or b"iloc" not in parts:
        return
    extents = _read_locations(file, parts, budget)
    seen = set()
    for number, kind in _iter_items(file, parts[b"iinf"], budget):
        listed = [] if kind in seen else extents.get(number, [])  # one of each type bounds the cost
        seen.add(kind)
        data = b""
        for start, size in listed:
            file.seek(start)
            data += budget.read(file, size)
        if kind == _XMP:
            yield "XMP", budget.decode_text(data)
        else:
            yield from iter_exif_texts(_skip_offset(data), budget)


def _iter_items(file: BinaryIO, box: Box, budget: Budget) -> Iterator[tuple[int, bytes]]:
    """Yield (item number, b"Exif" or _XMP) for each EXIF and XMP item that an `iinf` box lists.

    box: the `iinf` box. Other items and damaged entries are skipped.
    """
    _, begin, stop = box
    file.seek(begin)
    begin += 6 if file.read(1) == b"\0" else 8  # behind version, flags and count
    for kind, start, end in iter_boxes(file, begin, stop, budget):
        file.seek(start)
        head = file.read(min(end - start, 200))
        if kind != b"infe" or head[:1] not in (b"\2", b"\3") or len(head) < 12:
            continue
        width = 2 if head[0] == 2 else 4
        number = int.from_bytes(head[4 : 4 + width], "big")
        rest = head[4 + width + 2 :]  # behind the protection index
        if rest.startswith(b"Exif"):
            yield number, b"Exif"
        elif rest.startswith(b"mime") and rest.split(b"\0")[1:2] == [_XMP]:
            yield number, _XMP


def _read_locations(file: BinaryIO, parts: dict[bytes, Box], budget: Budget) -> dict[int, _Extents]:
    """Return the place of each item in a file, as {item number: [(offset, size) of each piece]}.

    parts: the boxes within the file's `meta` box, by type. Return {} if their list of locations
    (`iloc`) is damaged.
    """
    _, begin, stop = parts[b"iloc"]
    file.seek(begin)
    data = budget.read(file, min(stop - begin, _MAX_LIST))
    try:
        return dict(_parse_locations(data, idat_start=parts.get(b"idat", (b"", 0, 0))[1]))
    except IndexError:
        return {}


def _parse_locations(data: bytes, idat_start: int) -> Iterator[tuple[int, _Extents]]:
    """Yield (item number, [(offset, size) of each piece]) for each item in an `iloc` box.

    data: the bytes of the box. idat_start: where the content of the `idat` box starts, in which
    some items are. Raises IndexError if the `iloc` box is cut off or lists too many pieces.
    """
    base_offsets = {_IN_FILE: 0, _IN_META: idat_start}
    version, sizes = data[0], (data[4], data[5])
    offset_size, length_size, base_size, index_size = (
        size for pair in sizes for size in (pair >> 4, pair & 15)
    )
    stream = BytesIO(data[6:])
    wide = 4 if version == 2 else 2
    for _ in range(min(_read_number(stream, wide), _MAX_ITEMS)):
        number = _read_number(stream, wide)
        method = _read_number(stream, 2) & 15 if version else _IN_FILE
        _read_number(stream, 2)
        base = _read_number(stream, base_size) + base_offsets.get(method, 0)
        count = _read_number(stream, 2)
        if count > _MAX_EXTENTS:  # pieces of size 0 would cost the file nothing
            raise IndexError("too many pieces")
        extents = []
        for _ in range(count):
            _read_number(stream, index_size if version else 0)
            start = base + _read_number(stream, offset_size)
            extents.append((start, _read_number(stream, length_size)))
        if method in base_offsets:
            yield number, extents


def _read_number(data: BytesIO, size: int) -> int:
    """Return the next `size` bytes as a big-endian number; raise IndexError at the end."""
    number = data.read(size)
    if len(number) < size:
        raise IndexError("the list is cut off")
    return int.from_bytes(number, "big")
