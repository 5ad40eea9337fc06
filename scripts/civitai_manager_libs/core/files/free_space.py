"""Whether there is room on a disk, and what its refusals mean to the user."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from ... import util
from ...errors import DiskError, DiskFull

__all__ = ["check_room", "disk_error", "disk_errors", "logged"]

_NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def disk_error(error: OSError | ValueError, path: str) -> DiskError:
    """What an error of a file operation means to the user; a ValueError is a name with a NUL."""
    if getattr(error, "errno", None) in _NO_ROOM:
        return DiskFull(f"There is no room left on the disk for {path}.")
    why = getattr(error, "strerror", None) or error
    return DiskError(f"{path} cannot be written: {why}.")


@contextmanager
def disk_errors(path: str) -> Iterator[None]:
    """What a disk refuses in the block is a DiskError that names `path`."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise disk_error(error, path) from error


@contextmanager
def logged(room: str) -> Iterator[None]:
    """A DiskError in the block is one log line of `room`: who waits for the rest needs it not."""
    try:
        yield
    except DiskError as error:
        util.printD(f"[{room}] {error}")


def check_room(folder: str, needed: int) -> None:
    """Raises DiskFull when `folder`'s disk has less than `needed` bytes left."""
    try:
        missing = needed - shutil.disk_usage(folder or ".").free
    except (FileNotFoundError, ValueError):
        if os.path.dirname(folder) != folder:
            check_room(os.path.dirname(folder), needed)
        return
    except OSError:  # a folder that cannot be looked at will say so when it is written to
        return
    if missing > 0:
        size = util.short_bytes(missing)
        raise DiskFull(f"The disk of {folder} has too little room: {size} are missing.", missing)
