"""A file that is whole under its name, or not there."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from contextlib import suppress
from io import FileIO
from types import TracebackType

from .. import util
from ..errors import DiskError, DiskFull

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed anyway
    fcntl = None  # type: ignore[assignment]

__all__ = ["PartialFile", "check_room", "disk_error", "is_partial", "sweep"]

_PREFIX, _SUFFIX = ".civitai-shortcut-", ".part"
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


class PartialFile:
    """A temporary file in `folder`, gone when the block ends unless `commit` named it.

    `path` is where it is meanwhile. The folder is made if it is missing. Every method raises
    DiskError, or DiskFull.
    The name is short and of our own, so that a long final name fits beside it.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder or "."
        self.size = 0
        self._expected = 0
        self._has_its_name = False
        try:
            self.path, self._file, self._device = _made(self.folder)
        except (OSError, ValueError) as error:
            raise disk_error(error, self.folder) from error

    def __enter__(self) -> PartialFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _expecting_lock:
            _expecting.discard(self)
        with suppress(OSError):  # on a disk that is gone; else `sweep` finds it
            self._file.close()
            if not self._has_its_name:
                os.remove(self.path)

    def expect(self, size: int, reserve: int = 0) -> None:
        """So many bytes are to come, and `reserve` must stay free. Raises DiskFull.

        What this process' other files on this disk still await counts as taken.
        """
        with _expecting_lock:
            others = sum(o._awaited for o in _expecting if o._device == self._device)
            check_room(self.folder, size + others + reserve)
            self._expected = size
            _expecting.add(self)

    @property
    def _awaited(self) -> int:
        return max(0, self._expected - self.size)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:  # an unbuffered file may take less than it was given
                view = view[self._file.write(view) :]
        except OSError as error:
            raise disk_error(error, self.folder) from error
        self.size += len(data)

    def copy_from(self, path: str) -> None:
        """Take in a file that is whole."""
        try:
            with open(path, "rb") as source:
                shutil.copyfileobj(source, self._file)
            self.size = self._file.tell()
        except OSError as error:
            raise disk_error(error, self.folder) from error

    def restart(self) -> None:
        """Forget what was written."""
        try:
            self._file.seek(0)
            self._file.truncate()
        except OSError as error:
            raise disk_error(error, self.folder) from error
        self.size = 0

    def make_private(self) -> None:
        """For the user alone, before a byte of it is written."""
        try:
            os.chmod(self.path, 0o600)
        except OSError as error:
            raise disk_error(error, self.folder) from error

    def commit(self, path: str) -> None:
        """Give the file its name, in one step; an older file of that name is replaced."""
        try:
            if fcntl is None:
                self._file.close()
            else:  # closing tells what a network disk put off; the file itself keeps its lock
                os.close(os.dup(self._file.fileno()))
            os.replace(self.path, path)
            self._has_its_name = True
        except (OSError, ValueError) as error:
            raise disk_error(error, path) from error


_expecting: set[PartialFile] = set()
_expecting_lock = threading.Lock()


def _made(folder: str) -> tuple[str, FileIO, int]:
    """A new file and its disk, locked before a sweeper of another process can take it for a
    leftover."""
    while True:
        path = os.path.join(folder, f"{_PREFIX}{os.urandom(6).hex()}{_SUFFIX}")
        try:
            file = open(path, "xb", buffering=0)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            file = open(path, "xb", buffering=0)
        if fcntl is not None:
            _lock(file.fileno(), waits=True)
        found = os.fstat(file.fileno())
        if found.st_nlink or fcntl is None:
            return path, file, found.st_dev
        file.close()  # a sweeper was faster


def sweep(folder: str) -> int:
    """Remove what killed processes left in `folder`; returns how many files that were.

    A file in use is locked (POSIX) or cannot be removed (Windows), so a live download is safe.
    """
    removed = 0
    try:
        names = os.listdir(folder)
    except OSError:
        return 0
    for name in names:
        if is_partial(name):
            removed += _removed_if_left(os.path.join(folder, name))
    return removed


def is_partial(name: str) -> bool:
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def _removed_if_left(path: str) -> bool:
    try:
        with open(path, "r+b") as file:
            if fcntl is not None and not _lock(file.fileno()):
                return False
            if fcntl is not None:
                os.remove(path)
        if fcntl is None:
            os.remove(path)
    except OSError:
        return False
    return True


def _lock(descriptor: int, waits: bool = False) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # held by a live download, or a file system without locks
        return False
    return True
