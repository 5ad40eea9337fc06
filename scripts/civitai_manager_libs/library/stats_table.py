"""What counts of each picture that was read, kept beside its record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from ..core import Image
from ..infotext import Made
from ..stats import facts_of, MADE_BY
from .store import rows

__all__ = ["kept", "Row", "row_of", "save"]

Row = tuple[int, int, int, int, str, str, str]  # as the table has it


def save(db: sqlite3.Connection, made: Iterable[Row]) -> None:
    db.executemany("INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?, ?, ?, ?)", made)


def kept(image_ids: Sequence[int]) -> list[Row]:
    """Those that were made by today's rules."""
    sql = "SELECT * FROM figures WHERE made_by = ? AND id IN (SELECT value FROM json_each(?))"
    return rows(sql, (MADE_BY, json.dumps(list(image_ids))))


def row_of(image: Image, made: Made | None = None) -> Row:
    """made: as `facts_of` takes it."""
    facts = facts_of(image, made)
    versions = ",".join(map(str, facts.version_ids))
    texts = ("\n".join(facts.settings), "\n".join(facts.words))
    settings, words = (text.encode("utf-8", "replace").decode("utf-8") for text in texts)
    return (facts.id, MADE_BY, facts.level, facts.reactions, versions, settings, words)
