"""Works on one job until it is done, paused or cancelled; how to ask the network are arguments."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from .. import util
from ..core import Cancellation, check_free_space, remove_leftovers, run_parallel, sync_folder
from ..errors import Cancelled, CivitaiShortcutError, DiskError, DiskFull, InvalidResponse
from .backoff import FailureClassifier, WorkResult
from .items import current_size, JobItems, Network
from .progress import JobProgress, ProgressMeter
from .records import EMPTY_END, failed_outcome, Item, Job, Outcome
from .states import JobState
from .store import JobStore

__all__ = ["JobWorker", "StopRequest"]

_MORE_WORKERS = 2  # than requests at once: some wait for the disk, or write what is beside
_FLUSH_EVERY = 0.5  # seconds; what a crash has not told the database lies in the folder
_FLUSH_AT = 64  # outcomes
_TELL_EVERY = 0.1  # seconds
_GUESSED_LEFT = 200  # pictures; what a gallery of unknown length is taken to have at most


class StopRequest:
    """That a job ends as `paused` or `cancelled`. Any thread may say so, before its run begins too.

    state: what the job is to become; None is nothing yet.
    """

    def __init__(self) -> None:
        self.state: JobState | None = None
        self.halt = Cancellation()

    def stop(self, state: JobState) -> None:
        self.state = state
        self.halt.set(for_good=state is JobState.CANCELLED)


class JobWorker:
    """One go at a job. `run` works in the thread that calls it; `stop` comes from any other.

    reserve: bytes of the disk that stay free. on_progress is called in `run`'s thread, and may call
    `stop`. wish: the user's. trouble: why the job was paused, None where that was the user.
    needed: bytes that its disk lacked when it was paused for that, 0 where they are not known.
    """

    def __init__(
        self,
        store: JobStore,
        job_id: int,
        network: Network,
        concurrency: int,
        reserve: int = 0,
        on_progress: Callable[[JobProgress], None] | None = None,
        stop_request: StopRequest | None = None,
    ) -> None:
        self._store, self._job, self._network = store, store.get_job(job_id), network
        self._concurrency, self._reserve = concurrency, reserve
        self._on_progress = on_progress
        self._wish = StopRequest() if stop_request is None else stop_request
        self._halt = self._wish.halt
        self.trouble: CivitaiShortcutError | None = None
        self.needed = 0
        self._doubts = FailureClassifier()
        self._came: deque[WorkResult] = deque()  # from the workers
        self._outcomes: list[Outcome] = []  # what the database has not been told yet
        self._flushed_at = self._told_at = 0.0
        self._meter = ProgressMeter()
        self._last_url = ""

    def stop(self, state: str) -> None:
        """End it within a second, as `paused` or `cancelled`."""
        self._wish.stop(JobState(state))

    def run(self) -> Job:
        """The job as it is at the end. Raises InputError when somebody else works on it."""
        with self._store.hold_job(self._job.id):
            for folder in filter(None, self._store.list_folders(self._job.id)):
                remove_leftovers(folder)
            self._store.reread_last_page(self._job.id)
            self._set_state(JobState.RUNNING)
            if not self._halt.is_set():
                self._process()
            if self._job.walked and not self._job.waiting and not self._outcomes:
                self.trouble = None
                self._set_state(JobState.DONE)
            else:
                self._set_state(self._wish.state or JobState.PAUSED)
        return self._job

    def _process(self) -> None:
        try:
            self._check_estimate()
            items = JobItems(
                self._store,
                self._job.id,
                self._network,
                self._record_outcome,
                self._tick,
                self._halt,
            )
            self._fetch_all(items)
            if not self._halt.is_set():
                for outcome in self._doubts.flush_held(items.failure):
                    self._collect_result(outcome)
            if items.failure is not None:
                self._abort(items.failure)
            self._flush()
            if isinstance(self.trouble, DiskFull):
                self._check_estimate()  # tells what the whole rest lacks, not one picture
        except DiskError as error:
            self.trouble = error

    def _fetch_all(self, items: JobItems) -> None:
        workers = self._concurrency + _MORE_WORKERS
        fetched = run_parallel(items, self._fetch_item, workers, self._halt, self._tick)
        with closing(fetched):
            for _ in fetched:
                self._collect_results()
        self._collect_results()

    def _set_state(self, state: JobState) -> None:
        trouble = None if self._wish.state else self.trouble
        reason, note = (trouble.reason, str(trouble)) if trouble else ("", "")
        if state is JobState.DONE and self._job.ended_empty:
            reason, note = "empty_end", EMPTY_END
        self._flush()
        try:
            self._store.set_state(self._job.id, state, reason, note)
        except DiskError as error:  # it stays `running` there, so the next start goes on with it
            self._abort(error)
            state, reason, note = JobState.PAUSED, error.reason, str(error)
        self._job = replace(self._job, state=state, reason=reason, note=note)
        self._report_progress(state)

    def _check_estimate(self) -> None:
        """Raises DiskFull when what is left will not fit, if it is like what was saved so far."""
        job = self._job
        if job.options.reads_only:
            return
        left = job.waiting if job.again else self._store.count_to_fetch(job.id)
        if not job.walked:
            left += max(0, min(job.total - job.finished, _GUESSED_LEFT) - job.waiting)
        self.needed = self._reserve + left * self._store.estimate_size()
        check_free_space(self._job.folder, self.needed)

    # In the workers' threads

    def _fetch_item(self, item: Item) -> None:
        """What became of it is taken by whoever waits, also while the next one is looked for.

        Two jobs that wait for each other's pictures would else do so without an end.
        """
        self._came.append(self._try_fetch(item))

    def _try_fetch(self, item: Item) -> WorkResult:
        self._last_url, began = item.url, time.perf_counter()
        try:
            arrived = self._network.fetch(
                item.url,
                lambda extension: item.path(self._job.folder, extension),
                lambda received, _: self._meter.record_progress(item.image_id, received),
                self._halt,
            )
            said = self._write_sidecars(item, arrived.path)
        except Cancelled:
            return WorkResult(item, Outcome(item.image_id, "waiting"), began)
        except DiskFull as error:
            self._abort(error)
            return WorkResult(item, Outcome(item.image_id, "waiting"), began)
        except CivitaiShortcutError as error:
            return WorkResult(item, failed_outcome(item, error), began, error)
        size = current_size(arrived.path, arrived.size)
        saved = Outcome(item.image_id, "saved", arrived.path, size, message=said)
        return WorkResult(item, saved, began)

    def _write_sidecars(self, item: Item, path: str) -> str:
        """What is to be said of it; a damaged record is no fault of its picture."""
        try:
            self._network.write_sidecars(path, item.record, True)
        except InvalidResponse as error:
            util.printD(f"[gallery] {item.image_id}: {error}")
            return str(error)
        return ""

    def _abort(self, error: CivitaiShortcutError) -> None:
        """The first reason is the one that the user is told. On a full disk no half file stays."""
        if self.trouble is None:
            self.trouble = error
        self._halt.set(for_good=isinstance(error, DiskFull))

    # What is kept, what is told

    def _collect_results(self) -> None:
        while self._came:
            came = self._came.popleft()
            for outcome in self._doubts.classify(came):
                self._collect_result(outcome)
            if came.error is not None and self._doubts.is_offline:
                self._abort(came.error)

    def _collect_result(self, outcome: Outcome) -> None:
        self._meter.record_end(outcome.image_id)
        if outcome.state != "waiting" or outcome.reason:
            self._outcomes.append(outcome)
        if len(self._outcomes) >= _FLUSH_AT:
            self._flush()

    def _record_outcome(self, outcome: Outcome) -> None:
        self._collect_result(outcome)
        self._tick()

    def _tick(self) -> None:
        self._collect_results()
        now = time.monotonic()
        if now - self._flushed_at >= _FLUSH_EVERY:
            self._flush()
        if now - self._told_at >= _TELL_EVERY:
            self._report_progress(JobState.RUNNING)

    def _flush(self) -> None:
        self._flushed_at = time.monotonic()
        try:
            if self._outcomes:
                self._sync_names()
                self._store.record_outcomes(self._job.id, self._outcomes)
                self._outcomes = []
            self._job = self._store.get_job(self._job.id)
        except DiskError as error:
            self._abort(error)

    def _sync_names(self) -> None:
        """Before the database calls anything saved; the files' bytes are on the disk already."""
        for folder in {os.path.dirname(outcome.path) for outcome in self._outcomes} - {""}:
            sync_folder(folder)

    def _report_progress(self, state: JobState) -> None:
        self._told_at = time.monotonic()
        if self._on_progress is not None:
            resting = self._network.resting(self._last_url)
            trouble = None if self._wish.state else self.trouble
            self._on_progress(
                self._meter.compute_progress(self._job, self._outcomes, state, trouble, resting)
            )
