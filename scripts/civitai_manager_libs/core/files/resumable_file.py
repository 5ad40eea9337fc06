"""A partly downloaded file that a later run resumes, with a note beside it.

The note makes sure that a resumed file is the beginning of the server's version, even after a crash
or a power loss. Without a note the download starts at 0. See `resume_note` for the note's format.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from io import FileIO

from ...errors import DiskError
from .atomic_file import AtomicFile, is_temporary_name, NOTE, temporary_path
from .file_lock import lock_descriptor
from .free_space import translate_disk_errors
from .fsync import make_folder, sync_file, sync_folder
from .replace import delete_file
from .resume_note import read_note, ResumeNote
from .safe_open import check_own_folder, has_hard_links, is_foreign, open_own_file

__all__ = ["ResumableFile", "discard_resumable", "remove_resumable", "resumable_size"]


class ResumableFile(AtomicFile):
    """A temporary file for a URL, which a later run can find and continue.

    found: the progress that an earlier run noted, None if the file starts empty. If another thread
    or process is writing a file for the same URL, this is a separate file that cannot be resumed.
    """

    def __init__(self, folder: str, url: str) -> None:
        self.found: ResumeNote | None = None
        self._key, self._note, self._is_kept = _file_key(url), "", False
        super().__init__(folder)

    @staticmethod
    def exists(folder: str, url: str) -> bool:
        """Return whether the folder has an unfinished download of this URL to resume."""
        try:
            return os.path.exists(temporary_path(folder, _file_key(url)) + NOTE)
        except ValueError:  # a NUL in the folder's name
            return False

    def read_start(self, size: int) -> bytes:
        """Return the first `size` bytes of the file."""
        with translate_disk_errors(self.folder):
            self._file.seek(0)
            start = self._file.read(size)
            self._file.seek(0, os.SEEK_END)
            return start

    def write_note(self, total: int, validator: str) -> None:
        """Flush all bytes to the disk, and store their number for a later resume.

        total: the whole file's size in bytes, 0 if unknown. validator: the server's ETag or date.
        """
        if not self._note:
            return
        line = ResumeNote(self.size, total, validator).to_line()
        with translate_disk_errors(self.folder):
            sync_file(self._file.fileno())
            with open_own_file(self._note, "ab") as file:
                file.write(line)

    def keep(self, total: int, validator: str) -> None:
        """Keep the unfinished file after the `with` block, so that a later run can resume it.

        total: the whole file's size in bytes, 0 if unknown. validator: the server's ETag or date.
        """
        self.write_note(total, validator)
        self._is_kept = self._note != ""

    def restart(self) -> None:
        self._drop_note()
        super().restart()

    def commit(self, path: str) -> None:
        super().commit(path)
        if self._note:
            with suppress(OSError):  # there is none, or `remove_leftovers` deletes it
                delete_file(self._note)

    def _open_file(self) -> tuple[str, FileIO]:
        path = temporary_path(self.folder, self._key)
        check_own_folder(self.folder)
        make_folder(self.folder)
        file = _open_locked(path)
        if file is None:
            return super()._open_file()
        self._note = path + NOTE
        try:
            self._restore(file)
        except (OSError, DiskError):
            file.close()
            raise
        return path, file

    def _restore(self, file: FileIO) -> None:
        found = read_note(self._note)
        if found is None or os.fstat(file.fileno()).st_size < found.ranges.end:
            found = None
            self._drop_note()
        file.truncate(found.ranges.end if found is not None else 0)
        file.seek(0, os.SEEK_END)
        self.found, self.size = found, found.size if found is not None else 0

    def _drop_note(self) -> None:
        """Delete the note of an earlier run; call this before changing the file."""
        if self._note and os.path.lexists(self._note):
            with translate_disk_errors(self.folder):
                delete_file(self._note)
            sync_folder(self.folder)

    def _close_file(self) -> None:
        if self._is_kept and not self._is_committed:
            return self._file.close()
        super()._close_file()
        if self._note and not self._is_committed and os.path.exists(self._note):
            delete_file(self._note)


def discard_resumable(folder: str, urls: Iterable[str]) -> int:
    """Delete the unfinished downloads of some URLs in a folder; return how many were deleted.

    Files in use are not deleted.
    """
    try:
        names = set(filter(is_temporary_name, os.listdir(folder)))
    except (OSError, ValueError):  # a NUL in the folder's name
        return 0
    paths = (temporary_path(folder, _file_key(url)) for url in (urls if names else ()))
    return sum(remove_resumable(path) for path in paths if os.path.basename(path) in names)


def resumable_size(folder: str, url: str) -> int:
    """Return the number of bytes in a URL's unfinished download, 0 if there is none."""
    found = read_note(temporary_path(folder, _file_key(url)) + NOTE)
    return found.ranges.size if found is not None else 0


def remove_resumable(path: str) -> bool:
    """Delete an unfinished file and its note; return whether they were deleted.

    A file in use is not deleted.
    """
    try:
        if has_hard_links(path):  # left by a program that was killed while renaming
            _delete_with_note(path)
            return True
        with open_own_file(path, "r+b") as file:
            if not (lock_descriptor(file.fileno()) and _is_still_at(file.fileno(), path)):
                return False
            _delete_with_note(path)
    except OSError:
        return False
    return True


def _delete_with_note(path: str) -> None:
    with suppress(FileNotFoundError):
        delete_file(path + NOTE)
    delete_file(path)


def _open_locked(path: str) -> FileIO | None:
    """Open or create a file and lock it; return None if it cannot be locked."""
    while True:
        if is_foreign(path):
            delete_file(path)
        file = open_own_file(path, "r+b", creates=True)  # no "a": bytes may come in any order
        is_ours = lock_descriptor(file.fileno())
        if is_ours and _is_still_at(file.fileno(), path):
            return file
        file.close()
        if is_ours is None:  # the file system has no locks
            delete_file(path)
        if not is_ours:
            return None


def _is_still_at(descriptor: int, path: str) -> bool:
    """Return whether a path still leads to this open file, not to another one."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _file_key(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:24]
