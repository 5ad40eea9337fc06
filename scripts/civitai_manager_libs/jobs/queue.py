"""The queue of jobs: which one runs next, and the threads that run them."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from operator import attrgetter
from typing import Any

from .. import setting, util
from ..errors import CivitaiShortcutError, DiskError
from .failures import compute_retry_delay
from .job_client import JobClient
from .job_records import Job, JobState
from .store import JobStore
from .worker import JobWorker, StopRequest

_counter = itertools.count()


@dataclass
class QueueEntry:
    """One job in the queue.

    due: (earliest start of the job by `time.monotonic`, number that orders jobs with equal times).
    stop_request: stops the job's run, None if the job is not running. again: whether to queue the
    job again after its run. progress: the last reported progress. futile_runs: the number of runs
    since the last run that saved a file. unwritten: the state that the user has requested, while
    the disk is too full to write it.
    """

    job_id: int
    due: tuple[float, int] = field(default_factory=lambda: (time.monotonic(), next(_counter)))
    stop_request: StopRequest | None = None
    again: bool = False
    progress: Job | None = None
    futile_runs: int = 0
    unwritten: JobState | None = None

    @property
    def is_running(self) -> bool:
        return self.stop_request is not None

    @property
    def requested_state(self) -> JobState | None:
        """Return the state that the user has requested for a running job, None for no request."""
        return None if self.stop_request is None else self.stop_request.state

    @property
    def is_waiting_to_retry(self) -> bool:
        return not self.is_running and self.due[0] > time.monotonic()

    @property
    def state(self) -> JobState:
        """Return the job's state as shown to the user: `queued`, `running` or `paused`.

        `paused` means that the job waits to be retried. A job that is about to stop because the
        user requested it counts as `running`. A state that is not written yet counts.
        """
        if self.unwritten is not None:
            return self.unwritten
        if not self.is_running:
            return JobState.PAUSED if self.is_waiting_to_retry else JobState.QUEUED
        has_request = self.again or self.requested_state is not None
        is_paused = self.progress is not None and self.progress.state is JobState.PAUSED
        return JobState.PAUSED if is_paused and not has_request else JobState.RUNNING

    def update_job(self, job: Job, jobs_ahead: int) -> Job:
        """Return a job of the database with its state, counts and place in this queue."""
        if self.state is JobState.QUEUED:
            return replace(job, state=self.state, jobs_ahead=jobs_ahead)
        job = job if self.progress is None else self.progress
        if self.unwritten is None and self.is_waiting_to_retry and job.is_live:
            # A job without disk space waits for the user, not for a time.
            left = 0.0 if job.missing else self.due[0] - time.monotonic()
            job = replace(job, retry_in=max(job.retry_in, left), rate=0.0)
        will_retry = self.unwritten is None and self.state is JobState.PAUSED
        return replace(job, state=self.state, will_retry=will_retry)

    def start(self) -> None:
        self.stop_request, self.again = StopRequest(), False
        if self.unwritten is not None:  # the run only writes it
            self.stop_request.stop(self.unwritten)

    def stop(self, state: JobState) -> None:
        """Stop the job's run, after which the job gets this state; stop nothing between runs."""
        self.again = False
        if self.stop_request is not None:
            self.stop_request.stop(state)

    def schedule_retry(self, error: CivitaiShortcutError | None, has_saved: bool) -> bool:
        """Mark the run as ended; return whether the job will be retried.

        error: what stopped the run. There is no retry if it is None or will not pass. has_saved:
        whether the run saved a file, so that the pause before the retry is the shortest again.
        """
        self.futile_runs = 0 if has_saved else self.futile_runs
        pause = compute_retry_delay(error, self.futile_runs)
        self.unwritten = None if self.again else self.requested_state
        self.stop_request, self.futile_runs = None, self.futile_runs + 1
        self.due = (time.monotonic() + (pause or 0.0), next(_counter))
        return pause is not None


class Scheduler(dict[int, QueueEntry]):
    """The queue entries by job id. The caller must hold the pool's lock."""

    def list_waiting(self) -> list[int]:
        """Return the ids of the jobs that may start now, in starting order."""
        now, idle = time.monotonic(), sorted(self._iter_idle(), key=attrgetter("due"))
        return [entry.job_id for entry in idle if entry.due[0] <= now]

    def next_entry(self) -> QueueEntry | None:
        """Return the entry that starts next, perhaps in the future; None if no job is waiting."""
        return min(self._iter_idle(), key=attrgetter("due"), default=None)

    def put_first(self, entry: QueueEntry) -> None:
        """Mark a job as not running, and move it to the front of the waiting jobs."""
        entry.stop_request, entry.again, entry.progress = None, False, None
        entry.unwritten = None
        first = min(other.due[0] for other in self._iter_idle())
        entry.due = (min(first, time.monotonic()) - 1.0, next(_counter))

    def _iter_idle(self) -> Iterator[QueueEntry]:
        return (entry for entry in self.values() if not entry.is_running)


