"""A file that gets its final name only once it is complete."""

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
from .safe_open import check_own_folder, open_shared, open_to_read

__all__ = ["NOTE", "AtomicFile", "is_temporary_name", "temporary_path"]

_MOST_TRIES = 10  # to lock a new file; a file system may have no locks
_PREFIX, _SUFFIX = ".civitai-shortcut-", ".part"  # short: a final name may be 255 bytes long
NOTE = ".note"  # suffix of the note beside a resumable file


def is_temporary_name(name: str) -> bool:
    """Return whether a file name is that of a temporary file of this program."""
    return name.startswith(_PREFIX) and name.endswith((_SUFFIX, NOTE))


def temporary_path(folder: str, stem: str) -> str:
    """Return the path `<folder>/.civitai-shortcut-<stem>.part` of a temporary file."""
    return os.path.join(folder, f"{_PREFIX}{stem}{_SUFFIX}")


class AtomicFile:
    """A temporary file in `folder`; `commit` renames it, and without a commit it is deleted.

    Use it in a `with` block. The folder is created if missing. path: the temporary file. size:
    bytes written so far. Every method raises DiskFull if the disk is full, and DiskError for other
    failures.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder or "."
        self.size = 0
        self._expected = 0
        self._is_committed = False
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
        with suppress(OSError):  # on a disk that is gone; else `remove_leftovers` deletes it
            self._close_file()

    def reserve_space(self, size: int, keep_free: int = 0) -> None:
        """Count the file's space on the disk as used, or raise DiskFull if the disk has too little.

        size: final size in bytes. keep_free: bytes that must stay free on the disk. Space that
        other open files of this process have reserved counts as used.
        """
        with _expecting_lock:
            _expecting.discard(self)
            others = sum(o._missing_bytes for o in _expecting if o._device == self._device)
            check_free_space(self.folder, size - self.size + others + keep_free)
            self._expected = size
            _expecting.add(self)

    @property
    def _missing_bytes(self) -> int:
        return max(0, self._expected - self.size)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        with translate_disk_errors(self.folder):
            while view:  # an unbuffered file may write fewer bytes than asked
                view = view[self._file.write(view) :]
        self.size += len(data)

    def copy_from(self, path: str) -> None:
        """Append the contents of another file."""
        with translate_disk_errors(self.folder):
            with open_to_read(path) as source:
                shutil.copyfileobj(source, self._file)
            self.size = self._file.tell()

    def restart(self) -> None:
        """Delete all bytes written so far."""
        with translate_disk_errors(self.folder):
            self._file.seek(0)
            self._file.truncate()
        self.size = 0

    def make_private(self) -> None:
        """Allow only the user to read the file; call this before the first write."""
        with translate_disk_errors(self.folder):
            if hasattr(os, "fchmod"):  # elsewhere the user's own folders are private anyway
                os.fchmod(self._file.fileno(), 0o600)

    def commit(self, path: str) -> None:
        """Rename the file to `path` in one step, replacing an existing file.

        The file's bytes are flushed to the disk first. Call `sync_folder` afterwards if the new
        name must survive a power loss.
        """
        with translate_disk_errors(path):
            sync_file(self._file.fileno())
            replace_file(self.path, path)
            self._is_committed = True

    def _open_file(self) -> tuple[str, FileIO]:
        """Create and lock a temporary file; return (path, open file).

        The lock protects the file from `remove_leftovers` in other processes.
        """
        check_own_folder(self.folder)
        for tries in itertools.count(1):
            path = temporary_path(self.folder, os.urandom(6).hex())
            try:
                file = open(path, "xb", buffering=0, opener=open_shared)
            except FileNotFoundError:
                make_folder(self.folder)
                file = open(path, "xb", buffering=0, opener=open_shared)
            is_held = lock_descriptor(file.fileno(), wait=True) is not False or tries == _MOST_TRIES
            if is_held and os.fstat(file.fileno()).st_nlink:
                return path, file
            file.close()  # another process deleted the file before it was locked
        raise AssertionError("unreachable")

    def _close_file(self) -> None:
        """Close the file, and delete it if it was not committed. Raises OSError."""
        self._file.close()
        if not self._is_committed:
            delete_file(self.path)


_expecting: set[AtomicFile] = set()
_expecting_lock = threading.Lock()
