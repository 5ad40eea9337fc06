"""Where a page of search results begins, and the cursor that encodes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Position"]

_CURSOR = re.compile(
    r"(?:([0-9]{1,10})/)?([0-9]{1,18})(?::([0-9]{0,18}):([0-9]{1,18}):([0-9]{1,18}))?"
)


@dataclass(frozen=True)
class Position:
    """Where a page of search results begins; `str(position)` is the page's cursor.

    A search tests the images in batches, and a page ends with a batch or before. sort_key: the page
    begins after this sort key, None for the first image. end: last sort key of an unfinished batch,
    None to begin a new batch. count: number of images in all batches so far. total: number of all
    images, 0 if not counted. seed: of a random order, 0 for other orders.
    """

    sort_key: int | None = None
    end: int | None = None
    count: int = 0
    total: int = 0
    seed: int = 0

    @classmethod
    def parse(cls, cursor: str | None) -> Position:
        """Return the position in a cursor; None or an invalid cursor means the first page."""
        match = _CURSOR.fullmatch(cursor or "")
        if match is None:
            return cls()
        seed, sort_key, end, count, total = match.groups()
        numbers = int(count or 0), int(total or 0), int(seed or 0)
        return cls(int(sort_key), int(end) if end else None, *numbers)

    def __str__(self) -> str:
        end = "" if self.end is None else self.end
        seed = f"{self.seed}/" if self.seed else ""
        return f"{seed}{self.sort_key}:{end}:{self.count}:{self.total}"
