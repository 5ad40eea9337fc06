"""What counts of each picture that was read, kept beside its record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from ..core import Image
from ..infotext import Generation
from ..stats import extract_features, RULES_VERSION
from .store import select_rows

__all__ = ["read_current_rows", "Row", "make_stats_row", "save_rows"]

Row = tuple[int, int, int, int, str, str, str]  # as the table has it


def save_rows(db: sqlite3.Connection, made: Iterable[Row]) -> None:
    db.executemany("INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?, ?, ?, ?)", made)


def read_current_rows(image_ids: Sequence[int]) -> list[Row]:
    """Those that were made by today's rules."""
    sql = "SELECT * FROM figures WHERE made_by = ? AND id IN (SELECT value FROM json_each(?))"
    return select_rows(sql, (RULES_VERSION, json.dumps(list(image_ids))))


def make_stats_row(image: Image, made: Generation | None = None) -> Row:
    """made: as `extract_features` takes it."""
    facts = extract_features(image, made)
    versions = ",".join(map(str, facts.version_ids))
    texts = ("\n".join(facts.settings), "\n".join(facts.words))
    settings, words = (text.encode("utf-8", "replace").decode("utf-8") for text in texts)
    return (facts.id, RULES_VERSION, facts.level, facts.reactions, versions, settings, words)
