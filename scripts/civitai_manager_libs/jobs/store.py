"""A download that survives: what was asked, how far it got, what failed and why (SQLite)."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from .. import setting
from ..civitai import ImageQuery
from ..errors import InputError
from ..ground import discard_halves, Image, Lock
from .database import jobs_database
from .records import Claim, failure, Item, Job, Outcome, WalkedPage

__all__ = ["Claim", "Item", "Job", "JobStore", "Outcome", "failure"]

_LOCK_PATIENCE = 0.3  # seconds; who only looks whether a job is worked on holds its lock briefly
_NOT_WALKED, _WALKED, _ENDED_EMPTY = 0, 1, 2  # of a job's column `walked`
_ITEM = "SELECT items.place, image_id, url, kind, {}, state, reason, message FROM items"
_WITH_RECORD = _ITEM.format("record") + " JOIN records ON records.place = items.place"
_WITHOUT_RECORD = _ITEM.format("''")
_JOB = (
    "SELECT jobs.id, created, title, query, folder, wanted, again, state, reason, note, cursor,"
    " walked, (SELECT json_group_object(state, json_array(n, size)) FROM (SELECT state,"
    " count(*) AS n, sum(bytes) AS size FROM items WHERE job = jobs.id GROUP BY state)) FROM jobs"
)


class JobStore:
    """The jobs of a data folder. One object belongs to one thread; many may be open at once.

    Every method raises DiskError with a sentence when the database cannot be used.
    """

    def __init__(self, path: str) -> None:
        self._database = jobs_database(path)
        self.set_aside = self._database.set_aside

    def __enter__(self) -> JobStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def lock(self, job_id: int) -> Lock:
        """Held by whoever works on the job, gone with its process."""
        folder = os.path.dirname(self._database.path)
        return Lock(os.path.join(folder, "locks", f"job-{job_id}.lock"))

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
        with self._database.writing() as db:
            return _insert_job(db, title, query, folder, wanted, again)

    def add_chosen(
        self, title: str, images: Sequence[Image], folder: str, again: bool = False
    ) -> int:
        """A job of just these images: there is nothing to walk."""
        with self._database.writing() as db:
            job_id = _insert_job(db, title, ImageQuery(), folder, len(images), again)
            _insert_page(db, job_id, WalkedPage(tuple(images), None))
        return job_id

    def job(self, job_id: int) -> Job:
        """Raises InputError when there is no such job."""
        rows = self._database.rows(f"{_JOB} WHERE jobs.id = ?", (job_id,))
        if not rows:
            raise InputError(f"There is no job {job_id}.")
        return _job_of(rows[0])

    def jobs(self, limit: int = 50) -> list[Job]:
        """The newest first."""
        rows = self._database.rows(f"{_JOB} ORDER BY jobs.id DESC LIMIT ?", (limit,))
        return [_job_of(row) for row in rows]

    def set_state(self, job_id: int, state: str, reason: str = "", note: str = "") -> None:
        """With its end nobody wants its half files any more."""
        if state in ("done", "cancelled"):
            self._discard_halves(job_id)
        with self._database.writing() as db:
            values = (state, reason, note, job_id)
            db.execute("UPDATE jobs SET state = ?, reason = ?, note = ? WHERE id = ?", values)
            if state in ("done", "cancelled"):
                db.execute("DELETE FROM claims WHERE job = ?", (job_id,))

    def forget(self, job_id: int) -> None:
        """Take a job off the list; its pictures stay, and still count as saved.

        Raises InputError when somebody works on it, whose job would be gone from under them.
        """
        with self._while_idle(job_id):
            self._discard_halves(job_id)
            with self._database.writing() as db:
                db.execute("DELETE FROM claims WHERE job = ?", (job_id,))
                db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def _discard_halves(self, job_id: int) -> None:
        """Of its pictures that were not saved."""
        for (folder,) in self._database.rows("SELECT folder FROM jobs WHERE id = ?", (job_id,)):
            sql = "SELECT url FROM items WHERE job = ? AND state IN ('waiting', 'failed')"
            urls = self._database.rows(sql, (job_id,))
            discard_halves(folder, (_whole_url(url) for (url,) in urls))

    # Items

    def add_page(self, job_id: int, page: WalkedPage) -> None:
        """A page that was read."""
        with self._database.writing() as db:
            _insert_page(db, job_id, page)

    def walk_on(self, job_id: int) -> None:
        """Ask anew for the last page if that was empty."""
        with self._database.writing() as db:
            values = (_NOT_WALKED, job_id, _ENDED_EMPTY)
            db.execute("UPDATE jobs SET walked = ? WHERE id = ? AND walked = ?", values)

    def waiting(self, job_id: int, after: int, limit: int) -> list[Item]:
        """In the gallery's order, from behind the place `after`."""
        rows = self._database.rows(
            f"{_WITH_RECORD} WHERE job = ? AND state = 'waiting' AND items.place > ?"
            " ORDER BY items.place LIMIT ?",
            (job_id, after, limit),
        )
        return [_item_of(row) for row in rows]

    def failed(self, job_id: int, limit: int = 1000) -> list[Item]:
        """Without their records."""
        rows = self._database.rows(
            f"{_WITHOUT_RECORD} WHERE job = ? AND state = 'failed' ORDER BY place LIMIT ?",
            (job_id, limit),
        )
        return [_item_of(row) for row in rows]

    def missing_paths(self, job_id: int) -> list[str]:
        """Of the pictures that were skipped because they were saved before, but are not there."""
        rows = self._database.rows(
            "SELECT path FROM items WHERE job = ? AND state = 'skipped' AND message != ''"
            " ORDER BY place",
            (job_id,),
        )
        return [path for (path,) in rows]

    def fetch_missing(self, job_id: int) -> int:
        """Let those wait again, as if they had never been saved; returns how many that are.

        Raises InputError when somebody works on the job.
        """
        those = (
            "job = ? AND state = 'skipped' AND message != '' AND place IN"
            " (SELECT place FROM records)"
        )
        with self._while_idle(job_id), self._database.writing() as db:
            db.execute(
                f"DELETE FROM saved WHERE image_id IN (SELECT image_id FROM items WHERE {those})",
                (job_id,),
            )
            sql = f"UPDATE items SET state = 'waiting', message = '', path = '' WHERE {those}"
            changed = db.execute(sql, (job_id,)).rowcount
            _queue(db, job_id, changed)
            return changed

    def image_ids(self, job_id: int) -> set[int]:
        rows = self._database.rows("SELECT image_id FROM items WHERE job = ?", (job_id,))
        return {image_id for (image_id,) in rows}

    def retry_failed(self, job_id: int) -> int:
        """Let what failed wait again, but for what is gone for good; returns how many that are.

        Raises InputError when somebody works on the job, who would not come by there again.
        """
        with self._while_idle(job_id), self._database.writing() as db:
            return _let_wait(db, job_id)

    @contextmanager
    def _while_idle(self, job_id: int) -> Iterator[None]:
        lock = self.lock(job_id)
        if not lock.acquire(_LOCK_PATIENCE):
            raise InputError(
                f"Job {job_id} is being worked on: stop it there, or wait for its end."
            )
        try:
            yield
        finally:
            lock.release()

    def record(self, job_id: int, outcomes: Sequence[Outcome]) -> None:
        """What became of items, in one step. What is saved counts as saved for every later job.

        None of them is claimed any more, also those that were tried and wait still.
        """
        now = time.time()
        ends = [
            (o.state, o.path, o.bytes, o.reason, o.message, job_id, o.image_id) for o in outcomes
        ]
        there = [(o.image_id, o.path, o.bytes, now) for o in outcomes if o.bytes]
        done = [(o.image_id, job_id) for o in outcomes]
        with self._database.writing() as db:
            db.executemany(
                "UPDATE items SET state = ?, path = ?, bytes = ?, reason = ?, message = ?,"
                " tries = tries + 1 WHERE job = ? AND image_id = ?",
                ends,
            )
            db.executemany(
                "DELETE FROM records WHERE place = (SELECT place FROM items"
                " WHERE image_id = ? AND job = ? AND state NOT IN ('failed', 'waiting')"
                " AND message = '')",  # a skipped one with a message is not there any more
                done,
            )
            db.executemany("INSERT OR REPLACE INTO saved VALUES (?, ?, ?, ?)", there)
            db.executemany("DELETE FROM claims WHERE image_id = ? AND job = ?", done)

    def to_fetch(self, job_id: int) -> int:
        """How many of those that wait were never saved."""
        sql = (
            "SELECT count(*) FROM items WHERE job = ? AND state = 'waiting'"
            " AND image_id NOT IN (SELECT image_id FROM saved)"
        )
        return int(self._database.rows(sql, (job_id,))[0][0])

    def saved_path(self, image_id: int) -> str:
        """Where it was saved, there still or not; "" if it never was."""
        rows = self._database.rows("SELECT path FROM saved WHERE image_id = ?", (image_id,))
        return rows[0][0] if rows else ""

    def saved_paths(self, image_ids: Sequence[int]) -> dict[int, str]:
        """Of those that were saved, there still or not."""
        sql = "SELECT image_id, path FROM saved WHERE image_id IN (SELECT value FROM json_each(?))"
        rows = self._database.rows(sql, (json.dumps(list(image_ids)),))
        return {image_id: path for image_id, path in rows}

    def usual_size(self) -> int:
        """Bytes of a picture, as the last ones were; 0 when none was saved yet."""
        sql = "SELECT avg(bytes) FROM (SELECT bytes FROM saved ORDER BY at DESC LIMIT 200)"
        return int(self._database.rows(sql)[0][0] or 0)

    # Who fetches what

    def claim(self, job_id: int, image_ids: Sequence[int]) -> dict[int, Claim]:
        """Say that this job is about to fetch these, as far as no other job has said so."""
        marks = ",".join("?" * len(image_ids))
        saved_sql = f"SELECT image_id, path, bytes FROM saved WHERE image_id IN ({marks})"
        owner_sql = f"SELECT image_id, job FROM claims WHERE image_id IN ({marks})"
        with self._database.writing() as db:
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

    def free_claims(self, job_id: int) -> None:
        """Drop a job's claims if nobody is at work on it, or who is only waits for room."""
        lock = self.lock(job_id)
        is_idle = lock.acquire()
        try:
            with self._database.writing() as db:
                db.execute(
                    "DELETE FROM claims WHERE job = ? AND"
                    " (? OR job IN (SELECT id FROM jobs WHERE state = 'paused'))",
                    (job_id, is_idle),
                )
        finally:
            lock.release()


