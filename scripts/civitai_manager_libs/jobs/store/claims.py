"""Who fetches what: a picture that two jobs want is fetched by the first that says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ..records import Claim

__all__ = ["claim", "free"]


def claim(db: sqlite3.Connection, job_id: int, image_ids: Sequence[int]) -> dict[int, Claim]:
    """Say that this job is about to fetch these, as far as no other job has said so."""
    marks = ",".join("?" * len(image_ids))
    saved_sql = f"SELECT image_id, path, bytes FROM saved WHERE image_id IN ({marks})"
    owner_sql = f"SELECT image_id, job FROM claims WHERE image_id IN ({marks})"
    saved = {i: found for i, *found in db.execute(saved_sql, image_ids)}
    owners = dict(db.execute(owner_sql, image_ids).fetchall())
    rows = [(i, job_id) for i in image_ids if i not in owners]
    db.executemany("INSERT INTO claims (image_id, job) VALUES (?, ?)", rows)
    return {
        i: Claim(
            *saved.get(i, ()),
            other_job=owners[i] if owners.get(i, job_id) != job_id else 0,
            ours_before=owners.get(i) == job_id,
        )
        for i in image_ids
    }


def free(db: sqlite3.Connection, job_id: int) -> None:
    """Drop a job's claims."""
    db.execute("DELETE FROM claims WHERE job = ?", (job_id,))
