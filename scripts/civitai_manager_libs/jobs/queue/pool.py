"""The few jobs that are at work: threads that take one after another, each in its turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ... import setting, util
from ...errors import CivitaiShortcutError, DiskError
from ..factory import make_network, reserved_bytes
from ..progress import JobProgress
from ..records import Job
from ..store import JobStore
from ..worker import JobWorker
from .scheduler import Scheduler, Turn, TurnView

__all__ = ["WorkerPool"]


class WorkerPool:
    """As many as the setting says, while there is work. All methods may be called from any thread.

    A worker that has nothing to do waits for a job that rests; without one it ends.
    """

    def __init__(self, store: Callable[[], JobStore], client: Callable[[], Any]) -> None:
        """client: gives the HTTP client, anew for each job."""
        self._store, self._client = store, client
        self._changed = threading.Condition()
        self._turns = Scheduler()
        self._count = 0

    def add(self, job_id: int) -> None:
        """Let a job wait its turn, or begin it at once where nobody waits."""
        with self._changed:
            self._turns.setdefault(job_id, Turn(job_id))
            self._start_workers()

    def prioritize(self, job_id: int) -> bool:
        """Let a job begin before all that wait, or again at its end; whether it has a turn."""
        with self._changed:
            turn = self._turns.get(job_id)
            if turn is None:
                return False
            if turn.stop_request is not None:
                turn.again = turn.stop_request.state is not None or turn.again
            else:
                self._turns.put_first(turn)
                self._start_workers()
            return True

    def withdraw(self, job_id: int) -> Turn | None:
        """Return a job's turn, which nobody comes to any more unless it is at work."""
        with self._changed:
            turn = self._turns.get(job_id)
            if turn is not None and not turn.is_at_work:
                del self._turns[job_id]
                self._changed.notify_all()  # whoever waited for it need not any more
            return turn

    def restore(self, turn: Turn | None) -> None:
        """Undo `withdraw`."""
        if turn is not None:
            with self._changed:
                self._turns.setdefault(turn.job_id, turn)
                self._start_workers()

    def list_running(self) -> list[int]:
        with self._changed:
            return self._turns.list_running()

    def count_waiting(self) -> int:
        """Return how many jobs wait their turn."""
        with self._changed:
            return len(self._turns.list_waiting())

    def list_turn_views(self, job_ids: Iterable[int]) -> dict[int, TurnView]:
        """Return how those of these jobs stand that have a turn."""
        with self._changed:
            before = {job_id: n for n, job_id in enumerate(self._turns.list_waiting())}
            found = {i: self._turns[i] for i in job_ids if i in self._turns}
            return {i: turn.make_view(before.get(i, 0)) for i, turn in found.items()}

    def _start_workers(self) -> None:
        """Begin what may begin. The caller keeps others out."""
        self._changed.notify_all()  # a worker that waits for the end of a rest looks anew
        while self._count < setting.gallery_jobs_at_once:
            turn = self._turns.next_turn()
            if turn is None or turn.is_resting:
                return
            self._count += 1
            begun = None if turn.needed else turn  # a look at a disk may hang
            if begun is not None:
                begun.begin()
            name = f"gallery-job-{turn.job_id}"
            threading.Thread(target=self._work_loop, args=(begun,), name=name, daemon=True).start()
            if begun is None:
                return

    def _work_loop(self, turn: Turn | None) -> None:
        """On this job, and then on those whose turn it is."""
        is_needed = True
        try:
            turn = turn or self._next_turn()
            while turn is not None:
                self._run_turn(turn)
                turn = self._next_turn()
            is_needed = False
        finally:
            if is_needed:  # a fault of our own
                self._leave(turn)

    def _next_turn(self) -> Turn | None:
        """The job whose turn it is now; None, and it has left, where a worker is not needed."""
        while (turn := self._wait_for_turn()) is not None:
            due, full = turn.due, turn.find_missing_space()
            with self._changed:
                is_same = self._turns.get(turn.job_id) is turn and not turn.is_at_work
                if not is_same or turn.due != due:
                    continue
                if full is None:
                    turn.begin()
                    self._start_workers()
                    return turn
                turn.wait_for_room(full)
        return None

    def _wait_for_turn(self) -> Turn | None:
        """Waits for the end of the shortest rest."""
        with self._changed:
            while self._count <= setting.gallery_jobs_at_once:
                turn = self._turns.next_turn()
                if turn is None:
                    break
                if not turn.is_resting:
                    return turn
                self._changed.wait(max(0.0, turn.due[0] - time.monotonic()))
            self._count -= 1
        return None

    def _leave(self, turn: Turn | None) -> None:
        with self._changed:
            self._count -= 1
            if turn is not None:
                self._turns.pop(turn.job_id, None)
            self._start_workers()

    def _run_turn(self, turn: Turn) -> None:
        """One go. Its turn is over then, or comes again."""
        try:
            with self._store() as store:
                run = JobWorker(
                    store,
                    turn.job_id,
                    make_network(self._client()),
                    setting.gallery_max_concurrent_downloads,
                    reserved_bytes(),
                    partial(self._store_progress, turn),
                    turn.stop_request,
                )
                before = store.get_job(turn.job_id)
                job = run.run() if before.resumes_automatically else before
                with self._changed:
                    has_saved = job.saved > before.saved
                    if not self._needs_another_turn(store, job, turn, run, has_saved):
                        del self._turns[job.id]
        except CivitaiShortcutError as error:
            util.printD(f"[gallery] job {turn.job_id}: {error}")
            with self._changed:
                is_stopped = turn.stop_request is not None and turn.stop_request.state is not None
                may_rest = isinstance(error, DiskError) and (turn.again or not is_stopped)
                if not (may_rest and turn.rest(error, False, 0)):
                    self._turns.pop(turn.job_id, None)

    def _needs_another_turn(
        self, store: JobStore, job: Job, turn: Turn, run: JobWorker, has_saved: bool
    ) -> bool:
        """Whether its turn does, as the user wants it, or for what was in its way."""
        wished = turn.stop_request.state if turn.stop_request is not None else None
        if turn.again:
            store.queue_jobs([job.id])
            self._turns.put_first(turn)
            return True
        if wished is None:
            return not job.is_over and turn.rest(run.trouble, has_saved, run.needed)
        if job.state is not wished:
            store.set_state(job.id, wished)
        return False

    def _store_progress(self, turn: Turn, progress: JobProgress) -> None:
        with self._changed:
            turn.progress = progress
            if self._count < setting.gallery_jobs_at_once:  # the user allows more now
                self._start_workers()
