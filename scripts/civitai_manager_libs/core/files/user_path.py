"""A folder as a user types it."""

from __future__ import annotations

import os

__all__ = ["expand_folder"]


def expand_folder(typed: str) -> str:
    """Return the path of a typed folder, with `~` and, on Windows, `%VARIABLES%` replaced.

    Quotes around the text are removed: Explorer's "Copy as path" adds them.
    """
    path = os.path.expanduser(typed.strip().strip('"'))
    return os.path.expandvars(path) if os.name == "nt" else path