def _insert_job(
    db: sqlite3.Connection, title: str, query: ImageQuery, folder: str, wanted: int, again: bool
) -> int:
    row = db.execute(
        "INSERT INTO jobs (created, title, query, folder, wanted, again)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (time.time(), title, json.dumps(query.to_json()), folder, wanted, again),
    )
    return int(row.lastrowid or 0)


def _insert_page(db: sqlite3.Connection, job_id: int, page: WalkedPage) -> None:
    images = page.images
    db.executemany(
        "INSERT OR IGNORE INTO items (job, image_id, url, kind) VALUES (?, ?, ?, ?)",
        [(job_id, i.id, _kept(i.url), i.type) for i in images],
    )
    # Apart from the items: a row that shrinks leaves its page as large as it was.
    db.executemany(
        "INSERT OR IGNORE INTO records SELECT place, ? FROM items WHERE job = ? AND image_id = ?",
        [(_json(i.record), job_id, i.id) for i in images],
    )
    walked = _WALKED if page.cursor is None else _NOT_WALKED
    values = (page.cursor, _ENDED_EMPTY if page.is_empty_end else walked, job_id)
    db.execute("UPDATE jobs SET cursor = ?, walked = ? WHERE id = ?", values)


def _let_wait(db: sqlite3.Connection, job_id: int) -> int:
    changed = db.execute(
        "UPDATE items SET state = 'waiting', reason = '', message = ''"
        " WHERE job = ? AND state = 'failed' AND reason != 'gone'",
        (job_id,),
    ).rowcount
    _queue(db, job_id, changed)
    return changed


