"""A thread that writes to the library, so that requests do not wait for the disk."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable

from ...core import log_disk_errors
from .database import writing
from .record_eviction import evict_oldest

__all__ = ["wait_for_writes", "write_later"]

Write = Callable[[sqlite3.Connection], object]

_AT_ONCE = 20  # writes in one transaction
_EVICT_EVERY = 300.0  # seconds
_PAUSE = 0.15  # seconds; a waiting SQLite connection tries again at least every 0.1 s
_MOST_BYTES = 32 * 1024 * 1024  # of all queued writes


class _Writer:
    """A queue of database writes, with a thread that runs while the queue is not empty."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[tuple[Write, int]] = deque()
        self._bytes = 0  # in the queue, and of what is being written
        self._is_running = False
        self._evicted_at = -_EVICT_EVERY

    def put(self, write: Write, size: int = 0) -> None:
        with self._changed:
            if size:
                self._changed.wait_for(lambda: not self._bytes or self._bytes + size <= _MOST_BYTES)
            self._bytes += size
            self._queue.append((write, size))
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._work, name="library-writer", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_running, seconds)

    def _work(self) -> None:
        is_over = False
        try:
            while not is_over:
                is_over = not self._write_some()
                self._let_others_write()
        finally:
            if not is_over:  # a bug in a write: the next `put` starts a new thread
                self._set_stopped()

    def _write_some(self) -> bool:
        """Run up to 20 queued writes in one transaction; return False if the queue was empty."""
        with self._changed:
            batch = [self._queue.popleft() for _ in range(min(_AT_ONCE, len(self._queue)))]
            if not batch:
                self._set_stopped()
                return False
        try:
            with log_disk_errors("library"):
                self._write([write for write, _ in batch])
        finally:
            with self._changed:
                self._bytes -= sum(size for _, size in batch)
                self._changed.notify_all()
        return True

    def _let_others_write(self) -> None:
        """Pause if writes are queued, so that other connections can begin a transaction."""
        with self._changed:
            has_more = bool(self._queue)
        if has_more:
            time.sleep(_PAUSE)

    def _set_stopped(self) -> None:
        with self._changed:
            self._is_running = False
            self._changed.notify_all()

    def _write(self, writes: list[Write]) -> None:
        with writing() as db:
            for write in writes:
                write(db)
        now = time.monotonic()
        if self._evict not in writes and now - self._evicted_at >= _EVICT_EVERY:
            self._evicted_at = now
            self.put(self._evict)

    def _evict(self, db: sqlite3.Connection) -> None:
        if evict_oldest(db):
            self.put(self._evict)


_writer = _Writer()


def write_later(write: Write, size: int = 0) -> None:
    """Queue a database write for a background thread, which runs it in a transaction.

    write: called with the connection; a DiskError is logged. size: memory of the write in bytes.
    The call waits while more than 32 MiB are queued, unless the size is 0. A write that queues
    another write must use 0.
    """
    _writer.put(write, size)


def wait_for_writes(seconds: float = 5.0) -> bool:
    """Wait at most `seconds` for all queued writes; return whether all are done."""
    return _writer.wait(seconds)
