"""A lock that ends with its process, however that ends."""

from __future__ import annotations

import os
import time
from typing import IO

from .partial_file import disk_error

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt

__all__ = ["FileLock"]

_POLL = 0.05  # seconds


class FileLock:
    """One holder at a time among all threads and processes of this machine, or many that share it.

    Its file stays: to remove one that somebody else has just opened would let two in.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self, patience: float = 0, shared: bool = False) -> bool:
        """Whether it is ours, at the latest after `patience` seconds. Raises DiskError.

        shared: with all others who want no more than that. Windows knows no such locks of a file:
        there it is always given, and keeps nobody away.
        """
        deadline = time.monotonic() + patience
        while not self._is_taken(shared):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL)
        return True

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _is_taken(self, shared: bool) -> bool:
        file: IO[bytes] | None = None
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            file = open(self._path, "ab")
            _lock(file, shared)
            self._file = file
            return True
        except OSError as error:
            # Windows says PermissionError of a lock that is held, but also of a file it keeps.
            is_held = file is not None and isinstance(error, (BlockingIOError, PermissionError))
            if file is not None:
                file.close()
            if not is_held:
                raise disk_error(error, self._path) from error
            return False


def _lock(file: IO[bytes], shared: bool) -> None:
    if fcntl is not None:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(file.fileno(), kind | fcntl.LOCK_NB)
    elif not shared:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
