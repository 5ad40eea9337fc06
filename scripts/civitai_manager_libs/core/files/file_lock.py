"""An exclusive lock on an open file, among all threads and processes, until the file is closed."""

from __future__ import annotations

import os

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt

__all__ = ["lock_descriptor"]

# Windows bars others from a locked byte, so the byte lies behind all that is ever written.
_LOCKED_BYTE = 0x7FFFFFF0


def lock_descriptor(descriptor: int, wait: bool = False) -> bool | None:
    """Try to lock an open file against other threads and processes.

    Return True if the file is locked now, False if another holds the lock, and None if the file
    system has no locks. wait: block until the lock is free (ignored on Windows).
    """
    try:
        if fcntl is None:
            _lock_one_byte(descriptor)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # flock's, msvcrt's
        return False
    except OSError:
        return None
    return True


def _lock_one_byte(descriptor: int) -> None:
    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows only
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
