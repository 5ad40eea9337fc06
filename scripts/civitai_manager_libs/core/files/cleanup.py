"""What killed programs left in a folder, and nobody goes on with, is removed."""

from __future__ import annotations

import os
import time

from .atomic_file import is_partial, NOTE
from .replace import delete_file
from .resumable_file import noted, remove_half

__all__ = ["sweep"]

_KEPT = 30 * 24 * 3600.0  # seconds; a half file that nobody came back to for so long


def sweep(folder: str) -> int:
    """Remove leftovers, but the half files that can be gone on with; how many files that were.

    A file in use is held by who writes it, so a live download is safe.
    """
    removed = 0
    try:
        names = [name for name in os.listdir(folder) if is_partial(name)]
    except OSError:
        return 0
    for name in names:
        path = os.path.join(folder, name)
        if name.endswith(NOTE):
            removed += _removed_alone(path)
        elif not _may_be_wanted(path):
            removed += remove_half(path)
    return removed


def _may_be_wanted(path: str) -> bool:
    try:
        found, status = noted(path + NOTE), os.stat(path)
    except OSError:
        return False
    is_usable = found is not None and status.st_size >= found.size
    return is_usable and time.time() - status.st_mtime < _KEPT


def _removed_alone(note: str) -> bool:
    """A note whose half file is gone."""
    if os.path.exists(note.removesuffix(NOTE)):
        return False
    try:
        delete_file(note)
    except OSError:
        return False
    return True
