"""What a user types as a folder, as a path."""

from __future__ import annotations

import os

__all__ = ["expand_folder"]


def expand_folder(typed: str) -> str:
    """Return the path: without quotes around it, which Explorer copies along; `~` replaced, and on
    Windows `%LOCALAPPDATA%` and the like."""
    path = os.path.expanduser(typed.strip().strip('"'))
    return os.path.expandvars(path) if os.name == "nt" else path
