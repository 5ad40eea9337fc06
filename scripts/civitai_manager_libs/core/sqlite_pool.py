"""A pool of SQLite connections that stay open for a second: a request opens a file once."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, ExitStack

from .sqlite_file import Database

__all__ = ["ConnectionPool"]

_IDLE = 1.0  # seconds; less than `sqlite_file` waits for others to close a damaged file


class ConnectionPool:
    """A pool of open database connections, each used by one thread at a time."""

    def __init__(self, open_database: Callable[[str], Database]) -> None:
        self._open = open_database
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._timer: threading.Timer | None = None
        atexit.register(self.close_idle)

    @contextmanager
    def borrow(self, path: str) -> Iterator[Database]:
        """Yield an open database for the `with` block; the pool reuses its connection later.

        If the block raises, this connection and all unused ones to the file are closed, so that the
        next caller opens the file anew and checks it for damage. Raises DiskError.
        """
        connection = self._take_idle(path) or _Connection(self._open(path))
        with ExitStack() as if_it_raises:
            if_it_raises.callback(self._close_idle_if, lambda idle: idle.database.path == path)
            if_it_raises.callback(connection.database.close)
            yield connection.database
            if_it_raises.pop_all()
        with self._lock:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
            self._timer = self._timer or self._start_timer()

    def close_idle(self, seconds: float = 0.0) -> None:
        """Close the connections that have been unused for at least `seconds`."""
        limit = time.monotonic() - seconds
        self._close_idle_if(lambda idle: idle.idle_since <= limit)
        with self._lock:
            self._timer = self._start_timer() if self._idle else None

    def _close_idle_if(self, should_close: Callable[[_Connection], bool]) -> None:
        """Close the unused connections for which `should_close` returns True."""
        with self._lock:
            closed = [idle for idle in self._idle if should_close(idle)]
            self._idle = [idle for idle in self._idle if idle not in closed]
        for idle in closed:
            idle.database.close()

    def _take_idle(self, path: str) -> _Connection | None:
        file_id = _file_id(path)  # another one than before, if the file was replaced
        self._close_idle_if(lambda idle: idle.database.path == path and idle.file_id != file_id)
        with self._lock:
            for idle in reversed(self._idle):
                if idle.database.path == path:
                    self._idle.remove(idle)
                    return idle
        return None

    def _start_timer(self) -> threading.Timer:
        timer = threading.Timer(_IDLE, self.close_idle, (_IDLE,))
        timer.daemon = True
        timer.start()
        return timer


class _Connection:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.file_id = _file_id(database.path)
        self.idle_since = 0.0  # monotonic time


def _file_id(path: str) -> tuple[int, int] | None:
    """Return a file's identity as (device, inode), or None if the file is missing."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
