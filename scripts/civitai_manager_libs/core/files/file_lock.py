"""Who writes a file has it alone, among all threads and processes, until it is closed."""

from __future__ import annotations

import os

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt

__all__ = ["lock_descriptor"]

_PLACE = 0x7FFFFFF0  # of the byte that is locked on Windows, where that bars others from it


def lock_descriptor(descriptor: int, waits: bool = False) -> bool | None:
    """Whether it is ours now; None where the file system knows no locks.

    waits: until whoever has it lets it go. On Windows nobody waits.
    """
    try:
        if fcntl is None:
            _lock_one_byte(descriptor)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # flock's, msvcrt's
        return False
    except OSError:
        return None
    return True


def _lock_one_byte(descriptor: int) -> None:
    os.lseek(descriptor, _PLACE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
