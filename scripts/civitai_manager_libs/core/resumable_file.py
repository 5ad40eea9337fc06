"""Partial files that survive a crash and a power loss, and the leftovers that nobody wants."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from io import FileIO

from ..errors import DiskError
from .atomic_file import AtomicFile, delete_file, is_temporary_name, NOTE, temporary_path
from .disk import make_folder, sync_file, sync_folder, translate_disk_errors
from .resume_note import ByteRanges, read_note, ResumeNote
from .safe_open import check_own_folder, is_foreign, lock_descriptor, open_own_file

_MAX_LINES = 1024 * 1024  # bytes of a note, which is then written anew


class ResumableFile(AtomicFile):
    """A temporary file for a URL; a later download of the URL can find and continue the file.

    Several threads may write different parts of the file at the same time. found: the note of an
    earlier download, None if the file starts empty. size: bytes written, in all ranges. restarts:
    how often all bytes were deleted. If another thread or process is downloading the same URL, this
    is a separate file that cannot be resumed.

    After `write_note`, a program that is killed loses only writes in progress. A power loss also
    destroys what was written since the last `sync`.
    """

    def __init__(self, folder: str, url: str) -> None:
        self.found: ResumeNote | None = None
        self.restarts = 0
        self._key, self._note, self._is_kept = _file_key(url), "", False
        self._ranges = ByteRanges()
        self._lock = threading.Lock()  # of the ranges and the note
        self._position_lock = threading.Lock()  # of the file's position, where it is needed
        self._sync_lock = threading.Lock()
        self._sure = ResumeNote(0, 0, "")  # what is on the disk
        self._lines: FileIO | None = None  # the open note
        super().__init__(folder)

    @staticmethod
    def exists(folder: str, url: str) -> bool:
        """Return whether the folder has an unfinished download of this URL to resume."""
        try:
            return os.path.exists(temporary_path(folder, _file_key(url)) + NOTE)
        except ValueError:  # a NUL in the folder's name
            return False

    @property
    def is_taken(self) -> bool:
        """Return whether another thread or process is downloading the URL to the same folder."""
        return not self._note and os.path.exists(temporary_path(self.folder, self._key))

    @property
    def bytes_before_gap(self) -> int:
        """Return how many bytes from the file's beginning are present without a gap."""
        with self._lock:
            return self._ranges.bytes_before_gap

    @property
    def ranges(self) -> ByteRanges:
        """Return a copy of the byte ranges that were written."""
        with self._lock:
            return ByteRanges(self._ranges)

    def write_note(self, total: int, validator: str) -> None:
        """Flush all bytes to the disk, and write a note by which a later download can resume.

        Later writes add their ranges to the note, and a second call only calls `sync`. Do nothing
        for a file that cannot be resumed. total: the whole file's size in bytes, 0 if unknown.
        validator: the server's ETag or date of the file.
        """
        if self._lines is not None:
            return self.sync()
        if self._note:
            with self._lock, translate_disk_errors(self.folder):
                sync_file(self._file.fileno())
                self._sure = ResumeNote.create(self._ranges, total, validator)
                self._replace_note()

    def write(self, data: bytes) -> None:
        """Append bytes to a file that has no gaps."""
        self.write_at(data, self.size)

    def write_at(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        """Write bytes at an offset in the file, and record their range."""
        with translate_disk_errors(self.folder):
            view, end = memoryview(data), offset + len(data)
            while view:
                if hasattr(os, "pwrite"):
                    count = os.pwrite(self._file.fileno(), view, end - len(view))
                else:
                    with self._position_lock:
                        self._file.seek(end - len(view))
                        count = self._file.write(view)
                view = view[count:]
            with self._lock:
                self._ranges.add(offset, end)
                self.size = self._ranges.size
                if self._lines is not None and self._sure.system:
                    self._lines.write(b"[%d,%d]\n" % (offset, end))

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes from an offset in the file."""
        with translate_disk_errors(self.folder):
            if hasattr(os, "pread"):
                return os.pread(self._file.fileno(), size, offset)
            with self._position_lock:
                self._file.seek(offset)
                return self._file.read(size)

    def sync(self) -> None:
        """Flush all bytes to the disk, and record in the note that they survive a power loss.

        A file without a note is only flushed.
        """
        with self._sync_lock, translate_disk_errors(self.folder):
            with self._lock:
                ranges, sure = ByteRanges(self._ranges), self._sure
            sync_file(self._file.fileno())
            with self._lock:
                if self._lines is None or self._sure is not sure:  # restarted meanwhile
                    return
                self._sure = sure.with_ranges(ranges)
                if self._lines.tell() > _MAX_LINES:
                    return self._replace_note()
                self._lines.write(self._note_lines())
            sync_file(self._lines.fileno())

    def keep(self) -> None:
        """Keep the unfinished file after the `with` block, if the file has bytes and a note."""
        self._is_kept = self._lines is not None and self.size > 0

    def restart(self) -> None:
        with self._sync_lock, self._lock:
            self._close_note()
            self._delete_note()
            super().restart()
            self._ranges, self.found = ByteRanges(), None
            self.restarts += 1

    def commit(self, path: str) -> None:
        super().commit(path)
        self._try_to_delete_note()

    def commit_new(self, path: str) -> None:
        super().commit_new(path)
        self._try_to_delete_note()

    def _open_file(self) -> tuple[str, FileIO]:
        path = temporary_path(self.folder, self._key)
        check_own_folder(self.folder)
        make_folder(self.folder)
        file = _open_locked(path)
        if file is None:
            return super()._open_file()
        self._note = path + NOTE
        try:
            self.found = read_note(self._note)
            size = os.fstat(file.fileno()).st_size
            if self.found is None or size < self.found.ranges.end:
                self.found = None
                self._delete_note()
            self._ranges = self.found.ranges if self.found is not None else ByteRanges()
            self.size = self._ranges.size
            file.truncate(self._ranges.end)
        except (OSError, DiskError):
            file.close()
            raise
        return path, file

    def _replace_note(self) -> None:
        """Write a new note of all byte ranges in place of the old note, and keep the note open."""
        self._close_note()
        with AtomicFile(self.folder) as fresh:
            fresh.write(self._note_lines())
            fresh.commit(self._note)
        self._lines = open_own_file(self._note, "ab")

    def _note_lines(self) -> bytes:
        """Return the note: byte ranges that survive a power loss, then all written ranges."""
        lines = [self._sure.to_line()]
        if self._ranges != self._sure.ranges and self._sure.system:
            lines += [b"[%d,%d]\n" % range_ for range_ in self._ranges]
        return b"".join(lines)

    def _close_note(self) -> None:
        if self._lines is not None:
            self._lines.close()
        self._lines = None

    def _delete_note(self) -> None:
        if self._note and os.path.lexists(self._note):
            with translate_disk_errors(self.folder):
                delete_file(self._note)
            sync_folder(self.folder)

    def _try_to_delete_note(self) -> None:
        self._close_note()
        if self._note:
            with suppress(OSError):  # there is none, or `remove_leftovers` deletes it
                delete_file(self._note)

    def _close_file(self) -> None:
        self._close_note()
        if self._is_kept and not self._is_committed:
            return self._file.close()
        super()._close_file()
        if self._note and not self._is_committed and os.path.exists(self._note):
            delete_file(self._note)


def delete_resumable(folder: str, urls: Iterable[str]) -> int:
    """Delete the unfinished, unused downloads of URLs in a folder; return how many were deleted."""
    try:
        names = set(filter(is_temporary_name, os.listdir(folder)))
    except (OSError, ValueError):  # a NUL in the folder's name
        return 0
    paths = (temporary_path(folder, _file_key(url)) for url in (urls if names else ()))
    return sum(delete_resumable_file(path) for path in paths if os.path.basename(path) in names)


def resumable_size(folder: str, url: str) -> int:
    """Return how many bytes a folder's unfinished download of a URL has, 0 if there is none."""
    found = read_note(temporary_path(folder, _file_key(url)) + NOTE)
    return found.ranges.size if found is not None else 0


def delete_resumable_file(path: str) -> bool:
    """Delete an unfinished file that nobody uses, and its note; return whether it is deleted."""
    try:
        status = os.lstat(path)
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            # It was left by a program that was killed while renaming.
            _delete_with_note(path)
            return True
        with open_own_file(path, "r+b") as file:
            if not (lock_descriptor(file.fileno()) and _is_same_file(file.fileno(), path)):
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
    """Open or create a file and lock it; return None if it cannot be locked.

    A link, or a file of another user, is deleted first and replaced by a new file.
    """
    while True:
        if is_foreign(path):
            delete_file(path)
        file = open_own_file(path, "r+b", creates=True)  # no "a": bytes may come in any order
        is_ours = lock_descriptor(file.fileno())
        if is_ours and _is_same_file(file.fileno(), path):
            return file
        file.close()
        if is_ours is None:  # the file system has no locks
            delete_file(path)
        if not is_ours:
            return None


def _is_same_file(descriptor: int, path: str) -> bool:
    """Return whether a path leads to this open file, False if the path does not exist."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _file_key(url: str) -> str:
    # Civitai's hosts serve the same files: after a change of the host, a download goes on.
    url = url.replace("https://civitai.red/", "https://civitai.com/", 1)
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:24]


_MAX_AGE = 30 * 24 * 3600.0  # seconds since the last write to a resumable file


def remove_leftovers(folder: str) -> int:
    """Delete the temporary files that killed programs left in a folder; return how many.

    Files in use are kept. A file that a later download can resume is kept until 30 days after the
    last write to the file. Return 0 if the folder cannot be read.
    """
    removed = 0
    try:
        names = [name for name in os.listdir(folder) if is_temporary_name(name)]
    except (OSError, ValueError):  # a NUL in the folder's name
        return 0
    for name in names:
        path = os.path.join(folder, name)
        if name.endswith(NOTE):
            if not os.path.exists(path.removesuffix(NOTE)):
                with suppress(OSError):
                    delete_file(path)
                    removed += 1
        elif not _is_resumable(path):
            removed += delete_resumable_file(path)
    return removed


def _is_resumable(path: str) -> bool:
    try:
        found, status = read_note(path + NOTE), os.lstat(path)
    except OSError:
        return False
    is_usable = found is not None and status.st_size >= found.ranges.end and status.st_nlink <= 1
    return is_usable and abs(time.time() - status.st_mtime) < _MAX_AGE  # a clock may be wrong
