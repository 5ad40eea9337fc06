"""The database rows of jobs that download model files."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from typing import Any

from ...civitai import ImageQuery
from ...core import as_integer, resumable_size
from ...model_files import ModelFileRequest
from ..model_records import ModelFileState, ModelJobStart
from ..records import JobOptions
from ..states import JobState, WalkState
from .rows import insert_job, to_json, add_base_url, remove_base_url

__all__ = ["list_files_of_other_jobs", "insert_model_job", "parse_state", "STATES"]

_RECORD = "CASE WHEN json_valid(record) THEN json_extract(record, '$.{0}') END"
STATES = (
    "SELECT image_id, url, state, bytes, reason, message, path,"
    f" {', '.join(map(_RECORD.format, ('version_id', 'name', 'title', 'path')))}"
    " FROM items LEFT JOIN records ON records.place = items.place"
    " WHERE job = ? AND kind = 'model' ORDER BY items.place"
)
_OVER = json.dumps([state for state in JobState if state.is_over])
_UNFINISHED = (  # the first parameter is `_OVER`
    "SELECT image_id, job FROM items JOIN jobs ON jobs.id = job WHERE kind = 'model'"
    " AND items.state = 'waiting' AND jobs.state NOT IN (SELECT value FROM json_each(?))"
)


def insert_model_job(
    db: sqlite3.Connection, title: str, requests: Sequence[ModelFileRequest], search: str = ""
) -> ModelJobStart:
    """Insert a queued job for model files; return its id and which job downloads each file.

    A file that an unfinished job will download is left out. If no file is left, no job is inserted,
    and the id is None. search: the library search whose images need the files.
    """
    wanted = {request.file_id: request for request in requests}
    sql = f"{_UNFINISHED} AND image_id IN (SELECT value FROM json_each(?))"
    elsewhere = dict(db.execute(sql, (_OVER, json.dumps(list(wanted)))).fetchall())
    files = [request for file_id, request in wanted.items() if file_id not in elsewhere]
    if not files:
        return ModelJobStart(None, elsewhere=elsewhere)
    folders = [os.path.dirname(file.path) for file in files]
    try:
        folder = os.path.commonpath(folders)
    except ValueError:  # several drives on Windows
        folder = folders[0]
    options = JobOptions(kind="models", search=search)
    job_id = insert_job(db, title, ImageQuery(), folder, len(files), False, options)
    # There are no pages to read.
    db.execute("UPDATE jobs SET walked = ? WHERE id = ?", (WalkState.OVER.value, job_id))
    for file in files:
        row = (job_id, file.file_id, remove_base_url(file.url), file.size)
        columns = "job, image_id, url, bytes, kind"
        place = db.execute(f"INSERT INTO items ({columns}) VALUES (?, ?, ?, ?, 'model')", row)
        record = (place.lastrowid, to_json(file.to_json()))
        db.execute("INSERT INTO records VALUES (?, ?)", record)
    return ModelJobStart(job_id, tuple(file.file_id for file in files), elsewhere)


def list_files_of_other_jobs(db: sqlite3.Connection, job_id: int) -> set[int]:
    """Return the ids of the model files that other unfinished jobs than this one will download."""
    return {file_id for file_id, _ in db.execute(f"{_UNFINISHED} AND job != ?", (_OVER, job_id))}


def parse_state(row: tuple[Any, ...]) -> ModelFileState:
    """Return the state of a model file from a row that the query `STATES` returned."""
    file_id, url, state, size, reason, message, saved_path, *record = row
    version_id, name, title, wanted_path = record
    path = saved_path or str(wanted_path or "")
    received = size if state in ("saved", "skipped") else 0
    if state == "waiting" and path:
        received = resumable_size(os.path.dirname(path), add_base_url(url))
    return ModelFileState(
        file_id,
        as_integer(version_id) or 0,
        str(name or file_id),
        str(title or ""),
        path,
        state,
        received,
        size,
        reason,
        message,
    )
