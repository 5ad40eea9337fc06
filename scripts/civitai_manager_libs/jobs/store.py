"""The jobs as they are stored, and the images that they have saved."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ..civitai import ImageQuery
from ..core import as_id, as_integer, delete_resumable, Image, log_disk_errors, resumable_size
from ..core import remove_leftovers, sqlite, sync_folder, write_text_file
from ..errors import DiskError, InputError
from ..library import image_records
from ..model_files import ModelFileRequest
from . import tables
from .job_records import allowed_sources, Claim, Item, item_path, Job, JobOptions, JobState
from .job_records import ModelFileState, Outcome, WalkedPage, WalkState
from .tables import add_base_url, delete_claims, insert_job, jobs_database, mark_queued
from .tables import remove_base_url, to_json

_RECORD = "CASE WHEN json_valid(record) THEN json_extract(record, '$.{0}') END"
_MODEL_FILES = (
    "SELECT image_id, url, state, bytes, reason, message, path,"
    f" {', '.join(map(_RECORD.format, ('version_id', 'model_id', 'name', 'title', 'path')))}"
    " FROM items LEFT JOIN records ON records.place = items.place"
    " WHERE job = ? AND kind = 'model' ORDER BY items.place"
)
_LOCK_SECONDS = 1.0  # to wait for the lock, which `is_job_running` of another process holds briefly
_CLAIMED = (  # by a job, and saved by none
    "job = ? AND state = 'waiting' AND image_id IN (SELECT image_id FROM claims WHERE job = ?)"
    " AND image_id NOT IN (SELECT image_id FROM saved)"
)
_MISSING = "state = 'skipped' AND message != ''"  # a skipped image whose saved file is missing
_OVER = json.dumps([state for state in JobState if state.is_over])
_UNFINISHED = (  # the first parameter is `_OVER`
    "SELECT image_id, job FROM items JOIN jobs ON jobs.id = job WHERE kind = 'model'"
    " AND items.state = 'waiting' AND jobs.state NOT IN (SELECT value FROM json_each(?))"
)
# One look into the index for each state, however many items a job has.
_ITEM_STATES = json.dumps(["saved", "skipped", "failed", "waiting"])
_FIRST_IMAGE = (
    "SELECT image_id FROM items WHERE kind IN ('image', 'video') AND place = (SELECT min((SELECT"
    " min(place) FROM items WHERE job = ? AND state = states.value)) FROM json_each(?) AS states)"
)
_FAIL_DAMAGED = (
    "UPDATE items SET state = 'failed', reason = 'bad_answer',"
    " message = 'Its record in the database cannot be read.' WHERE place = ?"
)


class JobStore:
    """The jobs of a data folder, their locks, and which images are saved.

    Each thread opens a store of its own. A job claims an image before it downloads the image, so
    that no other job does the same; there are no claims on model files.

    recovery_notice: a sentence for the user if a damaged database was replaced, else "". Every
    method raises DiskError if the database cannot be used.
    """

    def __init__(self, path: str) -> None:
        self._folder = os.path.join(os.path.dirname(path), "locks")
        self._database = jobs_database(path)
        # Damaged text may not be valid UTF-8.
        self._database.connection.text_factory = lambda data: data.decode("utf-8", "replace")
        self.recovery_notice = self._database.recovery_notice

    def __enter__(self) -> JobStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    # Jobs

    def add_model_files(
        self, title: str, requests: Sequence[ModelFileRequest], search: str = ""
    ) -> tuple[int | None, dict[int, int]]:
        """Add a queued job for model files; return (its id, {file id: id of another job}).

        The dict has the files that unfinished jobs will download, which are left out. If no file
        is left, no job is added, and the id is None. search: the library search whose images need
        the files.
        """
        wanted = {request.file_id: request for request in requests}
        with self._database.writing() as db:
            sql = f"{_UNFINISHED} AND image_id IN (SELECT value FROM json_each(?))"
            elsewhere = dict(db.execute(sql, (_OVER, json.dumps(list(wanted)))).fetchall())
            files = [request for file_id, request in wanted.items() if file_id not in elsewhere]
            if not files:
                return None, elsewhere
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
                place = db.execute(
                    f"INSERT INTO items ({columns}) VALUES (?, ?, ?, ?, 'model')", row
                )
                record = (place.lastrowid, to_json(file.to_json()))
                db.execute("INSERT INTO records VALUES (?, ?)", record)
            return job_id, elsewhere

    def add_job(
        self,
        title: str,
        query: ImageQuery,
        folder: str,
        wanted: int,
        again: bool = False,
        options: JobOptions = JobOptions(),
        cursor: str | None = None,
        images: Sequence[Image] | None = None,
    ) -> int:
        """Add a queued job, with fields of `Job`; return its id.

        cursor: where to begin, None for the start. images: exactly those to download; `query` then
        only describes where the user chose them.
        """
        if images is not None:
            wanted, options = len(images), replace(options, is_selection=True)
        with self._database.writing() as db:
            job_id = insert_job(db, title, query, folder, wanted, again, options, cursor)
            if images is not None:
                tables.insert_page(db, job_id, WalkedPage(tuple(images), None))
        return job_id

    def get_job(self, job_id: int) -> Job:
        """Return a job by its id. Raises InputError if the job is missing or damaged."""
        found = self._database.rows(f"{tables.JOB} WHERE jobs.id = ?", (job_id,))
        if not found:
            raise InputError(f"There is no job {job_id}.")
        job = tables.parse_job_or_none(found[0])
        if job is None:
            raise InputError(f"Job {job_id} cannot be read.")
        return job

    def list_jobs(self, limit: int = 50, extra_ids: Collection[int] = ()) -> list[Job]:
        """Return the `limit` newest jobs and the jobs with the ids in `extra_ids`, newest first."""
        found = self._database.rows(
            f"{tables.JOB} WHERE jobs.id IN (SELECT id FROM jobs ORDER BY id DESC LIMIT ?)"
            " OR jobs.id IN (SELECT value FROM json_each(?)) ORDER BY jobs.id DESC",
            (limit, json.dumps(list(extra_ids))),
        )
        return [job for job in map(tables.parse_job_or_none, found) if job is not None]

    def count_jobs(self) -> int:
        return int(self._database.rows("SELECT count(*) FROM jobs")[0][0])

    def quarantine_unreadable(self) -> str:
        """Move unreadable jobs from the database to a JSON file; return a notice for the user.

        Return "" if all jobs can be read.
        """
        damaged = [
            row for row in self._database.rows(tables.JOB) if tables.parse_job_or_none(row) is None
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
        sql = f"{tables.JOB} WHERE state IN (SELECT value FROM json_each(?)) ORDER BY jobs.id"
        found = self._database.rows(sql, (states,))
        return [job for job in map(tables.parse_job_or_none, found) if job is not None]

    def queue_jobs(self, job_ids: Collection[int]) -> None:
        with self._database.writing() as db:
            for job_id in job_ids:
                mark_queued(db, job_id)

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
        sql = f"{tables.WITHOUT_RECORD} WHERE job = ? AND state != 'saved'"
        sql += " AND kind != 'model'" if keeps_models else ""
        unsaved = tables.parse_items(self._database.rows(sql, (job_id,)))
        if any(item.kind == "model" for item in unsaved):
            with self._database.reading() as db:
                found = db.execute(f"{_UNFINISHED} AND job != ?", (_OVER, job_id)).fetchall()
            wanted = {file_id for file_id, _ in found}
            unsaved = [i for i in unsaved if i.kind != "model" or i.image_id not in wanted]
        folder, urls = self.get_job(job_id).folder if unsaved else "", defaultdict(list)
        for item in unsaved:
            urls[item.folder(folder)].append(item.url)
        for item_folder, item_urls in urls.items():
            delete_resumable(item_folder, item_urls)
        for item_folder in self.list_folders(job_id):
            remove_leftovers(item_folder)  # of a run that was killed

    # Items

    def add_page(self, job_id: int, page: WalkedPage) -> None:
        """Store a gallery page's images as items of a job; update the job's cursor and report."""
        with self._database.writing() as db:
            tables.insert_page(db, job_id, page)

    def set_walk(self, job_id: int, walk: WalkState, begins: bool = False) -> None:
        """Set how far a job has walked; it goes on at its cursor, or at the start if `begins`."""
        values = (walk.value, begins, job_id)
        with self._database.writing() as db:
            cursor = "CASE WHEN ? THEN NULL ELSE cursor END"
            db.execute(f"UPDATE jobs SET walked = ?, cursor = {cursor} WHERE id = ?", values)

    def request_second_walk(self, job_id: int) -> None:
        """Queue a finished job to read its gallery again. Raises InputError if it is running."""
        sql = (
            "UPDATE jobs SET walked = ?, options = json_set(options, '$.verify', json('true'))"
            " WHERE id = ?"
        )
        with self.hold_job(job_id), self._database.writing() as db:
            db.execute(sql, (WalkState.SECOND_DUE.value, job_id))
            mark_queued(db, job_id)

    def list_waiting(self, job_id: int, after: int, limit: int) -> list[Item]:
        """Return the next `limit` items to download, with Civitai's records.

        after: the `place` (number in gallery order) of the last item already returned, 0 for none.
        Items with a damaged row are marked as failed and left out.
        """
        sql = (
            f"{tables.WITH_RECORD} WHERE job = ? AND state = 'waiting' AND items.place > ?"
            " ORDER BY items.place LIMIT ?"
        )
        while found := self._database.rows(sql, (job_id, after, limit)):
            items = tables.parse_items(found)
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
            f"{tables.WITHOUT_RECORD} WHERE job = ? AND state = 'failed'"
            " ORDER BY items.place LIMIT ?",
            (job_id, limit),
        )
        return tables.parse_items(found)

    def count_failed(self, job_id: int) -> dict[str, int]:
        """Return how many items of a job failed for each reason, the most frequent first."""
        sql = (
            "SELECT CAST(reason AS TEXT), count(*) FROM items WHERE job = ? AND state = 'failed'"
            " GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        return dict(self._database.rows(sql, (job_id,)))

    def find_first_image(self, job_id: int) -> int:
        """Return the id of a job's first image or video, 0 if it has none yet."""
        found = self._database.rows(_FIRST_IMAGE, (job_id, _ITEM_STATES))
        return next((as_id(image_id) or 0 for (image_id,) in found), 0)

    def list_model_files(self, job_id: int) -> list[ModelFileState]:
        """Return the model files of a job, [] for a job of images."""
        found = self._database.rows(_MODEL_FILES, (job_id,))
        return [_parse_model_file(row) for row in found]

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
                mark_queued(db, job_id)
        return changed

    def record_outcomes(self, job_id: int, outcomes: Sequence[Outcome]) -> None:
        """Store the outcomes of a job's items, and end the job's claims on the items' images.

        A claim keeps other jobs from downloading the same image. An image whose outcome has a size
        (`bytes`) counts as saved from now on.
        """
        # A file's name must be on the disk before the database calls the file saved.
        for folder in {os.path.dirname(outcome.path) for outcome in outcomes} - {""}:
            sync_folder(folder)
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
        if saved:
            self.copy_saved_paths([image_id for *_, image_id in saved])

    # Saved images, and the locks and claims by which only one job saves each

    def job_lock(self, job_id: int) -> sqlite.ProcessLock:
        """Return the lock that a process holds while it runs the job."""
        return sqlite.ProcessLock(os.path.join(self._folder, f"job-{job_id}.lock"))

    def queue_lock(self) -> sqlite.ProcessLock:
        """Return the lock that is shared by all processes that run queued jobs."""
        return sqlite.ProcessLock(os.path.join(self._folder, "queue.lock"))

    def is_queue_running(self) -> bool:
        """Return whether any process is running the queued jobs."""
        lock = self.queue_lock()
        try:
            return not lock.acquire()
        except DiskError:
            return False
        finally:
            lock.release()

    @contextmanager
    def hold_job(self, job_id: int) -> Iterator[None]:
        """Hold the job's lock in the `with` block. Raises InputError if somebody else holds it."""
        lock = self.job_lock(job_id)
        if not lock.acquire(_LOCK_SECONDS):
            raise InputError(f"Job {job_id} is already running in another program: stop it there.")
        try:
            yield
        finally:
            lock.release()

    def is_job_running(self, job_id: int) -> bool:
        """Return whether a process or thread is running the job."""
        lock = self.job_lock(job_id)
        if not os.path.exists(lock.path):
            return False
        is_free = lock.acquire()
        lock.release()
        return not is_free

    def count_to_fetch(self, job_id: int) -> int:
        """Return how many of a job's waiting images have not been saved by any job."""
        sql = (
            "SELECT count(*) FROM items WHERE job = ? AND state = 'waiting'"
            " AND image_id NOT IN (SELECT image_id FROM saved)"
        )
        return int(self._database.rows(sql, (job_id,))[0][0])

    def find_saved_paths(self, image_ids: Sequence[int] | None = None) -> dict[int, str]:
        """Return the file paths of saved images, by image id; the files may have been deleted.

        image_ids: None for all images ever saved.
        """
        return {image_id: path for image_id, path, _ in self._read_saved(image_ids)}

    def _read_saved(self, image_ids: Sequence[int] | None) -> list[tuple[int, str, float]]:
        sql, values = "SELECT image_id, path, at FROM saved", tuple[str, ...]()
        if image_ids is not None:
            sql += " WHERE image_id IN (SELECT value FROM json_each(?))"
            values = (json.dumps(list(image_ids)),)
        return list(self._database.rows(sql, values))

    def copy_saved_paths(self, image_ids: Sequence[int] | None = None) -> None:
        """Copy the paths of saved images to the library, by which pages and searches know them.

        image_ids: None for all images ever saved. A disk error is logged, not raised.
        """
        if image_ids is None and not self._database.rows("SELECT 1 FROM saved LIMIT 1"):
            return
        with log_disk_errors("jobs"):
            image_records.store_saved_files(lambda: self._read_saved(image_ids))

    def estimate_size(self) -> int:
        """Return the mean size in bytes of the latest 200 saved files, 0 if there are none."""
        numbers = "SELECT bytes FROM saved WHERE typeof(bytes) = 'integer'"  # others are damaged
        sql = f"SELECT avg(bytes) FROM ({numbers} ORDER BY at DESC LIMIT 200)"
        return int(self._database.rows(sql)[0][0] or 0)

    def list_missing_paths(self, job_id: int) -> list[str]:
        """Return the paths of skipped images whose file was missing or damaged when skipped."""
        sql = f"SELECT path FROM items WHERE job = ? AND {_MISSING} ORDER BY place"
        return [path for (path,) in self._database.rows(sql, (job_id,))]

    def requeue_missing(self, job_id: int) -> int:
        """Set skipped images to `waiting` if their files were missing or damaged when skipped.

        Return the number of these images; if it is not 0, the job becomes `queued`. Raises
        InputError if the job is running.
        """
        missing = f"job = ? AND {_MISSING} AND place IN (SELECT place FROM records)"
        images = f"SELECT image_id FROM items WHERE {missing}"
        sql = f"UPDATE items SET state = 'waiting', message = '', path = '' WHERE {missing}"
        with self.hold_job(job_id), self._database.writing() as db:
            ids = [image_id for (image_id,) in db.execute(images, (job_id,))]
            db.executemany("DELETE FROM saved WHERE image_id = ?", [(i,) for i in ids])
            db.execute(sql, (job_id,))
            if ids:
                mark_queued(db, job_id)
        with log_disk_errors("jobs"):
            image_records.forget_saved_files(ids)
        return len(ids)

    def count_saved_elsewhere(self, job_id: int) -> int:
        """Return how many skipped images were saved at another path than the job would use.

        Images whose files were missing or damaged when skipped are not counted.
        """
        found = self._database.rows(
            "SELECT path, folder, image_id, name FROM items JOIN jobs ON jobs.id = job"
            " WHERE job = ? AND items.state = 'skipped' AND message = '' AND kind != 'model'",
            (job_id,),
        )
        return sum(os.path.splitext(path)[0] != item_path(*place) for path, *place in found)

    def claim_images(
        self, job_id: int, image_ids: Sequence[int], present: Collection[int] = ()
    ) -> dict[int, Claim]:
        """Claim images for a job, except those that another job has claimed, or that are `present`.

        Return a Claim for each image, by image id: it says where the image was saved before, and
        which other job has claimed it.
        """
        listed = "WHERE image_id IN (SELECT value FROM json_each(?))"
        ids = (json.dumps(list(image_ids)),)
        with self._database.writing() as db:
            found = db.execute(f"SELECT image_id, path, bytes FROM saved {listed}", ids)
            saved = {image_id: file for image_id, *file in found}
            owners = dict(db.execute(f"SELECT image_id, job FROM claims {listed}", ids).fetchall())
            unclaimed = [(i, job_id) for i in image_ids if i not in owners and i not in present]
            db.executemany("INSERT INTO claims (image_id, job) VALUES (?, ?)", unclaimed)
        claims = {}
        for i in image_ids:
            path, size = saved.get(i, ("", 0))
            is_ours = owners.get(i) == job_id
            claims[i] = Claim(path, size, 0 if is_ours else owners.get(i, 0), is_ours)
        return claims

    def free_claims(self, job_id: int, find_outcome: Callable[[Job, Item], Outcome | None]) -> None:
        """Delete a job's claims on images, unless that job is running.

        find_outcome: returns the outcome of a claimed item that a killed job had not recorded, None
        if there is none. Such outcomes are recorded first.
        """
        lock = self.job_lock(job_id)
        if lock.acquire():
            try:
                found = self._database.rows(f"{tables.JOB} WHERE jobs.id = ?", (job_id,))
                jobs = filter(None, map(tables.parse_job_or_none, found))
                sql = f"{tables.WITH_RECORD} WHERE {_CLAIMED}"
                items = tables.parse_items(self._database.rows(sql, (job_id, job_id)))
                ends = [find_outcome(job, item) for job in jobs for item in items]
                self.record_outcomes(job_id, [end for end in ends if end is not None])
                with self._database.writing() as db:
                    delete_claims(db, job_id)
            finally:
                lock.release()


def _parse_model_file(row: tuple[Any, ...]) -> ModelFileState:
    file_id, url, state, size, reason, message, saved_path, *record = row
    version_id, model_id, name, title, wanted_path = record
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
        as_integer(model_id) or 0,
    )
