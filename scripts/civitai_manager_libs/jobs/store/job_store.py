"""The jobs of a data folder, as a program sees them."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import nullcontext

from ...civitai import ImageQuery
from ...core import discard_resumable, Image, write_text_file
from ...errors import InputError
from ..records import Claim, Item, item_path, Job, JobOptions, Outcome, WalkedPage
from ..states import allowed_sources, goes_on_by_itself, JobState, WalkState
from . import rows
from .database import jobs_database
from .locks import JobLocks

__all__ = ["JobStore"]


class JobStore(JobLocks):
    """The jobs of a data folder. One object belongs to one thread; many may be open at once.

    Every method raises DiskError with a sentence when the database cannot be used.
    """

    def __init__(self, path: str) -> None:
        super().__init__(os.path.join(os.path.dirname(path), "locks"))
        self._database = jobs_database(path)
        self._database.connection.text_factory = rows.decode_column
        self.set_aside = self._database.set_aside

    def __enter__(self) -> JobStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    # Jobs

    def add_job(
        self,
        title: str,
        query: ImageQuery,
        folder: str,
        wanted: int,
        again: bool = False,
        options: JobOptions = JobOptions(),
        cursor: str | None = None,
    ) -> int:
        """A new job's number. cursor: where its walk begins; None at the gallery's start."""
        with self._database.writing() as db:
            return rows.insert_job(db, title, query, folder, wanted, again, options, cursor)

    def add_selection(
        self,
        title: str,
        images: Sequence[Image],
        folder: str,
        again: bool = False,
        options: JobOptions = JobOptions(),
    ) -> int:
        """A job of just these images: there is nothing to walk."""
        with self._database.writing() as db:
            wanted = len(images)
            job_id = rows.insert_job(db, title, ImageQuery(), folder, wanted, again, options)
            rows.insert_page(db, job_id, WalkedPage(tuple(images), None))
        return job_id

    def get_job(self, job_id: int) -> Job:
        """Raises InputError when there is no such job."""
        found = self._database.rows(f"{rows.JOB} WHERE jobs.id = ?", (job_id,))
        if not found:
            raise InputError(f"There is no job {job_id}.")
        job = rows.parse_job_or_none(found[0])
        if job is None:
            raise InputError(f"Job {job_id} cannot be read.")
        return job

    def list_jobs(self, limit: int = 50, also: Collection[int] = ()) -> list[Job]:
        """The newest, and those of these numbers; the newest first."""
        found = self._database.rows(
            f"{rows.JOB} WHERE jobs.id IN (SELECT id FROM jobs ORDER BY id DESC LIMIT ?)"
            " OR jobs.id IN (SELECT value FROM json_each(?)) ORDER BY jobs.id DESC",
            (limit, json.dumps(list(also))),
        )
        return [job for job in map(rows.parse_job_or_none, found) if job is not None]

    def set_unreadable_aside(self) -> str:
        """Move the jobs that cannot be read into a file beside; a sentence that says so, or ""."""
        found = self._database.rows(rows.JOB)
        damaged = [row for row in found if rows.parse_job_or_none(row) is None]
        if not damaged:
            return ""
        kept = f"{self._database.path}.unreadable-{time.time():.0f}.json"
        write_text_file(kept, json.dumps(damaged, indent=2, default=repr))
        ids = [(row[0],) for row in damaged]
        with self._database.writing() as db:
            db.executemany("DELETE FROM claims WHERE job = ?", ids)
            db.executemany("DELETE FROM jobs WHERE id = ?", ids)
            # Else a number that is too large would leave none for the next job.
            sql = "UPDATE sqlite_sequence SET seq = (SELECT coalesce(max(id), 0) FROM jobs)"
            db.execute(f"{sql} WHERE name = 'jobs' AND seq >= ?", (rows.LAST_ID,))
        numbers = ", ".join(str(job_id) for (job_id,) in ids)
        return f"Jobs that cannot be read ({numbers}) are kept as {kept}; the others go on."

    def list_unfinished(self) -> list[int]:
        """Return the jobs that go on by themselves, in the order of their turns: first what was at
        work when its program ended. Those that another program works on are not among them."""
        found = self._database.rows(
            "SELECT id, state, reason FROM jobs WHERE state IN (SELECT value FROM json_each(?))"
            " ORDER BY state != 'running', id",
            (json.dumps([state for state in JobState if not state.is_over]),),
        )
        going = [(i, state) for i, state, why in found if goes_on_by_itself(JobState(state), why)]
        return [i for i, state in going if state != JobState.RUNNING or not self.is_worked_on(i)]

    def queue_jobs(self, job_ids: Collection[int]) -> None:
        """Say of these jobs that they wait their turn."""
        with self._database.writing() as db:
            for job_id in job_ids:
                rows.mark_queued(db, job_id)

    def set_state(self, job_id: int, state: str, reason: str = "", note: str = "") -> None:
        """Nothing where the job's own state allows no such move (see `JobState`). With a job's end
        nobody wants its half files any more."""
        is_over = JobState(state).is_over
        if is_over:
            self._discard_resumable(job_id)
        sources = json.dumps(allowed_sources(JobState(state)))
        with self._database.writing() as db:
            db.execute(
                "UPDATE jobs SET state = ?, reason = ?, note = ? WHERE id = ?"
                " AND state IN (SELECT value FROM json_each(?))",
                (state, reason, note, job_id, sources),
            )
            if is_over:
                rows.delete_claims(db, job_id)

    def forget(self, job_id: int) -> None:
        """Take a job off the list; its pictures stay, and still count as saved.

        Raises InputError when somebody works on it, whose job would be gone from under them.
        """
        with self.hold_job(job_id):
            self._discard_resumable(job_id)
            with self._database.writing() as db:
                rows.delete_claims(db, job_id)
                db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def _discard_resumable(self, job_id: int) -> None:
        """Of its pictures that were not saved."""
        sql = f"{rows.WITHOUT_RECORD} WHERE job = ? AND state IN ('waiting', 'failed')"
        left = rows.parse_items(self._database.rows(sql, (job_id,)))
        folder, urls = self.get_job(job_id).folder if left else "", defaultdict(list)
        for item in left:
            urls[os.path.dirname(item.path(folder, ""))].append(item.url)
        for place, of in urls.items():
            discard_resumable(place, of)

    # Items

    def add_page(self, job_id: int, page: WalkedPage) -> None:
        """A page that was read."""
        with self._database.writing() as db:
            rows.insert_page(db, job_id, page)

    def reread_last_page(self, job_id: int) -> None:
        """Ask anew for the last page if that was empty."""
        walk = self.get_job(job_id).walk.asked_again
        with self._database.writing() as db:
            db.execute("UPDATE jobs SET walked = ? WHERE id = ?", (walk.column, job_id))

    def begin_verifying(self, job_id: int) -> None:
        """Let the gallery, which was walked to its end, be walked from its other end."""
        values = (WalkState.SECOND.column, job_id)
        with self._database.writing() as db:
            db.execute("UPDATE jobs SET walked = ?, cursor = NULL WHERE id = ?", values)

    def list_waiting(self, job_id: int, after: int, limit: int) -> list[Item]:
        """In the gallery's order, from behind the place `after`. What cannot be read fails."""
        sql = (
            f"{rows.WITH_RECORD} WHERE job = ? AND state = 'waiting' AND items.place > ?"
            " ORDER BY items.place LIMIT ?"
        )
        while found := self._database.rows(sql, (job_id, after, limit)):
            items = rows.parse_items(found)
            damaged = {row[0] for row in found} - {item.place for item in items}
            with self._database.writing() if damaged else nullcontext() as db:
                for place in damaged:
                    rows.fail_item(db, place, "What the database has of it cannot be read.")
            if items:
                return items
        return []

    def list_failed(self, job_id: int, limit: int = 1000) -> list[Item]:
        """Without their records."""
        found = self._database.rows(
            f"{rows.WITHOUT_RECORD} WHERE job = ? AND state = 'failed' ORDER BY place LIMIT ?",
            (job_id, limit),
        )
        return rows.parse_items(found)

    def list_missing_paths(self, job_id: int) -> list[str]:
        """Of the pictures that were skipped because they were saved before, but are not there."""
        found = self._database.rows(
            "SELECT path FROM items WHERE job = ? AND state = 'skipped' AND message != ''"
            " ORDER BY place",
            (job_id,),
        )
        return [path for (path,) in found]

    def count_elsewhere(self, job_id: int) -> int:
        """Of the pictures that were saved before, how many lie in another place than this job's."""
        folder = self.get_job(job_id).folder
        found = self._database.rows(
            "SELECT image_id, name, path FROM items"
            " WHERE job = ? AND state = 'skipped' AND message = ''",
            (job_id,),
        )
        places = ((item_path(folder, i, name), path) for i, name, path in found)
        return sum(os.path.splitext(path)[0] != place for place, path in places)

    def fetch_missing(self, job_id: int) -> int:
        """Let those wait again, as if they had never been saved; returns how many that are.

        Raises InputError when somebody works on the job.
        """
        those = (
            "job = ? AND state = 'skipped' AND message != '' AND place IN"
            " (SELECT place FROM records)"
        )
        with self.hold_job(job_id), self._database.writing() as db:
            db.execute(
                f"DELETE FROM saved WHERE image_id IN (SELECT image_id FROM items WHERE {those})",
                (job_id,),
            )
            sql = f"UPDATE items SET state = 'waiting', message = '', path = '' WHERE {those}"
            changed = db.execute(sql, (job_id,)).rowcount
            if changed:
                rows.mark_queued(db, job_id)
            return changed

    def list_folders(self, job_id: int) -> set[str]:
        """That its pictures go into."""
        sql = "SELECT name FROM items WHERE job = ? AND name LIKE '%/%'"
        below = {name.rpartition("/")[0] for (name,) in self._database.rows(sql, (job_id,))}
        folder = self.get_job(job_id).folder
        return {folder, *(os.path.join(folder, *part.split("/")) for part in below)}

    def list_image_ids(self, job_id: int) -> set[int]:
        found = self._database.rows("SELECT image_id FROM items WHERE job = ?", (job_id,))
        return {image_id for (image_id,) in found}

    def retry_failed(self, job_id: int) -> int:
        """Let what failed wait again, but for what is gone for good; returns how many that are.

        Raises InputError when somebody works on the job, who would not come by there again.
        """
        with self.hold_job(job_id), self._database.writing() as db:
            return rows.requeue_failed(db, job_id)

    def record_outcomes(self, job_id: int, outcomes: Sequence[Outcome]) -> None:
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

    def count_to_fetch(self, job_id: int) -> int:
        """How many of those that wait were never saved."""
        sql = (
            "SELECT count(*) FROM items WHERE job = ? AND state = 'waiting'"
            " AND image_id NOT IN (SELECT image_id FROM saved)"
        )
        return int(self._database.rows(sql, (job_id,))[0][0])

    def find_saved_paths(self, image_ids: Sequence[int]) -> dict[int, str]:
        """Of those that were saved, there still or not."""
        sql = "SELECT image_id, path FROM saved WHERE image_id IN (SELECT value FROM json_each(?))"
        found = self._database.rows(sql, (json.dumps(list(image_ids)),))
        return {image_id: path for image_id, path in found}

    def list_saved_ids(self) -> list[int]:
        """All that were ever saved, there still or not."""
        return [image_id for (image_id,) in self._database.rows("SELECT image_id FROM saved")]

    def estimate_size(self) -> int:
        """Bytes of a picture, as the last ones were; 0 when none was saved yet."""
        sql = "SELECT avg(bytes) FROM (SELECT bytes FROM saved ORDER BY at DESC LIMIT 200)"
        return int(self._database.rows(sql)[0][0] or 0)

    # Who fetches what

    def claim_images(self, job_id: int, image_ids: Sequence[int]) -> dict[int, Claim]:
        """Say that this job is about to fetch these, as far as no other job has said so."""
        with self._database.writing() as db:
            return rows.insert_claims(db, job_id, image_ids)

    def free_claims(self, job_id: int) -> None:
        """Drop a job's claims if nobody is at work on it."""
        lock = self.job_lock(job_id)
        if not lock.acquire():
            return
        try:
            with self._database.writing() as db:
                rows.delete_claims(db, job_id)
        finally:
            lock.release()
