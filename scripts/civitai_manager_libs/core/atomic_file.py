"""Files that are written whole or not at all, and what interrupted writes leave behind."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from types import TracebackType
from typing import Any, BinaryIO

from ..errors import DiskError, PathTaken, SettingError
from .disk import check_free_space, make_folder, sync_file, sync_folder, translate_disk_errors
from .safe_open import check_own_folder, lock_descriptor, open_shared, open_to_read
from .untrusted import as_mapping

_IN_USE = {5, 32, 33}  # Windows' codes: access denied, sharing violation, lock violation
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}
_PATIENCE, _PAUSE = 2.0, 0.05  # seconds


def replace_file(source: str, target: str) -> None:
    """Rename `source` to `target`, replacing an existing file. Raises OSError."""
    _retry_while_in_use(lambda: os.replace(source, target))


def rename_to_new(source: str, target: str) -> None:
    """Rename a file without replacing another. Raises FileExistsError, or another OSError."""
    if os.name == "nt":  # where `rename` replaces nothing
        return _retry_while_in_use(lambda: os.rename(source, target))
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from error
        return os.rename(source, target)  # FAT and some network disks have no hard links
    with suppress(FileNotFoundError):  # another process has just removed the second name
        os.remove(source)


def delete_file(path: str) -> None:
    """Delete a file. Raises OSError."""
    _retry_while_in_use(lambda: os.remove(path))


def _retry_while_in_use(change: Callable[[], None]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return change()
        except PermissionError as error:
            is_in_use = getattr(error, "winerror", None) in _IN_USE
            if not is_in_use or time.monotonic() >= deadline:
                raise
        time.sleep(_PAUSE)


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
            files = (file for file in _expecting if file._device == self._device)
            others = sum(max(0, file._expected - file.size) for file in files)
            check_free_space(self.folder, size - self.size + others + keep_free)
            self._expected = size
            _expecting.add(self)

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

    @contextmanager
    def reading(self) -> Iterator[BinaryIO]:
        """Yield the open file to read it; nothing may be written during the `with` block.

        On an SMB share, a locked file cannot be read by another descriptor. See flock(2).
        """
        with translate_disk_errors(self.folder):
            with open(self._file.fileno(), "rb", closefd=False) as file:
                yield file
            self._file.seek(0, os.SEEK_END)

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

    def commit_new(self, path: str) -> None:
        """Flush and rename the file to `path`. Raises PathTaken if that exists, and DiskError."""
        with translate_disk_errors(path):
            sync_file(self._file.fileno())
            try:
                rename_to_new(self.path, path)
            except FileExistsError as error:
                raise PathTaken(f"{path} exists already.", path) from error
            self._is_committed = True
        sync_folder(os.path.dirname(path))

    def _open_file(self) -> tuple[str, FileIO]:
        """Create a temporary file, locked against `remove_leftovers`; return (path, file)."""
        check_own_folder(self.folder)
        for tries in itertools.count(1):
            path = temporary_path(self.folder, os.urandom(6).hex())
            try:
                file = open(path, "x+b", buffering=0, opener=open_shared)
            except FileNotFoundError:
                make_folder(self.folder)
                file = open(path, "x+b", buffering=0, opener=open_shared)
            is_held = lock_descriptor(file.fileno(), wait=True) is not False or tries == _MOST_TRIES
            if is_held and os.fstat(file.fileno()).st_nlink:
                return path, file
            file.close()  # another process deleted the file before it was locked
        raise AssertionError("unreachable")

    def _close_file(self) -> None:
        self._file.close()
        if not self._is_committed:
            delete_file(self.path)


_expecting: set[AtomicFile] = set()
_expecting_lock = threading.Lock()


_WAIT = 30.0  # seconds for another thread or process to finish
_MAX_FILE = 1_000_000  # bytes; more is no settings file


def read_json_object(path: str) -> dict[str, Any]:
    """Read the JSON object in a settings file; return {} if the file is missing.

    A damaged file is renamed to `<path>.damaged`. Raises SettingError, with a message for the user,
    if the file is damaged or cannot be read.
    """
    try:
        with open_to_read(path) as file:
            values = json.loads(file.read(_MAX_FILE))  # of bytes: Windows editors write a BOM
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingError(
            f"The settings file {path} cannot be read ({error.strerror})."
        ) from error
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        outcome = f"it was renamed to {path}.damaged, and defaults are used"
        try:
            replace_file(path, f"{path}.damaged")
        except OSError:
            outcome = f"defaults are used until {path} is repaired"
        raise SettingError(f"The settings file was damaged; {outcome}.")
    return values


def read_json_or_empty(path: str, max_bytes: int) -> Mapping[str, Any]:
    """Return the JSON object in a file, {} if the file is missing, damaged, longer or no object."""
    try:
        with open_to_read(path) as file:
            return as_mapping(json.loads(file.read(max_bytes)))
    except (OSError, ValueError, RecursionError):
        return {}


def back_up_invalid_file(path: str) -> str:
    """Copy a settings file to `<path>.damaged`; return a sentence for the user with both paths.

    If the copy fails, the sentence names only `path`.
    """
    try:
        with AtomicFile(os.path.dirname(path)) as copy:
            copy.copy_from(path)
            copy.commit(f"{path}.damaged")
    except DiskError:
        return f"The settings are in {path}."
    return f"The settings are in {path}; a copy of the old file is {path}.damaged."


@contextmanager
def lock_file(path: str) -> Iterator[None]:
    """Keep others from reading and writing a file in a `with lock_file(path)` block of their own.

    Others are threads and processes. Without the lock, a change of the file could be lost if two
    programs share the folder. Raises DiskError if the lock is not free after 30 seconds.
    """
    from .sqlite import ProcessLock  # here, so that `--help` does not load SQLite

    folder, name = os.path.split(path)
    lock = ProcessLock(os.path.join(folder, "locks", f"{name}.lock"))
    if not lock.acquire(_WAIT):
        raise DiskError(f"{path} cannot be written: another program is writing to it.", path)
    try:
        yield
    finally:
        lock.release()


def remove_if_present(path: str) -> None:
    """Delete a file; do nothing if it is missing. Raises DiskError."""
    with translate_disk_errors(path), suppress(FileNotFoundError):
        delete_file(path)
    sync_folder(os.path.dirname(path))


def write_text_file(path: str, text: str, private: bool = False) -> None:
    """Write a text file atomically, for the user alone if `private`. Raises DiskError."""
    with AtomicFile(os.path.dirname(path)) as partial:
        if private:
            partial.make_private()
        # Half of a surrogate pair becomes what it is in JSON, such as \ud800.
        partial.write(text.encode("utf-8", "backslashreplace"))
        partial.commit(path)
    sync_folder(os.path.dirname(path))
