"""The rows of a job that downloads model files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from ...civitai import ImageQuery
from ...model_files import ModelFileRequest
from ..records import JobOptions, ModelJobStart
from ..states import JobState, WalkState
from .rows import insert_job, to_json, without_base

__all__ = ["insert_model_job"]


def insert_model_job(
    db: sqlite3.Connection, title: str, folder: str, requests: Sequence[ModelFileRequest]
) -> ModelJobStart:
    """Insert a queued job for the files that no unfinished job is going to fetch.

    No job is inserted if there are no such files.
    """
    wanted = {request.file_id: request for request in requests}
    elsewhere = _find_unfinished(db, wanted)
    files = [request for file_id, request in wanted.items() if file_id not in elsewhere]
    if not files:
        return ModelJobStart(None, elsewhere=elsewhere)
    options = JobOptions(kind="models")
    job_id = insert_job(db, title, ImageQuery(), folder, len(files), False, options)
    # There are no pages to read.
    db.execute("UPDATE jobs SET walked = ? WHERE id = ?", (WalkState.OVER.column, job_id))
    for file in files:
        row = (job_id, file.file_id, without_base(file.url), file.size)
        columns = "job, image_id, url, bytes, kind"
        place = db.execute(f"INSERT INTO items ({columns}) VALUES (?, ?, ?, ?, 'model')", row)
        record = (place.lastrowid, to_json(file.to_json()))
        db.execute("INSERT INTO records VALUES (?, ?)", record)
    return ModelJobStart(job_id, tuple(file.file_id for file in files), elsewhere)


def _find_unfinished(db: sqlite3.Connection, file_ids: Iterable[int]) -> dict[int, int]:
    """Return the unfinished jobs that are going to fetch these files, by file id."""
    over = [state for state in JobState if state.is_over]
    found = db.execute(
        "SELECT image_id, job FROM items JOIN jobs ON jobs.id = job WHERE kind = 'model'"
        " AND image_id IN (SELECT value FROM json_each(?)) AND items.state = 'waiting'"
        " AND jobs.state NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(list(file_ids)), json.dumps(over)),
    )
    return dict(found.fetchall())
