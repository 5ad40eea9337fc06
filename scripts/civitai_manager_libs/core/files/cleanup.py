"""Removes the temporary files that killed programs left in a folder."""

from __future__ import annotations

import os
import time

from .atomic_file import is_temporary_name, NOTE
from .replace import delete_file
from .resumable_file import delete_resumable_file
from .resume_note import read_note

__all__ = ["remove_leftovers"]

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
            removed += _remove_orphan_note(path)
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


def _remove_orphan_note(note: str) -> bool:
    """Delete a resume note whose unfinished file is missing; return whether it was deleted."""
    if os.path.exists(note.removesuffix(NOTE)):
        return False
    try:
        delete_file(note)
    except OSError:
        return False
    return True
