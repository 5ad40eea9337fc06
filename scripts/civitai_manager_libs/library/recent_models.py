"""The models and authors that the user opened last, stored in `recent.json` of the data folder."""

from __future__ import annotations

import json
import os

from .. import setting
from ..core import lock_file, open_to_read, write_text_file

__all__ = ["add_recent_gallery", "list_recent_galleries", "list_recent_models"]

_MAX_GALLERIES = 20


def list_recent_models() -> list[tuple[int, str]]:
    """Return (model id, name) of the recently opened models, the latest first."""
    return [(key, name) for key, name in list_recent_galleries() if isinstance(key, int)]


def list_recent_galleries() -> list[tuple[int | str, str]]:
    """Return (key, name) of the recently opened galleries, the latest first.

    The key is a model's id or an author's name. Return [] if the stored list is missing or damaged.
    """
    try:
        with open_to_read(_path()) as file:
            rows = json.loads(file.read(100_000))
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(rows, list):
        return []
    return [(row[0], row[1]) for row in rows if _is_row(row)][:_MAX_GALLERIES]


def add_recent_gallery(key: int | str, name: str) -> None:
    """Put a gallery first in the list of recently opened galleries. Raises DiskError.

    key: a model's id or an author's name.
    """
    with lock_file(_path()):
        rows = [(key, name), *(row for row in list_recent_galleries() if row[0] != key)]
        write_text_file(_path(), json.dumps(rows[:_MAX_GALLERIES], ensure_ascii=False))


def _path() -> str:
    return os.path.join(setting.data_folder(), "recent.json")


def _is_row(row: object) -> bool:
    if not isinstance(row, list) or len(row) != 2:
        return False
    return isinstance(row[0], (int, str)) and isinstance(row[1], str)
