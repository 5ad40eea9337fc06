"""The ranges of bytes that a partly downloaded file has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["ByteRanges"]


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
