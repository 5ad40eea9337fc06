"""Expands a folder's path as typed by the user."""

from __future__ import annotations

import os

__all__ = ["expand_folder"]


def expand_folder(typed: str) -> str:
    """Return the path of a folder that the user typed, with `~` expanded and without quotes.

    On Windows, `%VARIABLES%` are expanded too.
    """
    path = os.path.expanduser(typed.strip().strip('"'))
    return os.path.expandvars(path) if os.name == "nt" else path