def _queue(db: sqlite3.Connection, job_id: int, waiting: int) -> None:
    """A job in which something waits again."""
    if waiting:
        sql = "UPDATE jobs SET state = 'queued', reason = '', note = '' WHERE id = ?"
        db.execute(sql, (job_id,))


def _json(record: Mapping[str, Any]) -> str:
    """Half of a surrogate pair, which JSON can carry and UTF-8 cannot, becomes a question mark."""
    text = json.dumps(record, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def _kept(url: str) -> str:
    """Without the base URL: the demo's port, or a mirror's name, may be another the next time."""
    base = setting.base_url()
    return url.removeprefix(base) if url.startswith(f"{base}/") else url


def _item_of(row: tuple[Any, ...]) -> Item:
    item = Item(*row)
    return replace(item, url=_whole_url(item.url))


def _whole_url(kept: str) -> str:
    return setting.base_url() + kept if kept[:1] == "/" else kept


def _job_of(row: tuple[Any, ...]) -> Job:
    job_id, created, title, query, folder, wanted, again, *rest, walked, counted = row
    counts = {state: tuple(pair) for state, pair in json.loads(counted).items()}
    numbers = [counts.get(s, (0, 0))[0] for s in ("saved", "skipped", "failed", "waiting")]
    asked = ImageQuery.from_json(json.loads(query))
    size = counts.get("saved", (0, 0))[1]
    head = (job_id, created, title, asked, folder, wanted, bool(again))
    return Job(*head, *rest, walked != _NOT_WALKED, *numbers, size, walked == _ENDED_EMPTY)
