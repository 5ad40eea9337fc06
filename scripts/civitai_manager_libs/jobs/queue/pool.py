"""The threads that run the queued jobs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ... import setting, util
from ...errors import CivitaiShortcutError, DiskError
from ..factory import JobClient
from ..progress import JobProgress
from ..records import Job
from ..store import JobStore
from ..worker import JobWorker
from .scheduler import QueueEntry, QueueStatus, Scheduler

__all__ = ["WorkerPool"]


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
            return self._entries.list_running()

    def count_waiting(self) -> int:
        """Return how many jobs are waiting to start."""
        with self._changed:
            return len(self._entries.list_waiting())

    def list_statuses(self, job_ids: Iterable[int]) -> dict[int, QueueStatus]:
        """Return the state and position of these jobs in the queue, by job id.

        Jobs that are not queued are left out.
        """
        with self._changed:
            ahead = {job_id: n for n, job_id in enumerate(self._entries.list_waiting())}
            entries = {i: self._entries[i] for i in job_ids if i in self._entries}
            return {i: entry.make_status(ahead.get(i, 0)) for i, entry in entries.items()}

    def _start_workers(self) -> None:
        """Start threads for the queued jobs, as many as the settings allow.

        The caller must hold the lock `_changed`.
        """
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
        """Run queued jobs in this thread until none is left; begin with the job of `entry`.

        An unexpected exception ends the thread and removes its job from the queue.
        """
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
        """Wait until a queued job may start; return the job's queue entry, marked as running.

        Return None, so that this thread ends, if all queued jobs are running already or if there
        are more threads than `gallery_jobs_at_once`.
        """
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
        """Run a job once; afterwards remove it from the queue or queue it again."""
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
                may_retry = isinstance(error, DiskError) and (
                    entry.again or entry.requested_state is None
                )
                if not (may_retry and entry.schedule_retry(error, False)):
                    self._entries.pop(entry.job_id, None)

    def _finish_run(
        self,
        store: JobStore,
        entry: QueueEntry,
        job: Job,
        error: CivitaiShortcutError | None,
        has_saved: bool,
    ) -> None:
        """Queue a job again after its run, if the user requested that or a retry may help.

        Otherwise remove it from the queue, and give it the state that the user has requested, if
        any. error: what stopped the run, None for no error. has_saved: whether the run saved a
        file; if not, the job waits longer for its retry.
        """
        requested = entry.requested_state
        if entry.again:
            store.queue_jobs([job.id])
            return self._entries.put_first(entry)
        if requested is None and not job.is_over and entry.schedule_retry(error, has_saved):
            return
        if requested not in (None, job.state):
            store.set_state(job.id, requested)
        del self._entries[job.id]

    def _store_progress(self, entry: QueueEntry, progress: JobProgress) -> None:
        with self._changed:
            entry.progress = progress
            if self._count < setting.gallery_jobs_at_once:  # the setting was raised
                self._start_workers()
