"""The note beside a partly downloaded file: which bytes of which version are there.

A line that is a JSON object is a `ResumeNote`; its bytes were on the disk before the line was
written. A line that is a JSON list, `[start, end]`, adds bytes that were written since, but maybe
not to the disk: the system's memory has them until it stops, so they count only while the system
still runs (`system_start` is the same). Only complete lines count.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from ..byte_ranges import ByteRanges
from .safe_open import open_own_file

__all__ = ["ResumeNote", "read_note", "system_start"]

_MAX_NOTE = 10_000_000  # bytes; a line each half second for half a day
_BOOT_ID = "/proc/sys/kernel/random/boot_id"  # Linux: proc_sys_kernel(5)


@dataclass(frozen=True)
class ResumeNote:
    """How far a download came.

    size: bytes from the file's beginning. total: bytes of the whole file, 0 if unknown. validator:
    the server's ETag or date of this version, for `If-Range`. parts: further ranges, as (start,
    end). system: `system_start()` when the note was written, "" if only this line counts.
    """

    size: int
    total: int
    validator: str
    parts: tuple[tuple[int, int], ...] = ()
    system: str = ""

    @classmethod
    def of(cls, ranges: ByteRanges, total: int, validator: str) -> ResumeNote:
        """Return a note about these ranges, dated now."""
        return cls(0, total, validator, (), system_start()).with_ranges(ranges)

    def with_ranges(self, ranges: ByteRanges) -> ResumeNote:
        """Return the same note about other ranges."""
        parts = tuple((start, end) for start, end in ranges if start)
        return replace(self, size=ranges.beginning, parts=parts)

    @property
    def ranges(self) -> ByteRanges:
        return ByteRanges([(0, self.size), *self.parts])

    def to_line(self) -> bytes:
        """Return the note as a line of JSON, without fields that have their default."""
        kept = {k: v for k, v in vars(self).items() if v or k not in ("parts", "system")}
        return json.dumps(kept).encode() + b"\n"


def read_note(path: str, sure: bool = False) -> ResumeNote | None:
    """Read the note beside a partly downloaded file; return None if it is missing or damaged.

    path: the note's path. sure: count only bytes that are surely on the disk, not those that only
    the system's memory may have.
    """
    added: list[tuple[int, int]] = []
    try:
        with open_own_file(path, "rb") as file:
            lines = file.read(_MAX_NOTE).split(b"\n")[:-1]
        for line in reversed(lines):
            if isinstance(value := json.loads(line), dict):
                return _with_added(_parse(value), [] if sure else added)
            start, end = value
            added.append((int(start), int(end)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return None


def system_start() -> str:
    """Return a text that changes each time the system starts, "" if there is none."""
    try:
        with open(_BOOT_ID, encoding="ascii") as file:
            return file.read(100).strip()
    except (OSError, ValueError):
        return ""


def _parse(fields: dict[str, object]) -> ResumeNote:
    """Return the note with these fields. Raises TypeError or ValueError for wrong values."""
    note = ResumeNote(**fields)  # type: ignore[arg-type]  # checked below
    parts = tuple((start, end) for start, end in note.parts)
    numbers = (note.size, note.total, *(number for part in parts for number in part))
    texts = (note.validator, note.system)
    if not all(type(n) is int and n >= 0 for n in numbers) or not note.validator:
        raise ValueError("These are no sizes.")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("These are no texts.")
    return replace(note, parts=parts)


def _with_added(note: ResumeNote, added: list[tuple[int, int]]) -> ResumeNote:
    """Add to a note the bytes that were written after it, if they can still be trusted."""
    if not (added and note.system and note.system == system_start()):
        return note
    ranges = note.ranges
    for start, end in added:
        ranges.add(start, end)
    return ResumeNote.of(ranges, note.total, note.validator)
