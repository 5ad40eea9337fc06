"""The service by which jobs are created, listed, stopped and resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from .. import setting, util
from ..civitai import ImageQuery
from ..core import Image, log_disk_errors, sqlite
from ..errors import DiskError, InputError
from ..library import write_later
from ..model_files import ModelFileRequest
from .job_client import choose_destination, choose_image_width
from .job_records import add_received, Job, JobOptions, JobState, NamingContext
from .job_texts import FAILURES_LISTED
from .queue import WorkerPool
from .store import JobStore

# To wait for the queue's lock, which another program holds briefly in `is_queue_running`.
_LOCK_SECONDS = 1.0
_MOST_SEARCHED = 10_000  # jobs
_NEWEST = 4  # jobs that are always listed besides the running ones


class JobService:
    """The jobs and the threads that run them; any thread may call the methods.

    get_client: returns the HTTP client; called before each run of a job. notice: a sentence for the
    user if the database was damaged, else "". Methods raise DiskError if the database cannot be
    used. Methods that create a job take: wanted, the largest number of images; context, the names
    of the model and version; query or search, the gallery or library search that showed the images.
    """

    def __init__(self, get_client: Callable[[], Any]) -> None:
        self.notice = ""
        self._workers = WorkerPool(self.open_store, get_client)
        self._queue_lock: sqlite.ProcessLock | None = None  # held until this process ends

    def download_gallery(
        self, query: ImageQuery, wanted: int, context: NamingContext, verify: bool = False
    ) -> int:
        """Queue a download of images of a gallery; return the job's id.

        verify: read the gallery's pages a second time, from the end, to find images that were
        missed. Raises InputError if the file name template in the settings is invalid.
        """
        folder, options = _make_options(context)
        options = replace(options, verify=verify)
        with self.open_store() as store:
            job_id = store.add_job(context.model, query, folder, wanted, options=options)
        self._workers.add(job_id)
        return job_id

    def read_gallery(
        self, query: ImageQuery, wanted: int, context: NamingContext, cursor: str | None = None
    ) -> int:
        """Queue a job that fetches a gallery's pages but no image files; return the job's id.

        The job stores each image's record (Civitai's JSON) in the library. cursor: Civitai's cursor
        of the first page to read, None for the gallery's start.
        """
        options = JobOptions(facts=context, reads_only=True)
        with self.open_store() as store:
            job_id = store.add_job(context.model, query, "", wanted, options=options, cursor=cursor)
        self._workers.add(job_id)
        return job_id

    def download_selection(
        self,
        images: Sequence[Image],
        context: NamingContext,
        again: bool = False,
        query: ImageQuery = ImageQuery(),
        search: str = "",
    ) -> int:
        """Queue a download of these images; return the job's id.

        again: also download images that were saved before.
        """
        folder, options = _make_options(context)
        options = replace(options, search=search)
        with self.open_store() as store:
            title, count = context.model, len(images)
            job_id = store.add_job(title, query, folder, count, again, options, images=images)
        self._workers.add(job_id)
        return job_id

    def download_model_files(
        self, requests: Sequence[ModelFileRequest], title: str, search: str = ""
    ) -> tuple[int | None, dict[int, int]]:
        """Queue a download of model files; return what `JobStore.add_model_files` does.

        A paused job that will download some of the files is resumed.
        """
        with self.open_store() as store:
            new_id, elsewhere = store.add_model_files(title, requests, search)
            others = [store.get_job(job_id) for job_id in set(elsewhere.values())]
        if new_id is not None:
            self._workers.add(new_id)
        for job in others:
            if job.state is JobState.PAUSED:
                self.resume(job.id)
        return new_id, elsewhere

    def resume_after_start(self) -> None:
        """Queue the jobs that were unfinished at the last end, but none that the user paused."""
        with self.open_store() as store:
            for notice in filter(None, (store.recovery_notice, store.quarantine_unreadable())):
                util.printD(f"[gallery] {notice}")
                self.notice = notice
            self._queue_lock = store.queue_lock()
            with log_disk_errors("gallery"):
                self._queue_lock.acquire(_LOCK_SECONDS, shared=True)
            unfinished = queue_unfinished_jobs(store)
        write_later(lambda _: self._copy_saved_paths())  # the program may have ended before
        for job_id in unfinished:
            self._workers.add(job_id)

    def _copy_saved_paths(self) -> None:
        with log_disk_errors("gallery"), self.open_store() as store:
            store.copy_saved_paths()

    def stop(self, job_id: int, state: str) -> None:
        """Pause or cancel a job; do nothing if the job is done or cancelled already.

        state: `paused` or `cancelled`; `resume` continues the job in both cases. A running job
        stops soon after this call. Raises InputError if another program is running the job.
        """
        with self._workers.remove(job_id) as entry:
            if entry is not None and entry.is_running:
                return entry.stop(JobState(state))
            with self.open_store() as store:
                if not store.get_job(job_id).is_over:
                    with store.hold_job(job_id):
                        store.set_state(job_id, state)

    def forget(self, job_id: int) -> None:
        """Delete a job and its partial files, not the saved ones. Raises InputError if it runs."""
        with self._workers.remove(job_id) as entry:
            is_running = entry is not None and entry.is_running
            if not is_running:
                self._delete(job_id)
        if is_running:  # a run that is about to end needs the pool's lock to do so
            self._delete(job_id)

    def retry(self, job_id: int, of_missing: bool = False) -> None:
        """Queue a job again, to download its failed items; do nothing if there are none.

        Images that Civitai has deleted stay failed. of_missing: download the skipped images whose
        files were missing or damaged instead. Raises InputError if the job is running.
        """
        with self.open_store() as store:
            count = store.requeue_missing(job_id) if of_missing else store.retry_failed(job_id)
        if count:
            self.resume(job_id)

    def verify(self, job_id: int) -> None:
        """Queue a finished job again, to find images of its gallery that it has missed.

        Do nothing if the job has not read its gallery to the end. Raises InputError if it is
        running.
        """
        with self.open_store() as store:
            if not store.get_job(job_id).can_verify:
                return
            store.request_second_walk(job_id)
        self.resume(job_id)

    def list_jobs(
        self, limit: int, is_wanted: Callable[[Job], bool] | None = None
    ) -> tuple[list[Job], int]:
        """Return (the newest wanted jobs, newest first; the number of all jobs in the database).

        limit: how many jobs are returned at most. is_wanted: returns whether a job is wanted; it is
        called for the newest 10,000 jobs. None: all jobs are wanted, and running ones are returned
        even above the limit.
        """
        running = self._workers.list_running()
        with self.open_store() as store:
            if is_wanted is None:
                jobs = store.list_jobs(max(limit - len(running), min(limit, _NEWEST)), running)
            else:
                jobs = list(filter(is_wanted, store.list_jobs(_MOST_SEARCHED)))[:limit]
            live_jobs = self._workers.find_live_jobs(jobs)
            current = [
                _add_items(store, job, live_jobs.get(job.id) or _check_running(store, job))
                for job in jobs
            ]
            return current, store.count_jobs()

    def count_waiting(self) -> int:
        return self._workers.count_waiting()

    def open_store(self) -> JobStore:
        """Return the opened jobs database; only the calling thread may use it."""
        return JobStore(setting.database_file())

    def resume(self, job_id: int) -> None:
        """Put a job at the front of the queue, whether or not the job is queued already.

        A running job is not moved, but if it is about to stop, it will run again afterwards.
        """
        if not self._workers.prioritize(job_id):
            with self.open_store() as store:
                if store.get_job(job_id).state is not JobState.RUNNING:
                    store.queue_jobs([job_id])
            self._workers.add(job_id)
            self._workers.prioritize(job_id)

    def _delete(self, job_id: int) -> None:
        with self.open_store() as store:
            store.forget(job_id)


def _make_options(context: NamingContext) -> tuple[str, JobOptions]:
    folder, name = choose_destination(context)
    return folder, JobOptions(name, context, width=choose_image_width())


def _check_running(store: JobStore, job: Job) -> Job:
    """Return a job that this process does not run; as paused if no program runs it any more.

    It may still say `running` after its program was killed, or its disk was full.
    """
    with suppress(DiskError, InputError):  # InputError: it was deleted meanwhile
        if job.state is JobState.RUNNING and not store.is_job_running(job.id):
            job = store.get_job(job.id)  # it may have ended meanwhile
            if job.state is JobState.RUNNING:
                return replace(job, state=JobState.PAUSED)
    return job


def _add_items(store: JobStore, stored: Job, current: Job) -> Job:
    """Return a job with its failures and files; `stored` is the same job in the database."""
    files = store.list_model_files(stored.id) if stored.has_models else []
    if not (current.is_live and current.state is JobState.RUNNING):
        current = add_received(current, files)
    received = current.received
    return replace(
        current,
        first_image=0 if stored.has_models else store.find_first_image(stored.id),
        failures=tuple(store.list_failed(stored.id, FAILURES_LISTED)) if stored.failed else (),
        failed_reasons=store.count_failed(stored.id) if stored.failed else {},
        missing_files=len(store.list_missing_paths(stored.id)) if stored.skipped else 0,
        model_files=tuple(
            (
                replace(file, state="running", received=received[file.file_id])
                if file.state == "waiting" and file.file_id in received
                else file
            )
            for file in files
        ),
    )


def queue_unfinished_jobs(store: JobStore) -> list[int]:
    """Queue the jobs that resume when the program starts; return their ids in starting order.

    Jobs that were running come first. Jobs that another program is running do not resume. Paused
    jobs resume only if they were paused by an error that may pass, such as a network error.
    """
    jobs = [
        job
        for job in store.list_unfinished()
        if job.resumes_automatically
        and not (job.state is JobState.RUNNING and store.is_job_running(job.id))
    ]
    ids = [job.id for job in sorted(jobs, key=lambda job: job.state is not JobState.RUNNING)]
    with log_disk_errors("gallery"):
        store.queue_jobs(ids)
    return ids
