"""Deletion of the oldest records of a library that is over its limits."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence

from ... import setting
from .database import has_trigrams
from .schema import ANNOTATED_IDS

__all__ = ["evict_oldest"]

_AT_ONCE = 200  # rows of a table in one step: about 0.1 s of images
_LIMITS = {  # rows
    "models": 5_000,
    "pages": 20_000,
    "version_records": 20_000,
    "missing_versions": 20_000,
}


def evict_oldest(db: sqlite3.Connection) -> bool:
    """Delete old rows of tables that are over their limits; return whether more must be deleted.

    Runs in the caller's transaction for about 0.1 s. Images with annotations or reproductions are
    never deleted.
    """
    limits = {**_LIMITS, "images": setting.library_records}
    return any([_evict_rows(db, table, limit) for table, limit in limits.items()])


def _evict_rows(db: sqlite3.Connection, table: str, limit: int) -> bool:
    (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
    if count <= limit:
        return False
    kept = f"AND id NOT IN ({ANNOTATED_IDS})" if table == "images" else ""
    row_ids: list[int] = []
    for when in (">", "<="):  # a time in the future was set by a wrong clock: it is not recent
        left = min(count - limit, _AT_ONCE) - len(row_ids)
        sql = f"SELECT rowid FROM {table} WHERE read_at {when} ? {kept} ORDER BY read_at LIMIT ?"
        row_ids += [rowid for (rowid,) in db.execute(sql, (time.time(), left))]
    if table == "images":
        _delete_derived_rows(db, row_ids)
    where = "WHERE rowid IN (SELECT value FROM json_each(?))"
    db.execute(f"DELETE FROM {table} {where}", (json.dumps(row_ids),))
    return len(row_ids) == _AT_ONCE


def _delete_derived_rows(db: sqlite3.Connection, image_ids: Sequence[int]) -> None:
    """Delete the statistics and trigrams of images, because no foreign key deletes them.

    An FTS5 index with external content can only delete rows by their old values:
    https://www.sqlite.org/fts5.html#the_delete_command
    """
    values = (json.dumps(list(image_ids)),)
    db.execute("DELETE FROM figures WHERE id IN (SELECT value FROM json_each(?))", values)
    if not has_trigrams():
        return
    sql = (
        "INSERT INTO trigrams (trigrams, rowid, prompt, negative, names)"
        " SELECT 'delete', id, prompt, negative, names FROM texts"
        " WHERE id IN (SELECT value FROM json_each(?))"
    )
    db.execute(sql, values)
