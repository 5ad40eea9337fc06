"""What was written is on the disk itself, where no loss of power takes it."""

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
    """The bytes of an open file. Raises OSError."""
    if _FULL is None or not _try_sync(lambda: fcntl.fcntl(descriptor, _FULL)):
        _try_sync(lambda: _fdatasync(descriptor))


def sync_folder(folder: str) -> None:
    """The names in it. Raises DiskError."""
    if os.name == "nt":  # has no such call, and NTFS keeps a journal of names
        return
    try:
        descriptor = os.open(folder or ".", os.O_RDONLY)
    except OSError:  # gone since, or one that may be written but not read
        return
    try:
        with translate_disk_errors(folder):
            _try_sync(lambda: os.fsync(descriptor))
    finally:
        os.close(descriptor)


def make_folder(folder: str) -> None:
    """And those above it, each with its name on the disk. Raises OSError, ValueError, DiskError."""
    missing, at = [], os.path.abspath(folder)
    while not os.path.isdir(at) and os.path.dirname(at) != at:
        missing.append(at)
        at = os.path.dirname(at)
    os.makedirs(folder, exist_ok=True)
    for made in missing:
        sync_folder(os.path.dirname(made))


def _try_sync(sync: Callable[[], object]) -> bool:
    """False where the file system cannot do it: then nothing can be done."""
    try:
        sync()
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True
