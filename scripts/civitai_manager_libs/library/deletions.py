"""Pictures that Civitai no longer has: found when what they stood in is read again."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence

from ..civitai import ImageQuery, Page
from .store import write_later

__all__ = ["find_missing", "mark_deleted", "insert_deleted", "clear_deleted"]

_BY_ID = ("Newest", "Oldest")


def find_missing(query: ImageQuery, page: Page, before: Sequence[int]) -> list[int]:
    """Those of `before`, what an earlier reading of the page had, that this one ought to have.

    Only where the site sorts by id: between the first and the last that it sent nothing may lack.
    """
    if (
        not query.takes_sql_path
        or query.sort not in _BY_ID
        or query.period != "AllTime"
        or page.dropped
        or not page.ids
    ):
        return []
    low, high = min(page.ids), max(page.ids)
    there = set(page.ids)
    return [image_id for image_id in before if low < image_id < high and image_id not in there]


def insert_deleted(db: sqlite3.Connection, image_ids: Iterable[int]) -> None:
    """In a transaction of the caller's. When a picture was first missed is what counts."""
    rows = ((image_id, time.time()) for image_id in image_ids)
    known = "SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM images WHERE id = ?1)"
    db.executemany(f"INSERT OR IGNORE INTO gone {known}", rows)


def mark_deleted(image_id: int) -> None:
    """Civitai was asked for it, and has none."""
    write_later(lambda db: insert_deleted(db, [image_id]))


def clear_deleted(db: sqlite3.Connection, image_ids: Iterable[int]) -> None:
    """They were read, so they are there."""
    ids = json.dumps(list(image_ids))
    db.execute("DELETE FROM gone WHERE id IN (SELECT value FROM json_each(?))", (ids,))
