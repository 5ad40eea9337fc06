"""Decides which connection receives which bytes of a file."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from math import inf

from ...core import ByteRanges, ResumableFile

__all__ = ["FIRST_PIECE", "Piece", "PiecePlan"]

FIRST_PIECE = 8 * 1024 * 1024  # bytes; a file of at most so many needs one request
_MIN_PIECE, _MAX_PIECE = 4 * 1024 * 1024, 128 * 1024 * 1024  # bytes
_MIN_SPLIT = 128 * 1024  # bytes; a smaller rest is left to its connection
_SLOW = 2.0  # seconds; a rest that takes longer is shared with an idle connection


@dataclass(eq=False)
class Piece:
    """A range of the file that one connection receives.

    start: position of the first byte. position: that of the next byte to receive. end: the position
    after the last byte, inf if the file's length is unknown. PiecePlan may change `end` while the
    piece is received.
    """

    start: int
    end: float
    position: int = 0
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.position = self.start

    @property
    def missing(self) -> float:
        return max(0.0, self.end - self.position)

    @property
    def speed(self) -> float:
        """Return the mean speed in bytes a second since the piece was begun."""
        return (self.position - self.start) / max(1e-3, time.monotonic() - self.began)

    @property
    def seconds_left(self) -> float:
        return self.missing / self.speed if self.speed else inf


class PiecePlan:
    """Divides the missing bytes of one file among connections; any thread may use it.

    connections: maximum number. total: bytes of the file, None until the first response. is_shared:
    whether the storage sends parts of the file, so that several connections help.
    """

    def __init__(self, file: ResumableFile, connections: int) -> None:
        self._file, self.connections = file, connections
        self.total: int | None = None
        self.is_shared = False
        self._active: list[Piece] = []
        self._whole: Piece | None = None  # the one whose response is the whole file
        self._lock = threading.Lock()

    @property
    def is_complete(self) -> bool:
        return self.total is not None and self._file.size >= self.total

    def take(self) -> Piece | None:
        """Return the next piece for a connection to receive, or None if there is none at present.

        There may be a piece later, when another connection fails.
        """
        with self._lock:
            piece = self._next_piece() if self._whole is None else None
            if piece is not None:
                self._active.append(piece)
            return piece

    def give_back(self, piece: Piece) -> None:
        """Let other connections receive the missing bytes of a piece that a connection has left."""
        with self._lock:
            self._active.remove(piece)
            self._whole = None if self._whole is piece else self._whole

    def set_total(self, total: int | None) -> None:
        """Set the file's length in bytes, None if unknown, and `is_shared` to False."""
        with self._lock:
            self.total, self.is_shared = total, False

    def extend_to_end(self, piece: Piece) -> bool:
        """Extend a piece to the end of the file, because its response contains the whole file.

        Return True; or do nothing and return False if another piece that was extended is still
        being received.
        """
        with self._lock:
            if self._whole is None:
                self._whole, self.is_shared = piece, False
                piece.end = inf if self.total is None else self.total
            return self._whole is piece

    def _next_piece(self) -> Piece | None:
        if self.total is None:
            if self._active:
                return None
            start = self._file.bytes_before_gap
            return Piece(start, start + FIRST_PIECE if self.connections > 1 else inf)
        if (free := self._find_free_range(self.total)) is not None:
            start, end = free
            return Piece(start, min(end, start + self._choose_piece_size(self.total)))
        return self._split_slowest()

    def _find_free_range(self, total: int) -> tuple[int, int] | None:
        """Return (start, end) of the first missing bytes outside all taken pieces, else None."""
        taken = ByteRanges(self._file.ranges)
        for piece in self._active:
            taken.add(piece.start, int(min(piece.end, total)))
        return next(taken.gaps(total), None)

    def _choose_piece_size(self, total: int) -> int:
        """Return the size in bytes of the next piece for a connection.

        total: the file's length in bytes. Pieces are smaller when little of the file is missing, so
        that all connections end at about the same time.
        """
        if self.connections == 1:
            return total
        fair = (total - self._file.size) // (2 * self.connections)
        return max(_MIN_PIECE, min(fair, _MAX_PIECE))

    def _split_slowest(self) -> Piece | None:
        """Halve the piece that will take longest, and return its second half as a new piece.

        Return None if no piece is being received, or if that piece was begun less than two seconds
        ago, will end in less than two seconds, has less than 256 KiB left, or has no known end.
        """
        slowest = max(self._active, key=lambda piece: piece.seconds_left, default=None)
        if slowest is None or slowest.seconds_left < _SLOW or slowest.missing < 2 * _MIN_SPLIT:
            return None
        age = time.monotonic() - slowest.began
        if age < _SLOW or slowest.end == inf:
            return None
        middle = int(slowest.position + slowest.missing // 2)
        piece, slowest.end = Piece(middle, slowest.end), middle
        return piece
