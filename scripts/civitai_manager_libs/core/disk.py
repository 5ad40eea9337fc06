"""The disk: its free space, what must be flushed to it, and its errors in words."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from .. import util
from ..errors import DiskError, DiskFull

_NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def to_disk_error(error: OSError | ValueError, path: str) -> DiskError:
    """Return a DiskError or DiskFull for an OSError, or a ValueError for a NUL in the path."""
    if getattr(error, "errno", None) in _NO_ROOM:
        return DiskFull(f"There is no disk space left for {path}.", path=path)
    why = getattr(error, "strerror", None) or error
    return DiskError(f"{path} cannot be written: {why}.", path)


@contextmanager
def translate_disk_errors(path: str) -> Iterator[None]:
    """Convert an OSError or ValueError in the `with` block to DiskFull or DiskError.

    The error is DiskFull if the disk is full. path: the file or folder to name in the message.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        raise to_disk_error(error, path) from error


@contextmanager
def log_disk_errors(label: str) -> Iterator[None]:
    """Log a DiskError in the `with` block, after the word `label`, instead of raising it."""
    try:
        yield
    except DiskError as error:
        util.printD(f"[{label}] {error}")


def find_free_space(folder: str) -> int | None:
    """Return the free bytes on the disk of a folder that may not exist yet, or None if unknown."""
    try:
        return shutil.disk_usage(folder or ".").free
    except (FileNotFoundError, ValueError):
        parent = os.path.dirname(folder)
        return None if parent == folder else find_free_space(parent)
    except OSError:
        return None


def check_free_space(folder: str, needed: int) -> None:
    """Raise DiskFull if a folder's disk is known to have fewer than `needed` bytes free."""
    free = find_free_space(folder)
    if free is not None and free < needed:  # else a write to the folder will raise the error
        missing = needed - free
        size = util.short_bytes(missing)
        raise DiskFull(f"There is too little disk space for {folder}: free {size} more.", missing)


def check_space_for_files(needed: Mapping[str, int], keep_free: int) -> None:
    """Raise DiskFull if a disk has too little space for the files to be written.

    needed: bytes to write, by folder; folders on one disk are added up. keep_free: bytes that must
    stay free on each disk.
    """
    disks: dict[int, tuple[str, int]] = {}
    for folder, size in needed.items():
        first, others = disks.setdefault(find_device(folder), (folder, keep_free))
        disks[find_device(folder)] = (first, others + size)
    for folder, size in disks.values():
        check_free_space(folder, size)


def find_device(folder: str) -> int:
    """Return the device number of a folder's disk, 0 if unknown; the folder need not exist yet."""
    try:
        return os.stat(folder or ".").st_dev
    except (OSError, ValueError):
        parent = os.path.dirname(folder)
        return 0 if parent == folder else find_device(parent)


try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


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
    """Create a folder and its parents durably. Raises OSError, ValueError or DiskError."""
    missing, path = [], os.path.abspath(folder)
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        missing.append(path)
        path = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    for path in missing:
        sync_folder(os.path.dirname(path))


def _try_sync(sync: Callable[[], object]) -> bool:
    """Call `sync`; return False if the file system does not support the call. Raises OSError."""
    try:
        sync()
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True
