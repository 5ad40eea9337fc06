"""Which bytes of a partial file are here, and the note beside it that tells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .safe_open import open_own_file


class ByteRanges:
    """A sorted list of byte ranges (start, end) without overlaps; `end` is exclusive."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._ranges: list[tuple[int, int]] = []
        for start, end in ranges:
            self.add(start, end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(tuple(self._ranges))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByteRanges) and self._ranges == other._ranges

    @property
    def size(self) -> int:
        return sum(end - start for start, end in self._ranges)

    @property
    def bytes_before_gap(self) -> int:
        """Return how many bytes from the file's beginning are present without a gap."""
        return self._ranges[0][1] if self._ranges and self._ranges[0][0] == 0 else 0

    @property
    def end(self) -> int:
        """Return the offset after the last byte, 0 if there are no ranges."""
        return self._ranges[-1][1] if self._ranges else 0

    def add(self, start: int, end: int) -> None:
        """Add a range from `start` up to `end` (exclusive), joined with the ranges it touches."""
        if start >= end:
            return
        apart = []
        for range_ in self._ranges:
            if range_[1] < start or range_[0] > end:
                apart.append(range_)
            else:
                start, end = min(start, range_[0]), max(end, range_[1])
        self._ranges = sorted([*apart, (start, end)])

    def gaps(self, total: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges (start, end) that are missing from a file of `total` bytes."""
        position = 0
        for start, end in (*self, (total, total)):
            if position < min(start, total):
                yield position, min(start, total)
            position = max(position, end)


_MAX_NOTE = 10_000_000  # bytes; a line each half second for half a day
_BOOT_ID = "/proc/sys/kernel/random/boot_id"  # Linux: proc_sys_kernel(5)


@dataclass(frozen=True)
class ResumeNote:
    """The progress of an unfinished download.

    size: bytes from the file's beginning. parts: further byte ranges (start, end). total: the whole
    file's size in bytes, 0 if unknown. validator: the server's ETag or date of the file, for
    `If-Range`. system: id of the system start during which the note was written, "" if unknown.
    """

    size: int
    total: int
    validator: str
    parts: tuple[tuple[int, int], ...] = ()
    system: str = ""

    @classmethod
    def create(cls, ranges: ByteRanges, total: int, validator: str) -> ResumeNote:
        """Return a new note of the byte ranges that are on the disk now. total: 0 if unknown."""
        return cls(0, total, validator, (), read_boot_id()).with_ranges(ranges)

    def with_ranges(self, ranges: ByteRanges) -> ResumeNote:
        parts = tuple((start, end) for start, end in ranges if start)
        return replace(self, size=ranges.bytes_before_gap, parts=parts)

    @property
    def ranges(self) -> ByteRanges:
        return ByteRanges([(0, self.size), *self.parts])

    def to_line(self) -> bytes:
        """Return the note as a line of JSON; leave out `parts` and `system` if they are empty."""
        kept = {k: v for k, v in vars(self).items() if v or k not in ("parts", "system")}
        return json.dumps(kept).encode() + b"\n"


def read_note(path: str) -> ResumeNote | None:
    """Return the note of this path, beside an unfinished file; None if it is missing or damaged."""
    added: list[tuple[int, int]] = []
    try:
        with open_own_file(path, "rb") as file:
            lines = file.read(_MAX_NOTE).split(b"\n")[:-1]
        for line in reversed(lines):
            value = json.loads(line)
            if not isinstance(value, dict):
                start, end = value
                added.append((int(start), int(end)))
                continue
            note = _parse(value)
            if not (added and note.system and note.system == read_boot_id()):
                return note  # if the system has restarted, the bytes of the ranges may be lost
            ranges = note.ranges
            for start, end in added:
                ranges.add(start, end)
            return ResumeNote.create(ranges, note.total, note.validator)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return None


def read_boot_id() -> str:
    """Return an id of the last start of the operating system, "" if unknown."""
    try:
        with open(_BOOT_ID, encoding="ascii") as file:
            return file.read(100).strip()
    except (OSError, ValueError):
        return ""


def _parse(fields: dict[str, object]) -> ResumeNote:
    """Make a note from a JSON object's fields. Raises TypeError or ValueError for wrong values."""
    note = ResumeNote(**fields)  # type: ignore[arg-type]  # checked below
    parts = tuple((start, end) for start, end in note.parts)
    numbers = (note.size, note.total, *(number for part in parts for number in part))
    texts = (note.validator, note.system)
    if not all(type(n) is int and n >= 0 for n in numbers) or not note.validator:
        raise ValueError("These are no sizes.")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("These are no texts.")
    return replace(note, parts=parts)
