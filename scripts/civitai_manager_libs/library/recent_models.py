"""The models that were opened last, kept between starts."""

from __future__ import annotations

import json
import os

from .. import setting
from ..core import write_text_file

__all__ = ["add_recent_model", "list_recent_models"]

_MOST = 20


def list_recent_models() -> list[tuple[int, str]]:
    """(model id, name), the last one first."""
    try:
        with open(_path(), encoding="utf-8") as file:
            rows = json.loads(file.read(100_000))
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(rows, list):
        return []
    return [(row[0], row[1]) for row in rows if _is_row(row)][:_MOST]


def add_recent_model(model_id: int, name: str) -> None:
    """Raises DiskError."""
    rows = [(model_id, name), *(row for row in list_recent_models() if row[0] != model_id)][:_MOST]
    write_text_file(_path(), json.dumps(rows, ensure_ascii=False))


def _path() -> str:
    return os.path.join(setting.data_folder(), "recent.json")


def _is_row(row: object) -> bool:
    shaped = isinstance(row, list) and len(row) == 2
    return shaped and isinstance(row[0], int) and isinstance(row[1], str)  # type: ignore[index]
