"""A file that is whole under its name, or not there."""

from __future__ import annotations

import itertools
import os
import shutil
import threading
from contextlib import suppress
from io import FileIO
from types import TracebackType

from .file_lock import lock_descriptor
from .free_space import check_free_space, translate_disk_errors
from .fsync import make_folder, sync_file
from .replace import delete_file, replace_file
from .safe_open import check_own_folder, open_shared

__all__ = ["NOTE", "AtomicFile", "is_temporary_name", "temporary_path"]

_MOST_TRIES = 10  # to lock a new file, where the disk may know no locks
_PREFIX, _SUFFIX = ".civitai-shortcut-", ".part"
NOTE = ".note"  # the suffix of what is noted of one that is kept


def is_temporary_name(name: str) -> bool:
    """Whether it is one of ours, or its note."""
    return name.startswith(_PREFIX) and name.endswith((_SUFFIX, NOTE))


def temporary_path(folder: str, stem: str) -> str:
    return os.path.join(folder, f"{_PREFIX}{stem}{_SUFFIX}")


class AtomicFile:
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
        with translate_disk_errors(self.folder):
            self.path, self._file = self._open_file()
            self._device = os.fstat(self._file.fileno()).st_dev

    def __enter__(self) -> AtomicFile:
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
            self._close_file()

    def reserve_space(self, size: int, reserve: int = 0) -> None:
        """It will have so many bytes, and `reserve` must stay free. Raises DiskFull.

        What this process' other files on this disk still await counts as taken.
        """
        with _expecting_lock:
            _expecting.discard(self)
            others = sum(o._missing_bytes for o in _expecting if o._device == self._device)
            check_free_space(self.folder, size - self.size + others + reserve)
            self._expected = size
            _expecting.add(self)

    @property
    def _missing_bytes(self) -> int:
        return max(0, self._expected - self.size)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        with translate_disk_errors(self.folder):
            while view:  # an unbuffered file may take less than it was given
                view = view[self._file.write(view) :]
        self.size += len(data)

    def copy_from(self, path: str) -> None:
        """Take in a file that is whole."""
        with translate_disk_errors(self.folder):
            with open(path, "rb") as source:
                shutil.copyfileobj(source, self._file)
            self.size = self._file.tell()

    def restart(self) -> None:
        """Forget what was written."""
        with translate_disk_errors(self.folder):
            self._file.seek(0)
            self._file.truncate()
        self.size = 0

    def make_private(self) -> None:
        """For the user alone, before a byte of it is written."""
        with translate_disk_errors(self.folder):
            if hasattr(os, "fchmod"):  # elsewhere the user's own folders are private anyway
                os.fchmod(self._file.fileno(), 0o600)

    def commit(self, path: str) -> None:
        """Give the file its name, in one step, once its bytes are on the disk; an older file of
        that name is replaced. The name may be lost with the power until `sync_folder`."""
        with translate_disk_errors(path):
            sync_file(self._file.fileno())
            replace_file(self.path, path)
            self._has_its_name = True

    def _open_file(self) -> tuple[str, FileIO]:
        """A new file, held before a sweeper of another process can take it for a leftover."""
        check_own_folder(self.folder)
        for tries in itertools.count(1):
            path = temporary_path(self.folder, os.urandom(6).hex())
            try:
                file = open(path, "xb", buffering=0, opener=open_shared)
            except FileNotFoundError:
                make_folder(self.folder)
                file = open(path, "xb", buffering=0, opener=open_shared)
            is_held = (
                lock_descriptor(file.fileno(), waits=True) is not False or tries == _MOST_TRIES
            )
            if is_held and os.fstat(file.fileno()).st_nlink:
                return path, file
            file.close()  # a sweeper was faster
        raise AssertionError("unreachable")

    def _close_file(self) -> None:
        """At the block's end. Raises OSError."""
        self._file.close()
        if not self._has_its_name:
            delete_file(self.path)


_expecting: set[AtomicFile] = set()
_expecting_lock = threading.Lock()
