"""A download that survives: what was asked, how far it got, what failed and why (SQLite)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..file_lock import FileLock
from .database import Database
from .images import Image
from .paging import ImageQuery

__all__ = ["Claim", "Item", "Job", "JobStore", "Outcome"]


@dataclass(frozen=True)
class Job:
    """What was asked, and how far it is.

    folder: where the pictures go. wanted: how many at most. again: fetch what was saved before.
    state: `queued` nobody has begun; `running` somebody works on it, or was killed at it;
    `paused` for `reason` (a code) and `note` (a sentence); `done`; `cancelled`.
    walked: every picture that is wanted is listed; until then `total` grows.
    """

    id: int
    created: float
    title: str
    query: ImageQuery
    folder: str
    wanted: int
    again: bool
    state: str
    reason: str
    note: str
    cursor: str | None
    walked: bool
    saved: int = 0
    skipped: int = 0
    failed: int = 0
    waiting: int = 0
    bytes: int = 0

    @property
    def finished(self) -> int:
        return self.saved + self.skipped + self.failed

    @property
    def total(self) -> int:
        """Pictures in all: known once it is walked, until then what is wanted."""
        return self.finished + self.waiting if self.walked else self.wanted

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "cancelled")


@dataclass(frozen=True)
class Item:
    """A picture of a job. place: its order. record: the API's record as JSON text."""

    place: int
    image_id: int
    url: str
    kind: str
    record: str
    state: str
    reason: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What became of an item: `saved`, `skipped`, `failed`, or `waiting` still."""

    image_id: int
    state: str
    path: str = ""
    bytes: int = 0
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class Claim:
    """What stands in the way of fetching an item: that it was saved, or another job's claim.

    ours_before: this job had claimed it already, so it was interrupted at it.
    """

    saved_path: str = ""
    other_job: int = 0
    ours_before: bool = False


_ITEM = "SELECT place, image_id, url, kind, record, state, reason, message FROM items"
_JOB = (
    "SELECT jobs.id, created, title, query, folder, wanted, again, state, reason, note, cursor,"
    " walked, (SELECT json_group_object(state, json_array(n, size)) FROM (SELECT state,"
    " count(*) AS n, sum(bytes) AS size FROM items WHERE job = jobs.id GROUP BY state)) FROM jobs"
)


class JobStore:
    """The jobs of a data folder. One object belongs to one thread; many may be open at once."""

    def __init__(self, path: str) -> None:
        """Raises DiskError with a sentence when the database cannot be used."""
        self._database = Database(path)
        self._db = self._database.connection
        self.set_aside = self._database.set_aside

    def __enter__(self) -> JobStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def lock(self, job_id: int) -> FileLock:
        """Held by whoever works on the job, gone with its process."""
        folder = os.path.dirname(self._database.path)
        return FileLock(os.path.join(folder, "locks", f"job-{job_id}.lock"))

    def is_worked_on(self, job_id: int) -> bool:
        lock = self.lock(job_id)
        free = lock.acquire()
        lock.release()
        return not free

    # Jobs

    def add(
        self, title: str, query: ImageQuery, folder: str, wanted: int, again: bool = False
    ) -> int:
        """A new job's number."""
        values = (time.time(), title, json.dumps(query.to_json()), folder, wanted, again)
        with self._database.writing() as db:
            row = db.execute(
                "INSERT INTO jobs (created, title, query, folder, wanted, again)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
        return int(row.lastrowid or 0)

    def add_chosen(self, title: str, images: Sequence[Image], folder: str) -> int:
        """A job of just these images: there is nothing to walk."""
        job_id = self.add(title, ImageQuery(), folder, len(images))
        self.add_page(job_id, images, None)
        return job_id

    def job(self, job_id: int) -> Job:
        """Raises InputError when there is no such job."""
        row = self._db.execute(f"{_JOB} WHERE jobs.id = ?", (job_id,)).fetchone()
        if row is None:
            raise InputError(f"There is no job {job_id}.")
        return _job_of(row)

    def jobs(self, limit: int = 50) -> list[Job]:
        """The newest first."""
        rows = self._db.execute(f"{_JOB} ORDER BY jobs.id DESC LIMIT ?", (limit,))
        return [_job_of(row) for row in rows.fetchall()]

    def set_state(self, job_id: int, state: str, reason: str = "", note: str = "") -> None:
        with self._database.writing() as db:
            values = (state, reason, note, job_id)
            db.execute("UPDATE jobs SET state = ?, reason = ?, note = ? WHERE id = ?", values)
            if state in ("done", "cancelled"):
                db.execute("DELETE FROM claims WHERE job = ?", (job_id,))

    def forget(self, job_id: int) -> None:
        """Take a job off the list; its pictures stay, and still count as saved."""
        with self._database.writing() as db:
            db.execute("DELETE FROM claims WHERE job = ?", (job_id,))
            db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    # Items

    def add_page(self, job_id: int, images: Sequence[Image], cursor: str | None) -> None:
        """A page that was read: its images, and where to go on (None: there is no more)."""
        rows = [(job_id, i.id, i.url, i.type, _json(i.record)) for i in images]
        with self._database.writing() as db:
            db.executemany(
                "INSERT OR IGNORE INTO items (job, image_id, url, kind, record)"
                " VALUES (?, ?, ?, ?, ?)",
                rows,
            )
            values = (cursor, cursor is None, job_id)
            db.execute("UPDATE jobs SET cursor = ?, walked = ? WHERE id = ?", values)

    def waiting(self, job_id: int, after: int, limit: int) -> list[Item]:
        """In the gallery's order, from behind the place `after`."""
        rows = self._db.execute(
            f"{_ITEM} WHERE job = ? AND state = 'waiting' AND place > ? ORDER BY place LIMIT ?",
            (job_id, after, limit),
        )
        return [Item(*row) for row in rows.fetchall()]

    def failed(self, job_id: int, limit: int = 1000) -> list[Item]:
        rows = self._db.execute(
            f"{_ITEM} WHERE job = ? AND state = 'failed' ORDER BY place LIMIT ?", (job_id, limit)
        )
        return [Item(*row) for row in rows.fetchall()]

    def image_ids(self, job_id: int) -> set[int]:
        rows = self._db.execute("SELECT image_id FROM items WHERE job = ?", (job_id,))
        return {image_id for (image_id,) in rows}

    def retry_failed(self, job_id: int) -> int:
        """Let what failed wait again; returns how many that are."""
        with self._database.writing() as db:
            changed = db.execute(
                "UPDATE items SET state = 'waiting', reason = '', message = ''"
                " WHERE job = ? AND state = 'failed'",
                (job_id,),
            ).rowcount
            db.execute("UPDATE jobs SET state = 'queued' WHERE id = ? AND ? > 0", (job_id, changed))
        return changed

    def claim(self, job_id: int, image_ids: Sequence[int]) -> dict[int, Claim]:
        """Say that this job is about to fetch these, as far as no other job has said so."""
        marks = ",".join("?" * len(image_ids))
        saved_sql = f"SELECT image_id, path FROM saved WHERE image_id IN ({marks})"
        owner_sql = f"SELECT image_id, job FROM claims WHERE image_id IN ({marks})"
        with self._database.writing() as db:
            saved = dict(db.execute(saved_sql, image_ids).fetchall())
            owners = dict(db.execute(owner_sql, image_ids).fetchall())
            rows = [(i, job_id) for i in image_ids if i not in owners]
            db.executemany("INSERT INTO claims (image_id, job) VALUES (?, ?)", rows)
        return {
            i: Claim(
                saved.get(i, ""),
                other_job=owners[i] if owners.get(i, job_id) != job_id else 0,
                ours_before=owners.get(i) == job_id,
            )
            for i in image_ids
        }

    def drop_claims(self, job_id: int) -> None:
        """Those of a job that nobody works on."""
        with self._database.writing() as db:
            db.execute("DELETE FROM claims WHERE job = ?", (job_id,))

    def record(self, job_id: int, outcomes: Sequence[Outcome]) -> None:
        """What became of items, in one step. What is saved counts as saved for every later job."""
        rows = [
            (o.state, o.path, o.bytes, o.reason, o.message, job_id, o.image_id) for o in outcomes
        ]
        now = time.time()
        saved = [(o.image_id, o.path, o.bytes, now) for o in outcomes if o.state == "saved"]
        with self._database.writing() as db:
            db.executemany(
                "UPDATE items SET state = ?1, path = ?2, bytes = ?3, reason = ?4, message = ?5,"
                " tries = tries + 1,"
                " record = CASE WHEN ?1 IN ('saved', 'skipped') THEN '' ELSE record END"
                " WHERE job = ?6 AND image_id = ?7",
                rows,
            )
            db.executemany("INSERT OR REPLACE INTO saved VALUES (?, ?, ?, ?)", saved)
            done = [(o.image_id, job_id) for o in outcomes]
            db.executemany("DELETE FROM claims WHERE image_id = ? AND job = ?", done)

    def usual_size(self) -> int:
        """Bytes of a picture, as the last ones were; 0 when none was saved yet."""
        sql = "SELECT avg(bytes) FROM (SELECT bytes FROM saved ORDER BY at DESC LIMIT 200)"
        return int(self._db.execute(sql).fetchone()[0] or 0)


def _json(record: Any) -> str:
    return json.dumps(record, ensure_ascii=False, default=dict)


def _job_of(row: tuple[Any, ...]) -> Job:
    job_id, created, title, query, folder, wanted, again, *rest, walked, counted = row
    counts = {state: tuple(pair) for state, pair in json.loads(counted).items()}
    numbers = [counts.get(s, (0, 0))[0] for s in ("saved", "skipped", "failed", "waiting")]
    asked = ImageQuery.from_json(json.loads(query))
    size = counts.get("saved", (0, 0))[1]
    head = (job_id, created, title, asked, folder, wanted, bool(again))
    return Job(*head, *rest, bool(walked), *numbers, size)
