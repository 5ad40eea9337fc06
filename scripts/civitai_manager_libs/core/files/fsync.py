"""Flushes files and names to the disk, so that they survive a power loss."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from .free_space import translate_disk_errors

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["make_folder", "sync_file", "sync_folder"]

_CANNOT = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.ENOTTY}  # some network disks
_FULL = getattr(fcntl, "F_FULLFSYNC", None)  # macOS, whose fsync stops at the disk's own memory
_fdatasync = getattr(os, "fdatasync", os.fsync)


def sync_file(descriptor: int) -> None:
    """Flush an open file's bytes to the disk. Raises OSError."""
    if _FULL is None or not _try_sync(lambda: fcntl.fcntl(descriptor, _FULL)):
        _try_sync(lambda: _fdatasync(descriptor))


def sync_folder(folder: str) -> None:
    """Flush the names of a folder's files to the disk. Raises DiskError.

    A power loss may otherwise undo the creation or renaming of a file.
    """
    if os.name == "nt":  # has no such call; NTFS has a journal of names
        return
    try:
        descriptor = os.open(folder or ".", os.O_RDONLY)
    except OSError:  # deleted meanwhile, or writable but not readable
        return
    try:
        with translate_disk_errors(folder):
            _try_sync(lambda: os.fsync(descriptor))
    finally:
        os.close(descriptor)


def make_folder(folder: str) -> None:
    """Create a folder with its parents, and flush their names to the disk.

    Raises OSError, ValueError or DiskError.
    """
    missing, path = [], os.path.abspath(folder)
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        missing.append(path)
        path = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    for path in missing:
        sync_folder(os.path.dirname(path))


def _try_sync(sync: Callable[[], object]) -> bool:
    """Call `sync` and return True; return False if the file system does not support the call.

    Raises OSError if the call fails for another reason.
    """
    try:
        sync()
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True
