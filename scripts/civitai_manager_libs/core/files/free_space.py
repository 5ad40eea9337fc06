"""Whether there is room on a disk, and what its refusals mean to the user."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from ... import util
from ...errors import DiskError, DiskFull

__all__ = ["check_free_space", "to_disk_error", "translate_disk_errors", "log_disk_errors"]

_NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def to_disk_error(error: OSError | ValueError, path: str) -> DiskError:
    """What an error of a file operation means to the user; a ValueError is a name with a NUL."""
    if getattr(error, "errno", None) in _NO_ROOM:
        return DiskFull(f"There is no room left on the disk for {path}.")
    why = getattr(error, "strerror", None) or error
    return DiskError(f"{path} cannot be written: {why}.")


@contextmanager
def translate_disk_errors(path: str) -> Iterator[None]:
    """What a disk refuses in the block is a DiskError that names `path`."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise to_disk_error(error, path) from error


@contextmanager
def log_disk_errors(room: str) -> Iterator[None]:
    """A DiskError in the block is one log line of `room`: who waits for the rest needs it not."""
    try:
        yield
    except DiskError as error:
        util.printD(f"[{room}] {error}")


def check_free_space(folder: str, needed: int) -> None:
    """Raises DiskFull when `folder`'s disk has less than `needed` bytes left."""
    try:
        missing = needed - shutil.disk_usage(folder or ".").free
    except (FileNotFoundError, ValueError):
        if os.path.dirname(folder) != folder:
            check_free_space(os.path.dirname(folder), needed)
        return
    except OSError:  # a folder that cannot be looked at will say so when it is written to
        return
    if missing > 0:
        size = util.short_bytes(missing)
        raise DiskFull(f"The disk of {folder} has too little room: {size} are missing.", missing)
