"""Images that were deleted from Civitai, noticed when a gallery page is fetched again."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence

from ..civitai import ImageQuery, Page
from .store import write_later

__all__ = ["clear_deleted", "find_deleted", "insert_deleted", "mark_deleted"]

_BY_ID = ("Newest", "Oldest")


def find_deleted(query: ImageQuery, page: Page, earlier_ids: Sequence[int]) -> list[int]:
    """Return the ids of images that Civitai has deleted since a page was fetched before.

    These are the earlier ids that the page lacks between its lowest and its highest id. page: the
    page as fetched now. earlier_ids: the ids on the page before. Return [] for an incomplete page,
    and for a page that is not sorted by id: its images may have moved to another page.
    """
    if (
        not query.uses_sql_database
        or query.sort not in _BY_ID
        or query.period != "AllTime"
        or page.dropped
        or not page.ids
    ):
        return []
    ids = set(page.ids)
    low, high = min(ids), max(ids)
    return [image_id for image_id in earlier_ids if low < image_id < high and image_id not in ids]


def insert_deleted(db: sqlite3.Connection, image_ids: Iterable[int]) -> None:
    """Mark images as deleted from Civitai, in the caller's transaction.

    Images that are not stored are ignored. Earlier marks keep their time.
    """
    rows = ((image_id, time.time()) for image_id in image_ids)
    known = "SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM images WHERE id = ?1)"
    db.executemany(f"INSERT OR IGNORE INTO gone {known}", rows)


def mark_deleted(image_id: int) -> None:
    """Mark an image as deleted from Civitai; the database is written in the background."""
    write_later(lambda db: insert_deleted(db, [image_id]))


def clear_deleted(db: sqlite3.Connection, image_ids: Iterable[int]) -> None:
    """Unmark images that were marked as deleted from Civitai, in the caller's transaction."""
    ids = json.dumps(list(image_ids))
    db.execute("DELETE FROM gone WHERE id IN (SELECT value FROM json_each(?))", (ids,))
