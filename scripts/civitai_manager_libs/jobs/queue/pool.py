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
from .scheduler import Scheduler, Turn, TurnView

__all__ = ["WorkerPool"]


class WorkerPool:
    """Threads that run the queued jobs, at most `gallery_jobs_at_once`; any thread may use it.

    A thread with nothing to do waits for a job that will be retried; if there is none it ends.
    """

    def __init__(self, open_store: Callable[[], JobStore], get_client: Callable[[], Any]) -> None:
        """Create a pool without jobs.

        open_store: opens the jobs database. get_client: returns the HTTP client; called before each
        run.
        """
        self._open_store, self._get_client = open_store, get_client
        self._changed = threading.Condition()
        self._turns = Scheduler()
        self._count = 0  # of threads

    def add(self, job_id: int) -> None:
        """Add a job to the end of the queue; do nothing if it is queued already."""
        with self._changed:
            self._turns.setdefault(job_id, Turn(job_id))
            self._start_workers()

    def prioritize(self, job_id: int) -> bool:
        """Move a job to the front of the queue; return False if it is not queued.

        A job that is about to stop runs again afterwards.
        """
        with self._changed:
            turn = self._turns.get(job_id)
            if turn is None:
                return False
            if turn.is_running:
                turn.again = turn.requested_state is not None or turn.again
            else:
                self._turns.put_first(turn)
                self._start_workers()
            return True

    @contextmanager
    def withdraw(self, job_id: int) -> Iterator[Turn | None]:
        """Take a job out of the queue and yield its queue entry, None if it is not queued.

        A running job stays in the queue. If the `with` block raises CivitaiShortcutError, the job
        is queued again.
        """
        with self._changed:
            turn = self._turns.get(job_id)
            if turn is not None and not turn.is_running:
                del self._turns[job_id]
                self._changed.notify_all()  # a thread that waits for this job need not any more
        try:
            yield turn
        except CivitaiShortcutError:
            if turn is not None:
                with self._changed:
                    self._turns.setdefault(job_id, turn)
                    self._start_workers()
            raise

    def list_running(self) -> list[int]:
        with self._changed:
            return self._turns.list_running()

    def count_waiting(self) -> int:
        """Return how many jobs are waiting to start."""
        with self._changed:
            return len(self._turns.list_waiting())

    def list_turn_views(self, job_ids: Iterable[int]) -> dict[int, TurnView]:
        """Return the state and position of these jobs in the queue, by job id.

        Jobs that are not queued are left out.
        """
        with self._changed:
            ahead = {job_id: n for n, job_id in enumerate(self._turns.list_waiting())}
            turns = {i: self._turns[i] for i in job_ids if i in self._turns}
            return {i: turn.make_view(ahead.get(i, 0)) for i, turn in turns.items()}

    def _start_workers(self) -> None:
        """Start threads for the queued jobs, as many as the settings allow.

        The caller must hold the lock `_changed`.
        """
        self._changed.notify_all()  # a thread that waits for a retry looks again
        while self._count < setting.gallery_jobs_at_once:
            turn = self._turns.next_turn()
            if turn is None or turn.is_waiting_to_retry:
                return
            self._count += 1
            first = None if turn.required_space else turn  # checking a disk may hang
            if first is not None:
                first.start()
            name = f"gallery-job-{turn.job_id}"
            threading.Thread(target=self._work_loop, args=(first,), name=name, daemon=True).start()
            if first is None:
                return

    def _work_loop(self, turn: Turn | None) -> None:
        """Run queued jobs in this thread until none is left.

        turn: queue entry of the first job, already started; None to take a job from the queue.
        """
        has_crashed = True
        try:
            turn = turn or self._next_turn()
            while turn is not None:
                self._run_turn(turn)
                turn = self._next_turn()
            has_crashed = False
        finally:
            if has_crashed:  # a bug of ours: its job must not keep a place
                with self._changed:
                    self._count -= 1
                    if turn is not None:
                        self._turns.pop(turn.job_id, None)
                    self._start_workers()

    def _next_turn(self) -> Turn | None:
        """Wait for a queued job, mark it as started, and return its queue entry.

        Return None if this thread is no longer needed.
        """
        while (turn := self._wait_for_turn()) is not None:
            due, disk_full = turn.due, turn.find_missing_space()
            with self._changed:
                is_current = self._turns.get(turn.job_id) is turn and not turn.is_running
                if not is_current or turn.due != due:
                    continue
                if disk_full is None:
                    turn.start()
                    self._start_workers()
                    return turn
                turn.postpone(disk_full)
        return None

    def _wait_for_turn(self) -> Turn | None:
        """Wait until a queued job may start, and return its queue entry.

        Return None if this thread is no longer needed.
        """
        with self._changed:
            while self._count <= setting.gallery_jobs_at_once:
                turn = self._turns.next_turn()
                if turn is None:
                    break
                if not turn.is_waiting_to_retry:
                    return turn
                self._changed.wait(max(0.0, turn.due[0] - time.monotonic()))
            self._count -= 1
        return None

    def _run_turn(self, turn: Turn) -> None:
        """Run a job once; afterwards remove it from the queue or queue it again."""
        try:
            with self._open_store() as store:
                client, report = JobClient(self._get_client()), partial(self._store_progress, turn)
                worker = JobWorker(store, turn.job_id, client, report, turn.stop_request)
                before = store.get_job(turn.job_id)
                job = worker.run() if before.resumes_automatically else before
                with self._changed:
                    has_saved = job.saved > before.saved
                    if not self._requeue(store, job, turn, worker, has_saved):
                        del self._turns[job.id]
        except CivitaiShortcutError as error:
            util.printD(f"[gallery] job {turn.job_id}: {error}")
            with self._changed:
                may_retry = isinstance(error, DiskError) and (
                    turn.again or turn.requested_state is None
                )
                if not (may_retry and turn.schedule_retry(error, False, {})):
                    self._turns.pop(turn.job_id, None)

    def _requeue(
        self, store: JobStore, job: Job, turn: Turn, worker: JobWorker, has_saved: bool
    ) -> bool:
        """Queue a job again after its run, if the user asked for that or a retry may help.

        Return whether the job is queued. has_saved: whether the run saved a file.
        """
        requested = turn.requested_state
        if turn.again:
            store.queue_jobs([job.id])
            self._turns.put_first(turn)
            return True
        if requested is None:
            return not job.is_over and turn.schedule_retry(
                worker.error, has_saved, worker.required_space
            )
        if job.state is not requested:
            store.set_state(job.id, requested)
        return False

    def _store_progress(self, turn: Turn, progress: JobProgress) -> None:
        with self._changed:
            turn.progress = progress
            if self._count < setting.gallery_jobs_at_once:  # the setting was raised
                self._start_workers()
