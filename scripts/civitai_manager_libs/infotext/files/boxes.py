"""Texts in files made of boxes: HEIF, AVIF and videos."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from .file_parts import Box, Budget, find_signer, iter_boxes, MAX_CREDENTIALS, read_box, Texts
from .image_texts import iter_exif_texts

_XMP = b"application/rdf+xml"
_CREDENTIALS = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")  # of a `uuid` box

_Extents = list[tuple[int, int]]  # offset and size of each piece


def iter_heif_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for the EXIF, XMP and Content Credentials of an AVIF or HEIC file."""
    for kind, begin, stop in iter_boxes(file, 0, file.seek(0, 2), budget):
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
    for kind, begin, stop in iter_boxes(file, 0, file.seek(0, 2), budget):
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
    _, begin, stop = parts[b"iloc"]
    file.seek(begin)
    locations = budget.read(file, min(stop - begin, 100_000))  # real lists are far shorter
    try:
        idat_start = parts.get(b"idat", (b"", 0, 0))[1]
        extents = dict(_parse_locations(locations, idat_start))
    except IndexError:
        extents = {}
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
    """Yield (item number, b"Exif" or _XMP) for each EXIF and XMP item that an `iinf` box lists."""
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


def _parse_locations(data: bytes, idat_start: int) -> Iterator[tuple[int, _Extents]]:
    """Yield (item, [(offset, size)]) of an `iloc` box. Raises IndexError if it is damaged."""
    base_offsets = {0: 0, 1: idat_start}  # by method: from the start of the file, or of `idat`
    version, sizes = data[0], (data[4], data[5])
    offset_size, length_size, base_size, index_size = (
        size for pair in sizes for size in (pair >> 4, pair & 15)
    )
    stream = BytesIO(data[6:])
    wide = 4 if version == 2 else 2
    for _ in range(min(_read_number(stream, wide), 1_000)):
        number = _read_number(stream, wide)
        method = _read_number(stream, 2) & 15 if version else 0
        _read_number(stream, 2)
        base = _read_number(stream, base_size) + base_offsets.get(method, 0)
        count = _read_number(stream, 2)
        if count > 16:  # pieces of size 0 would cost the file nothing
            raise IndexError("too many pieces")
        extents = []
        for _ in range(count):
            _read_number(stream, index_size if version else 0)
            start = base + _read_number(stream, offset_size)
            extents.append((start, _read_number(stream, length_size)))
        if method in base_offsets:
            yield number, extents


def _read_number(data: BytesIO, size: int) -> int:
    number = data.read(size)
    if len(number) < size:
        raise IndexError("the list is cut off")
    return int.from_bytes(number, "big")


_TEXT_NAMES = {name: name for name in ("prompt", "workflow", "parameters", "invokeai_metadata")}
_TEXT_NAMES |= {"comment": "Comment", "\xa9cmt": "Comment", "description": "Description"}
_TEXT_NAMES |= {"metadata": "metadata"}  # RuinedFooocus
_ELEMENTS = {  # of Matroska
    **{0x18538067: "Segment", 0x1254C367: "Tags", 0x7373: "Tag", 0x67C8: "SimpleTag"},
    **{0x45A3: "TagName", 0x4487: "TagString"},
}


def iter_mp4_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for each text of a known name in an MP4 or QuickTime file."""
    waiting = [(0, file.seek(0, 2), 0)]
    while waiting and budget.spend_part():
        start, end, depth = waiting.pop()
        box = read_box(file, start, end)
        if box is None:
            continue
        kind, begin, stop = box
        waiting.append((stop, end, depth))
        if kind in (b"moov", b"udta") and depth < 8:
            waiting.append((begin, stop, depth + 1))
        elif kind == b"meta":
            yield from _iter_metadata(file, begin, stop, budget)
        elif kind == b"\xa9cmt" and stop - begin > 4:  # QuickTime: behind length and language
            file.seek(begin + 4)
            yield "Comment", budget.decode_text(budget.read(file, stop - begin - 4))


def _iter_metadata(file: BinaryIO, start: int, end: int, budget: Budget) -> Texts:
    """Yield (name, text) for each item with a known name in a `meta` box.

    An item's name is its type, or the entry with this number in the box's list of keys.
    """
    file.seek(start)
    if file.read(8)[4:8] not in (b"hdlr", b"keys", b"ilst"):  # QuickTime has no version field
        start += 4
    keys: list[str] = []
    for kind, begin, stop in iter_boxes(file, start, end, budget):
        if kind == b"keys":
            keys = []
            for _, key_begin, key_stop in iter_boxes(file, begin + 8, stop, budget):
                file.seek(key_begin)
                key = budget.read(file, min(key_stop - key_begin, 200))
                keys.append(budget.decode_text(key))
        items = iter_boxes(file, begin, stop, budget) if kind == b"ilst" else ()
        for item, item_begin, item_stop in items:
            number = int.from_bytes(item, "big")
            item_name = keys[number - 1] if 0 < number <= len(keys) else item.decode("latin-1")
            name = _TEXT_NAMES.get(item_name.rpartition(".")[2].lower())
            parts = iter_boxes(file, item_begin, item_stop, budget) if name else ()
            for part, part_begin, part_stop in parts:
                size = part_stop - part_begin - 8
                if name and part == b"data" and size >= 0:
                    file.seek(part_begin + 8)  # behind type and locale
                    yield name, budget.decode_text(budget.read(file, size))


def iter_matroska_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for each text of a known name in a Matroska or WebM file."""
    waiting = [(0, file.seek(0, 2))]
    name = ""
    while waiting and budget.spend_part():
        start, end = waiting.pop()
        element = _read_element(file, start, end)
        if element is None:
            continue
        number, begin, stop = element
        kind = _ELEMENTS.get(number)
        waiting.append((stop, end))
        if kind in ("Segment", "Tags", "Tag", "SimpleTag"):
            waiting.append((begin, stop))
        elif kind == "TagName":
            file.seek(begin)
            data = budget.read(file, min(stop - begin, 200))
            name = budget.decode_text(data).rstrip("\0").lower()
        elif kind == "TagString" and name in _TEXT_NAMES:
            file.seek(begin)
            text = budget.decode_text(budget.read(file, stop - begin))
            yield _TEXT_NAMES[name], text.rstrip("\0")


def _read_element(file: BinaryIO, start: int, end: int) -> tuple[int, int, int] | None:
    """Return (id, start and end of the content) of an element, None if it is damaged."""
    file.seek(start)
    head = file.read(12)
    id_length = _get_number_length(head[:1])
    size_length = _get_number_length(head[id_length : id_length + 1])
    begin = start + id_length + size_length
    if not id_length or id_length > 4 or not size_length or begin > end:
        return None
    size_bytes = head[id_length : id_length + size_length]
    size = int.from_bytes(size_bytes, "big") & (2 ** (7 * size_length) - 1)
    stop = end if size == 2 ** (7 * size_length) - 1 else begin + size  # all ones: unknown
    return (int.from_bytes(head[:id_length], "big"), begin, stop) if stop <= end else None


def _get_number_length(first: bytes) -> int:
    """Return how many bytes a number has, as its first byte says; 0 if that byte is invalid."""
    return 9 - first[0].bit_length() if first and first[0] else 0
