"""Locks of a data folder that end with their process, however that ends."""

from __future__ import annotations

import os
import sqlite3

from filelock import FileLock, Timeout

from ..errors import DiskError
from ..ground import disk_error

__all__ = ["Lock", "SharedLock"]


class Lock:
    """One holder at a time among all threads and processes; who took it must let it go."""

    def __init__(self, path: str) -> None:
        self._path, self._lock = path, FileLock(path)

    def acquire(self, patience: float = 0) -> bool:
        """Whether it is ours, at the latest after `patience` seconds. Raises DiskError."""
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._lock.acquire(timeout=patience)
        except Timeout:
            return False
        except OSError as error:
            raise disk_error(error, self._path) from error
        except NotImplementedError as error:
            raise DiskError(f"{self._path} cannot be locked: {error}.") from error
        return True

    def release(self) -> None:
        """Nothing, where it is not held."""
        self._lock.release()


class SharedLock:
    """Many holders, or one alone: SQLite's own locks of a file in which nothing is written."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def acquire(self, patience: float, alone: bool = False) -> bool:
        """Whether it is ours, at the latest after `patience` seconds.

        Raises OSError, and sqlite3.Error where no file can be.
        """
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=patience, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE" if alone else "BEGIN")
            connection.execute(
                "SELECT * FROM sqlite_master"
            ).close()  # it locks with the first look
        except sqlite3.OperationalError as error:
            connection.close()
            if "locked" not in str(error):
                raise
            return False
        self._connection = connection
        return True

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
