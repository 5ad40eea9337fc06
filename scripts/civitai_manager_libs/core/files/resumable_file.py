"""A half file that a later run goes on with: it lies in its folder, beside a note of its version.

The note is lines of JSON, each with how many bytes were on the disk when it was written; the last
whole line counts. So whatever is lost with the process or the power, what is gone on with is the
beginning of the version that the note tells of; without a note it is nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import FileIO

from ...errors import DiskError
from .atomic_file import AtomicFile, is_temporary_name, NOTE, temporary_path
from .file_lock import lock_descriptor
from .free_space import translate_disk_errors
from .fsync import make_folder, sync_file, sync_folder
from .replace import delete_file
from .safe_open import check_own_folder, is_foreign, open_own_file

__all__ = ["ResumableFile", "ResumeNote", "discard_resumable", "read_note", "remove_resumable"]

_LONGEST_NOTE = 10_000_000  # bytes; a line each half second for half a day


@dataclass(frozen=True)
class ResumeNote:
    """size: bytes that are on the disk. total: of all of it, 0 when that is not known. validator:
    what its server calls this version, for `If-Range`."""

    size: int
    total: int
    validator: str


class ResumableFile(AtomicFile):
    """A PartialFile that is found again by what it is `of` (a URL) after its process was killed, or
    when it was told to `keep`.

    found: what there was at the start; None where it begins anew. Where somebody else is at work
    on the same one, this one is another, and is never kept.
    """

    def __init__(self, folder: str, of: str) -> None:
        self.found: ResumeNote | None = None
        self._key, self._note, self._is_kept = _file_key(of), "", False
        super().__init__(folder)

    @staticmethod
    def exists(folder: str, of: str) -> bool:
        """Whether there may be one, at the cost of one look."""
        try:
            return os.path.exists(temporary_path(folder, _file_key(of)) + NOTE)
        except ValueError:  # a NUL in the folder's name
            return False

    def read_start(self, size: int) -> bytes:
        """Its first bytes."""
        with translate_disk_errors(self.folder):
            self._file.seek(0)
            return self._file.read(size)

    def write_note(self, total: int, validator: str) -> None:
        """Where it is now, once that is on the disk."""
        if not self._note:
            return
        line = json.dumps(asdict(ResumeNote(self.size, total, validator))) + "\n"
        with translate_disk_errors(self.folder):
            sync_file(self._file.fileno())
            with open_own_file(self._note, "ab") as file:
                file.write(line.encode())

    def keep(self, total: int, validator: str) -> None:
        """Leave it when the block ends, if it can be found again."""
        self.write_note(total, validator)
        self._is_kept = self._note != ""

    def restart(self) -> None:
        self._drop_note()
        super().restart()

    def commit(self, path: str) -> None:
        super().commit(path)
        if self._note:
            with suppress(OSError):  # there is none, or `sweep` finds it
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
        if found is None or os.fstat(file.fileno()).st_size < found.size:
            found = None
            self._drop_note()
        file.truncate(found.size if found is not None else 0)
        self.found, self.size = found, found.size if found is not None else 0

    def _drop_note(self) -> None:
        """Surely, before other bytes come than those that it tells of."""
        if self._note and os.path.lexists(self._note):
            with translate_disk_errors(self.folder):
                delete_file(self._note)
            sync_folder(self.folder)

    def _close_file(self) -> None:
        if self._is_kept and not self._has_its_name:
            return self._file.close()
        super()._close_file()
        if self._note and not self._has_its_name and os.path.exists(self._note):
            delete_file(self._note)


def read_note(path: str) -> ResumeNote | None:
    """What a note says; None where there is none, or none that makes sense."""
    try:
        with open_own_file(path, "rb") as file:
            lines = file.read(_LONGEST_NOTE).split(b"\n")
        found = ResumeNote(**json.loads(lines[-2])) if len(lines) > 1 else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return found if found is not None and _is_valid_note(found) else None


def discard_resumable(folder: str, of: Iterable[str]) -> int:
    """Remove the half files of these, but for what somebody works on; how many that were."""
    try:
        there = set(filter(is_temporary_name, os.listdir(folder)))
    except OSError:
        return 0
    paths = (temporary_path(folder, _file_key(each)) for each in (of if there else ()))
    return sum(remove_resumable(path) for path in paths if os.path.basename(path) in there)


def remove_resumable(path: str) -> bool:
    """A partial file and its note, unless somebody works on it, or the disk says no."""
    try:
        with open_own_file(path, "r+b") as file:
            if not (lock_descriptor(file.fileno()) and _is_still_at(file.fileno(), path)):
                return False
            _remove_note(path)
            delete_file(path)
    except OSError:
        return False
    return True


def _remove_note(path: str) -> None:
    with suppress(FileNotFoundError):
        delete_file(path + NOTE)


def _open_locked(path: str) -> FileIO | None:
    """The file of this name, made where there is none; None where it cannot be ours alone."""
    while True:
        if is_foreign(path):
            delete_file(path)
        file = open_own_file(path, "a+b")
        is_ours = lock_descriptor(file.fileno())
        if is_ours and _is_still_at(file.fileno(), path):
            return file
        file.close()
        if is_ours is None:  # nobody can tell whose it is
            delete_file(path)
        if not is_ours:
            return None


def _is_still_at(descriptor: int, path: str) -> bool:
    """Not where whoever had it before has given it another name, or removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _file_key(of: str) -> str:
    return hashlib.sha256(of.encode("utf-8", "replace")).hexdigest()[:24]


def _is_valid_note(found: ResumeNote) -> bool:
    numbers = all(type(n) is int and n >= 0 for n in (found.size, found.total))
    return numbers and isinstance(found.validator, str) and found.validator != ""