class WorkerPool:
    """Threads that run the queued jobs, at most `gallery_jobs_at_once` at a time.

    Any thread may call the methods. A thread of the pool ends when the queue is empty. open_store:
    opens the jobs database. get_client: returns the HTTP client; called before each run of a job.
    """

    def __init__(self, open_store: Callable[[], JobStore], get_client: Callable[[], Any]) -> None:
        self._open_store, self._get_client = open_store, get_client
        self._changed = threading.Condition()
        self._entries = Scheduler()
        self._count = 0  # number of threads

    def add(self, job_id: int) -> None:
        """Add a job to the end of the queue; do nothing if the job is queued already."""
        with self._changed:
            self._entries.setdefault(job_id, QueueEntry(job_id))
            self._start_workers()

    def prioritize(self, job_id: int) -> bool:
        """Move a waiting job to the front of the queue; return False if the job is not queued.

        A running job is not moved, but if it is about to stop, it will run again afterwards.
        """
        with self._changed:
            entry = self._entries.get(job_id)
            if entry is None:
                return False
            if entry.is_running:
                entry.again = entry.requested_state is not None or entry.again
            else:
                self._entries.put_first(entry)
                self._start_workers()
            return True

    @contextmanager
    def remove(self, job_id: int) -> Iterator[QueueEntry | None]:
        """Yield a job's queue entry; take the job out of the queue after the `with` block.

        The job stays in the queue if it is running or if the block raises an error. In the block,
        no run starts or ends, and other threads cannot read the queue. Yield None if the job is not
        queued; the block then stops no other threads.
        """
        with self._changed:
            entry = self._entries.get(job_id)
            if entry is not None:
                yield entry
                if not entry.is_running:
                    del self._entries[job_id]
                    self._changed.notify_all()  # a thread may be waiting for this job
                return
        yield None

    def list_running(self) -> list[int]:
        with self._changed:
            return [job_id for job_id, entry in self._entries.items() if entry.is_running]

    def count_waiting(self) -> int:
        """Return how many jobs are waiting to start."""
        with self._changed:
            return len(self._entries.list_waiting())

    def find_live_jobs(self, jobs: Iterable[Job]) -> dict[int, Job]:
        """Return these jobs that are queued or running, by id, as this queue knows them."""
        with self._changed:
            ahead = {job_id: n for n, job_id in enumerate(self._entries.list_waiting())}
            entries = [(job, self._entries.get(job.id)) for job in jobs]
            return {job.id: e.update_job(job, ahead.get(job.id, 0)) for job, e in entries if e}

    def _start_workers(self) -> None:
        """Start threads for the queued jobs. The caller must hold the lock `_changed`."""
        self._changed.notify_all()  # a thread may be waiting for a retry
        while self._count < setting.gallery_jobs_at_once:
            entry = self._entries.next_entry()
            if entry is None or entry.is_waiting_to_retry:
                return
            self._count += 1
            entry.start()
            name = f"gallery-job-{entry.job_id}"
            threading.Thread(target=self._work_loop, args=(entry,), name=name, daemon=True).start()

    def _work_loop(self, entry: QueueEntry | None) -> None:
        """Run queued jobs in this thread until none is left; begin with the job of `entry`."""
        try:
            while entry is not None:
                self._run_entry(entry)
                entry = self._start_next()
        finally:
            with self._changed:
                self._count -= 1
                if entry is not None:
                    self._entries.pop(entry.job_id, None)
                self._start_workers()

    def _start_next(self) -> QueueEntry | None:
        """Wait for a queued job that may start, and start it; return None to end this thread."""
        with self._changed:
            while self._count <= setting.gallery_jobs_at_once:
                entry = self._entries.next_entry()
                if entry is None:
                    break
                if not entry.is_waiting_to_retry:
                    entry.start()
                    self._start_workers()  # several jobs may be due at once
                    return entry
                self._changed.wait(max(0.0, entry.due[0] - time.monotonic()))
        return None

    def _run_entry(self, entry: QueueEntry) -> None:
        try:
            with self._open_store() as store:
                client, report = JobClient(self._get_client()), partial(self._store_progress, entry)
                worker = JobWorker(store, entry.job_id, client, report, entry.stop_request)
                before = store.get_job(entry.job_id)
                job = worker.run() if before.resumes_automatically else before
                with self._changed:
                    self._finish_run(store, entry, job, worker.error, job.saved > before.saved)
        except CivitaiShortcutError as error:
            util.printD(f"[gallery] job {entry.job_id}: {error}")
            with self._changed:
                if not (isinstance(error, DiskError) and entry.schedule_retry(error, False)):
                    self._entries.pop(entry.job_id, None)

    def _finish_run(
        self,
        store: JobStore,
        entry: QueueEntry,
        job: Job,
        error: CivitaiShortcutError | None,
        has_saved: bool,
    ) -> None:
        """Queue a job again if that was requested or may help, else remove it from the queue."""
        requested = entry.requested_state
        if entry.again:
            store.queue_jobs([job.id])
            return self._entries.put_first(entry)
        if requested is None and not job.is_over and entry.schedule_retry(error, has_saved):
            return
        if requested is not None and (requested is not job.state or job.reason):
            store.set_state(job.id, requested)  # a reason: the worker could not write it
        del self._entries[job.id]

    def _store_progress(self, entry: QueueEntry, progress: Job) -> None:
        with self._changed:
            entry.progress = progress
            if self._count < setting.gallery_jobs_at_once:  # the setting was raised
                self._start_workers()
