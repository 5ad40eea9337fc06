"""Renames and deletes files, with retries while another program has the file open on Windows.

A virus scanner, an indexer or the WebUI may have any file open for some tenths of a second.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress

__all__ = ["delete_file", "rename_to_new", "replace_file"]

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
