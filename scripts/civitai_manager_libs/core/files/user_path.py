"""A folder as a user types it."""

from __future__ import annotations

import os

__all__ = ["expand_folder"]


def expand_folder(typed: str) -> str:
    """Return the path of a folder that the user typed, with `~` expanded.

    On Windows, `%VARIABLES%` are expanded too. Quotes around the path are removed: Explorer's "Copy
    as path" adds them.
    """
    path = os.path.expanduser(typed.strip().strip('"'))
    return os.path.expandvars(path) if os.name == "nt" else path
