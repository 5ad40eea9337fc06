"""The texts in video files: an MP4's metadata, the tags of Matroska and WebM.

ISO/IEC 14496-12 8.11 · QuickTime File Format, Metadata · https://www.matroska.org
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from .budget import Budget, Texts
from .iso_boxes import get_file_size, iter_boxes, read_box

__all__ = ["iter_matroska_texts", "iter_mp4_texts"]

_MAX_DEPTH = 8
_NAMES = {name: name for name in ("prompt", "workflow", "parameters", "invokeai_metadata")}
_NAMES |= {"comment": "Comment", "\xa9cmt": "Comment", "description": "Description"}
_NAMES |= {"metadata": "metadata"}  # RuinedFooocus
_BOXES_WITHIN = (b"moov", b"udta")
_SEGMENT, _TAGS, _TAG, _SIMPLE_TAG = 0x18538067, 0x1254C367, 0x7373, 0x67C8
_TAG_NAME, _TAG_TEXT = 0x45A3, 0x4487


def iter_mp4_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for each text of a known name in an MP4 or QuickTime file."""
    waiting = [(0, get_file_size(file), 0)]
    while waiting and budget.spend_part():
        start, end, depth = waiting.pop()
        box = read_box(file, start, end)
        if box is None:
            continue
        kind, begin, stop = box
        waiting.append((stop, end, depth))
        if kind in _BOXES_WITHIN and depth < _MAX_DEPTH:
            waiting.append((begin, stop, depth + 1))
        elif kind == b"meta":
            yield from _iter_metadata(file, begin, stop, budget)
        elif kind == b"\xa9cmt" and stop - begin > 4:  # QuickTime: behind length and language
            file.seek(begin + 4)
            yield "Comment", budget.decode_text(budget.read(file, stop - begin - 4))


def _iter_metadata(file: BinaryIO, start: int, end: int, budget: Budget) -> Texts:
    """Yield (name, text) for each item with a known name in a `meta` box.

    An item's name is its type of four letters; if the type is a number instead, the name is the
    entry with this number in the box's list of keys.
    """
    file.seek(start)
    inside = file.read(8)
    if inside[4:8] not in (b"hdlr", b"keys", b"ilst"):  # QuickTime has no version field
        start += 4
    keys: list[str] = []
    for kind, begin, stop in iter_boxes(file, start, end, budget):
        if kind == b"keys":
            keys = list(_iter_keys(file, begin + 8, stop, budget))
        elif kind == b"ilst":
            for item, item_begin, item_stop in iter_boxes(file, begin, stop, budget):
                number = int.from_bytes(item, "big")
                item_name = keys[number - 1] if 0 < number <= len(keys) else item.decode("latin-1")
                name = _NAMES.get(item_name.rpartition(".")[2].lower())
                if name:
                    yield from _iter_item_texts(file, name, item_begin, item_stop, budget)


def _iter_keys(file: BinaryIO, start: int, end: int, budget: Budget) -> Iterator[str]:
    for _, begin, stop in iter_boxes(file, start, end, budget):
        file.seek(begin)
        yield budget.decode_text(budget.read(file, min(stop - begin, 200)))


def _iter_item_texts(file: BinaryIO, name: str, start: int, end: int, budget: Budget) -> Texts:
    for kind, begin, stop in iter_boxes(file, start, end, budget):
        if kind == b"data" and stop - begin >= 8:
            file.seek(begin + 8)  # behind type and locale
            yield name, budget.decode_text(budget.read(file, stop - begin - 8))


def iter_matroska_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for each text of a known name in a Matroska or WebM file."""
    waiting = [(0, get_file_size(file))]
    name = ""
    while waiting and budget.spend_part():
        start, end = waiting.pop()
        element = _read_element(file, start, end)
        if element is None:
            continue
        kind, begin, stop = element
        waiting.append((stop, end))
        if kind in (_SEGMENT, _TAGS, _TAG, _SIMPLE_TAG):
            waiting.append((begin, stop))
        elif kind == _TAG_NAME:
            file.seek(begin)
            data = budget.read(file, min(stop - begin, 200))
            name = budget.decode_text(data).rstrip("\0").lower()
        elif kind == _TAG_TEXT and name in _NAMES:
            file.seek(begin)
            yield _NAMES[name], budget.decode_text(budget.read(file, stop - begin)).rstrip("\0")


def _read_element(file: BinaryIO, start: int, end: int) -> tuple[int, int, int] | None:
    """Return (id, start of the content, end of the content) of the element at offset `start`.

    Return None if the element is damaged or reaches beyond the offset `end`.
    """
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
