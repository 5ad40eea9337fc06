"""A resumable file whose bytes arrive in any order, over several connections."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from io import FileIO

from ...errors import DiskError
from ..byte_ranges import ByteRanges
from .atomic_file import AtomicFile, temporary_path
from .free_space import translate_disk_errors
from .fsync import sync_file, sync_folder
from .replace import delete_file, rename_to_new
from .resumable_file import ResumableFile
from .resume_note import read_note, ResumeNote
from .safe_open import open_own_file

__all__ = ["RangedFile"]

_MAX_LINES = 1024 * 1024  # bytes of a note, which is then written anew


class RangedFile(ResumableFile):
    """A resumable file of which several threads may write different parts at the same time.

    size: bytes written, in all ranges. beginning: bytes before the first gap. restarts: how often
    all bytes were deleted. If the program is killed, only writes in progress are lost; a power loss
    also loses everything since the last `sync`.
    """

    def __init__(self, folder: str, url: str) -> None:
        self.restarts = 0
        self._ranges = ByteRanges()
        self._lock = threading.Lock()  # of the ranges and the note
        self._position_lock = threading.Lock()  # of the file's position, where it is needed
        self._sync_lock = threading.Lock()
        self._sure = ResumeNote(0, 0, "")  # what is on the disk
        self._lines: FileIO | None = None  # the open note
        super().__init__(folder, url)
        if self.found is not None:
            self._ranges = self.found.ranges
            self.size = self._ranges.size

    @property
    def is_taken(self) -> bool:
        """Return whether another thread or process is downloading the same URL."""
        return not self._note and os.path.exists(temporary_path(self.folder, self._key))

    @property
    def beginning(self) -> int:
        with self._lock:
            return self._ranges.beginning

    @property
    def ranges(self) -> ByteRanges:
        """Return a copy of the byte ranges that were written."""
        with self._lock:
            return ByteRanges(self._ranges)

    def start_note(self, total: int, validator: str) -> None:
        """Start to record the written byte ranges, so that a later run can resume the download.

        total: the whole file's size in bytes. validator: the server's ETag or date of the file.
        """
        if not self._note:
            return
        with self._lock, translate_disk_errors(self.folder):
            sure = read_note(self._note, sure=True)
            ranges = sure.ranges if sure is not None else ByteRanges()
            self._sure = ResumeNote.of(ranges, total, validator)
            self._replace_note()

    def write_at(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        """Write bytes at an offset in the file, and record their range."""
        with translate_disk_errors(self.folder):
            self._write_bytes(data, offset)
            end = offset + len(data)
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
        """Flush all bytes to the disk, and record that they now survive a power loss."""
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

    def keep(self, total: int = 0, validator: str = "") -> None:
        """Keep the unfinished file after the `with` block, if `start_note` was called.

        total, validator: not used, because `start_note` has recorded them.
        """
        self._is_kept = self._lines is not None and self.size > 0

    def restart(self) -> None:
        with self._sync_lock, self._lock:
            self._close_note()
            super().restart()
            self._ranges, self.found = ByteRanges(), None
            self.restarts += 1

    def commit_new(self, path: str) -> None:
        """Flush the file's bytes to the disk, and rename the file to `path`.

        Raises DiskError if a file of that name exists.
        """
        with translate_disk_errors(path):
            sync_file(self._file.fileno())
            try:
                rename_to_new(self.path, path)
            except FileExistsError as error:
                raise DiskError(f"{path} exists already.") from error
            self._is_committed = True
            self._close_note()
            with suppress(OSError):  # there is none, or `remove_leftovers` deletes it
                delete_file(self._note)
        sync_folder(os.path.dirname(path))

    def _write_bytes(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        view = memoryview(data)
        while view:
            if hasattr(os, "pwrite"):
                count = os.pwrite(self._file.fileno(), view, offset)
            else:
                with self._position_lock:
                    self._file.seek(offset)
                    count = self._file.write(view)
            view, offset = view[count:], offset + count

    def _replace_note(self) -> None:
        """Replace the note of the written byte ranges by a new one, and keep the new one open."""
        self._close_note()
        with AtomicFile(self.folder) as fresh:
            fresh.write(self._note_lines())
            fresh.commit(self._note)
        self._lines = open_own_file(self._note, "ab")

    def _note_lines(self) -> bytes:
        """Return the note's text: the ranges that survive a power loss, then all written ranges."""
        lines = [self._sure.to_line()]
        if self._ranges != self._sure.ranges and self._sure.system:
            lines += [b"[%d,%d]\n" % range_ for range_ in self._ranges]
        return b"".join(lines)

    def _close_note(self) -> None:
        if self._lines is not None:
            self._lines.close()
        self._lines = None

    def _close_file(self) -> None:
        self._close_note()
        super()._close_file()
