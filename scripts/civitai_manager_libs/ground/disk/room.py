"""Whether there is room on a disk, and what its refusals mean to the user."""

from __future__ import annotations

import errno
import os
import shutil

from ... import util
from ...errors import DiskError, DiskFull

__all__ = ["check_room", "disk_error"]

_NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def disk_error(error: OSError | ValueError, path: str) -> DiskError:
    """What an error of a file operation means to the user; a ValueError is a name with a NUL."""
    if getattr(error, "errno", None) in _NO_ROOM:
        return DiskFull(f"There is no room left on the disk for {path}.")
    why = getattr(error, "strerror", None) or error
    return DiskError(f"{path} cannot be written: {why}.")


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
