"""The models that the user opened last, stored in `recent.json` of the data folder."""

from __future__ import annotations

import json
import os

from .. import setting
from ..core import write_text_file

__all__ = ["add_recent_model", "list_recent_models"]

_MAX_MODELS = 20


def list_recent_models() -> list[tuple[int, str]]:
    """Return (model id, name) of the models that the user opened last, the latest first.

    Return [] if the file is missing or damaged.
    """
    try:
        with open(_path(), encoding="utf-8") as file:
            rows = json.loads(file.read(100_000))
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(rows, list):
        return []
    return [(row[0], row[1]) for row in rows if _is_row(row)][:_MAX_MODELS]


def add_recent_model(model_id: int, name: str) -> None:
    """Put a model first in the list of recently opened models. Raises DiskError."""
    rows = [(model_id, name), *(row for row in list_recent_models() if row[0] != model_id)]
    write_text_file(_path(), json.dumps(rows[:_MAX_MODELS], ensure_ascii=False))


def _path() -> str:
    return os.path.join(setting.data_folder(), "recent.json")


def _is_row(row: object) -> bool:
    is_pair = isinstance(row, list) and len(row) == 2
    return is_pair and isinstance(row[0], int) and isinstance(row[1], str)  # type: ignore[index]
