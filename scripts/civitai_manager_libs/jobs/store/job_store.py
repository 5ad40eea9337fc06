"""The jobs of a data folder: queries and transactions on their database."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from ...civitai import ImageQuery
from ...core import delete_resumable, Image, write_text_file
from ...errors import InputError
from ...model_files import ModelFileRequest
from ..model_records import ModelFileState, ModelJobStart
from ..records import Item, Job, JobOptions, Outcome, WalkedPage
from ..states import allowed_sources, JobState, WalkState
from . import model_rows, rows
from .saved_images import delete_claims, SavedImages

__all__ = ["JobStore"]

_FAIL_DAMAGED = (
    "UPDATE items SET state = 'failed', reason = 'bad_answer',"
    " message = 'Its record in the database cannot be read.' WHERE place = ?"
)


class JobStore(SavedImages):
    """The jobs of a data folder. Each thread opens a store of its own.

    recovery_notice: a sentence for the user if a damaged database was replaced, else "". Every
    method raises DiskError if the database cannot be used.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.recovery_notice = self._database.recovery_notice

    def __enter__(self) -> JobStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    # Jobs

    def add_model_files(
        self, title: str, requests: Sequence[ModelFileRequest], search: str = ""
    ) -> ModelJobStart:
        """Add a queued job for model files; return its id and which job downloads each file.

        A file that an unfinished job will download is left out. If no file is left, no job is
        added, and the id is None. search: the library search whose images need the files.
        """
        with self._database.writing() as db:
            return model_rows.insert_model_job(db, title, requests, search)

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
        """Add a queued job and return its id.

        cursor: Civitai's cursor of the first page to read, None for the gallery's start. The other
        parameters are fields of `Job`.
        """
        with self._database.writing() as db:
            return rows.insert_job(db, title, query, folder, wanted, again, options, cursor)

    def add_selection(
        self,
        title: str,
        images: Sequence[Image],
        folder: str,
        again: bool = False,
        options: JobOptions = JobOptions(),
        query: ImageQuery = ImageQuery(),
    ) -> int:
        """Add a queued job that downloads exactly these images; return its id.

        query: the gallery in which the user chose the images, to describe the job.
        """
        options = replace(options, is_selection=True)
        with self._database.writing() as db:
            job_id = rows.insert_job(db, title, query, folder, len(images), again, options)
            rows.insert_page(db, job_id, WalkedPage(tuple(images), None))
        return job_id

    def get_job(self, job_id: int) -> Job:
        """Return a job by its id. Raises InputError if the job is missing or damaged."""
        found = self._database.rows(f"{rows.JOB} WHERE jobs.id = ?", (job_id,))
        if not found:
            raise InputError(f"There is no job {job_id}.")
        job = rows.parse_job_or_none(found[0])
        if job is None:
            raise InputError(f"Job {job_id} cannot be read.")
        return job

    def list_jobs(self, limit: int = 50, extra_ids: Collection[int] = ()) -> list[Job]:
        """Return the `limit` newest jobs and the jobs with the ids in `extra_ids`, newest first."""
        found = self._database.rows(
            f"{rows.JOB} WHERE jobs.id IN (SELECT id FROM jobs ORDER BY id DESC LIMIT ?)"
            " OR jobs.id IN (SELECT value FROM json_each(?)) ORDER BY jobs.id DESC",
            (limit, json.dumps(list(extra_ids))),
        )
        return [job for job in map(rows.parse_job_or_none, found) if job is not None]

    def count_jobs(self) -> int:
        return int(self._database.rows("SELECT count(*) FROM jobs")[0][0])

    def quarantine_unreadable(self) -> str:
        """Move unreadable jobs from the database to a JSON file; return a notice for the user.

        Return "" if all jobs can be read.
        """
        damaged = [
            row for row in self._database.rows(rows.JOB) if rows.parse_job_or_none(row) is None
        ]
        if not damaged:
            return ""
        path = f"{self._database.path}.unreadable-{time.time():.0f}.json"
        write_text_file(path, json.dumps(damaged, indent=2, default=repr))
        ids = [(row[0],) for row in damaged]
        with self._database.writing() as db:
            db.executemany("DELETE FROM claims WHERE job = ?", ids)
            db.executemany("DELETE FROM jobs WHERE id = ?", ids)
        numbers = ", ".join(str(job_id) for (job_id,) in ids)
        return f"Jobs that cannot be read ({numbers}) were moved to {path}; the others continue."

    def list_unfinished(self) -> list[Job]:
        """Return the jobs that are not done or cancelled, oldest first."""
        states = json.dumps([state for state in JobState if not state.is_over])
        sql = f"{rows.JOB} WHERE state IN (SELECT value FROM json_each(?)) ORDER BY jobs.id"
        found = self._database.rows(sql, (states,))
        return [job for job in map(rows.parse_job_or_none, found) if job is not None]

    def queue_jobs(self, job_ids: Collection[int]) -> None:
        with self._database.writing() as db:
            for job_id in job_ids:
                rows.mark_queued(db, job_id)

    def set_state(self, job_id: int, state: str, reason: str = "", note: str = "") -> None:
        """Change a job's state; a job that is done or cancelled can only become queued or running.

        Other changes of such a job are ignored. reason, note: why the job is paused, as a code and
        a sentence. If `state` is `done` or `cancelled`, the job's partial files and its claims are
        deleted, so that other jobs may download its images. Partial model files stay for a retry
        unless the job is cancelled, since they can be large.
        """
        is_over = JobState(state).is_over
        if is_over:
            self._delete_partial_files(job_id, keeps_models=state == JobState.DONE)
        sources = json.dumps(allowed_sources(JobState(state)))
        with self._database.writing() as db:
            db.execute(
                "UPDATE jobs SET state = ?, reason = ?, note = ? WHERE id = ?"
                " AND state IN (SELECT value FROM json_each(?))",
                (state, reason, note, job_id, sources),
            )
            if is_over:
                delete_claims(db, job_id)

    def forget(self, job_id: int) -> None:
        """Delete a job and its partial files; saved images stay, and still count as saved.

        Raises InputError if another process or thread runs the job.
        """
        with self.hold_job(job_id):
            self._delete_partial_files(job_id)
            with self._database.writing() as db:
                delete_claims(db, job_id)
                db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def _delete_partial_files(self, job_id: int, keeps_models: bool = False) -> None:
        """Delete the partial files of a job's unsaved items.

        Partial model files stay if another unfinished job will download the same files.
        keeps_models: keep all partial model files.
        """
        sql = f"{rows.WITHOUT_RECORD} WHERE job = ? AND state IN ('waiting', 'failed')"
        sql += " AND kind != 'model'" if keeps_models else ""
        unsaved = rows.parse_items(self._database.rows(sql, (job_id,)))
        if any(item.kind == "model" for item in unsaved):
            with self._database.reading() as db:
                wanted = model_rows.list_files_of_other_jobs(db, job_id)
            unsaved = [i for i in unsaved if i.kind != "model" or i.image_id not in wanted]
        folder, urls = self.get_job(job_id).folder if unsaved else "", defaultdict(list)
        for item in unsaved:
            urls[item.folder(folder)].append(item.url)
        for item_folder, item_urls in urls.items():
            delete_resumable(item_folder, item_urls)

    # Items

    def add_page(self, job_id: int, page: WalkedPage) -> None:
        """Store a gallery page's images as items of a job; update the job's cursor and report."""
        with self._database.writing() as db:
            rows.insert_page(db, job_id, page)

    def reread_last_page(self, job_id: int) -> None:
        """Let a job request its gallery's last page again; do nothing if that page had images."""
        walk = self.get_job(job_id).walk.reopened
        with self._database.writing() as db:
            db.execute("UPDATE jobs SET walked = ? WHERE id = ?", (walk.value, job_id))

    def begin_second_walk(self, job_id: int) -> None:
        """Let a job read its gallery's pages a second time, from the last page to the first."""
        values = (WalkState.SECOND.value, job_id)
        with self._database.writing() as db:
            db.execute("UPDATE jobs SET walked = ?, cursor = NULL WHERE id = ?", values)

    def list_waiting(self, job_id: int, after: int, limit: int) -> list[Item]:
        """Return the next `limit` items to download, with Civitai's records.

        after: the `place` (number in gallery order) of the last item already returned, 0 for none.
        Items with a damaged row are marked as failed and left out.
        """
        sql = (
            f"{rows.WITH_RECORD} WHERE job = ? AND state = 'waiting' AND items.place > ?"
            " ORDER BY items.place LIMIT ?"
        )
        while found := self._database.rows(sql, (job_id, after, limit)):
            items = rows.parse_items(found)
            damaged = {row[0] for row in found} - {item.place for item in items}
            if damaged:
                with self._database.writing() as db:
                    db.executemany(_FAIL_DAMAGED, [(place,) for place in damaged])
            if items:
                return items
        return []

    def list_failed(self, job_id: int, limit: int = 1000) -> list[Item]:
        """Return a job's first `limit` failed items; the `record` of an image is ""."""
        found = self._database.rows(
            f"{rows.WITHOUT_RECORD} WHERE job = ? AND state = 'failed'"
            " ORDER BY items.place LIMIT ?",
            (job_id, limit),
        )
        return rows.parse_items(found)

    def list_model_files(self, job_id: int) -> list[ModelFileState]:
        """Return the model files of a job, [] for a job of images."""
        found = self._database.rows(model_rows.STATES, (job_id,))
        return [model_rows.parse_state(row) for row in found]

    def list_folders(self, job_id: int) -> set[str]:
        """Return all folders in which the job saves images."""
        sql = "SELECT name FROM items WHERE job = ? AND name LIKE '%/%'"
        below = {name.rpartition("/")[0] for (name,) in self._database.rows(sql, (job_id,))}
        folder = self.get_job(job_id).folder
        return {folder, *(os.path.join(folder, *part.split("/")) for part in below)}

    def list_image_ids(self, job_id: int) -> set[int]:
        found = self._database.rows("SELECT image_id FROM items WHERE job = ?", (job_id,))
        return {image_id for (image_id,) in found}

    def retry_failed(self, job_id: int) -> int:
        """Set a job's failed items to `waiting`; return their number.

        Images that Civitai has deleted stay failed. If the number is not 0, the job becomes
        `queued`. Raises InputError if the job is running.
        """
        sql = (
            "UPDATE items SET state = 'waiting', reason = '', message = ''"
            " WHERE job = ? AND state = 'failed' AND reason != 'gone'"
        )
        with self.hold_job(job_id), self._database.writing() as db:
            changed = db.execute(sql, (job_id,)).rowcount
            if changed:
                rows.mark_queued(db, job_id)
        return changed

    def record_outcomes(self, job_id: int, outcomes: Sequence[Outcome]) -> None:
        """Store the outcomes of a job's items, and end the job's claims on the items' images.

        A claim keeps other jobs from downloading the same image. An image whose outcome has a size
        (`bytes`) counts as saved from now on.
        """
        now = time.time()
        ends = [
            (o.state, o.path, o.bytes, o.reason, o.message, job_id, o.image_id) for o in outcomes
        ]
        saved = [(o.path, o.bytes, now, job_id, o.image_id) for o in outcomes if o.bytes]
        keys = [(o.image_id, job_id) for o in outcomes]
        with self._database.writing() as db:
            db.executemany(
                "UPDATE items SET state = ?, path = ?, bytes = coalesce(nullif(?, 0), bytes),"
                " reason = ?, message = ?, tries = tries + 1 WHERE job = ? AND image_id = ?",
                ends,
            )
            db.executemany(
                "DELETE FROM records WHERE place = (SELECT place FROM items"
                " WHERE image_id = ? AND job = ? AND state NOT IN ('failed', 'waiting')"
                # A skipped item with a message may be fetched again.
                " AND message = '' AND kind != 'model')",
                keys,
            )
            db.executemany(
                "INSERT OR REPLACE INTO saved SELECT image_id, ?, ?, ? FROM items"
                " WHERE job = ? AND image_id = ? AND kind != 'model'",
                saved,
            )
            db.executemany("DELETE FROM claims WHERE image_id = ? AND job = ?", keys)
