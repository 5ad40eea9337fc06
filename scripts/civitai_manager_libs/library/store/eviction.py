"""What was read longest ago goes when there is more than the library may hold."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from ... import setting
from .database import has_trigrams

__all__ = ["evict_oldest"]

_AT_ONCE = 200  # rows of a table in one step: about 0.2 s of images
_MOST = {"models": 5_000, "pages": 20_000}  # rows
_MARKED = "SELECT id FROM marks UNION SELECT id FROM own_tags UNION SELECT id FROM in_sets"


def evict_oldest(db: sqlite3.Connection) -> bool:
    """Delete some of what is over the limits; return whether there is more to delete.

    Runs in the caller's transaction, which is short: a large library takes many such steps. What
    the user has marked stays, however much it is.
    """
    return any([_evict_from(db, table, most) for table, most in _limits().items()])


def _limits() -> dict[str, int]:
    return {**_MOST, "images": setting.library_records}


def _evict_from(db: sqlite3.Connection, table: str, most: int) -> bool:
    (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
    if count <= most:
        return False
    unmarked = f"WHERE id NOT IN ({_MARKED})" if table == "images" else ""
    oldest = f"SELECT rowid FROM {table} {unmarked} ORDER BY read_at LIMIT ?"
    found = [rowid for (rowid,) in db.execute(oldest, (min(count - most, _AT_ONCE),))]
    if table == "images":
        _delete_dependents(db, found)
    ids = "SELECT value FROM json_each(?)"
    db.execute(f"DELETE FROM {table} WHERE rowid IN ({ids})", (json.dumps(found),))
    return len(found) == _AT_ONCE


def _delete_dependents(db: sqlite3.Connection, ids: Sequence[int]) -> None:
    """What does not go with their rows; the index has to be told what was in it."""
    given = json.dumps(list(ids))
    db.execute("DELETE FROM figures WHERE id IN (SELECT value FROM json_each(?))", (given,))
    if not has_trigrams():
        return
    sql = (
        "INSERT INTO trigrams (trigrams, rowid, prompt, negative, names)"
        " SELECT 'delete', id, prompt, negative, names FROM texts"
        " WHERE id IN (SELECT value FROM json_each(?))"
    )
    db.execute(sql, (given,))
