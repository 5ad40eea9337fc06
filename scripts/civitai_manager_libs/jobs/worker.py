"""One run of a job, until the job is done, paused or cancelled."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from .. import setting
from ..core import Cancellation, check_free_space, remove_leftovers, run_parallel, sync_folder
from ..errors import Cancelled, CivitaiShortcutError, DiskError, DiskFull
from .backoff import FailureClassifier, WorkResult
from .factory import JobClient, reserved_bytes
from .items import current_size, JobItems
from .progress import JobProgress, ProgressMeter
from .records import EMPTY_END, failed_outcome, Item, Job, Outcome
from .sidecars import write_sidecars
from .states import JobState
from .store import JobStore

__all__ = ["JobWorker", "StopRequest"]

_EXTRA_WORKERS = 2  # beside those that download: some wait for the disk or write sidecars
_FLUSH_SECONDS = 0.5  # between two writes of outcomes; after a crash the folder has the rest
_FLUSH_COUNT = 64  # outcomes
_PROGRESS_SECONDS = 0.1
_GUESSED_LEFT = 200  # images that a gallery of unknown length is assumed to have left at most


class StopRequest:
    """The user's request to pause or cancel a job; any thread may make it, even before the run.

    state: what the job is to become, None for no request.
    """

    def __init__(self) -> None:
        self.state: JobState | None = None
        self.cancelled = Cancellation()

    def stop(self, state: JobState) -> None:
        self.state = state
        self.cancelled.set(for_good=state is JobState.CANCELLED)


class JobWorker:
    """Runs a job once. `run` works in the calling thread; any other thread may call `stop`.

    on_progress: is called in `run`'s thread and may call `stop`. error: why the job was paused,
    None if the user stopped it. required_bytes: of free disk space, as last estimated.
    """

    def __init__(
        self,
        store: JobStore,
        job_id: int,
        client: JobClient,
        on_progress: Callable[[JobProgress], None] | None = None,
        stop_request: StopRequest | None = None,
    ) -> None:
        self._store, self._job, self._client = store, store.get_job(job_id), client
        self._on_progress = on_progress
        self._stop_request = StopRequest() if stop_request is None else stop_request
        self._cancelled = self._stop_request.cancelled
        self.error: CivitaiShortcutError | None = None
        self.required_bytes = 0
        self._failures = FailureClassifier()
        self._results: deque[WorkResult] = deque()  # from the download threads
        self._outcomes: list[Outcome] = []  # not yet in the database
        self._flushed_at = self._reported_at = 0.0
        self._meter = ProgressMeter()
        self._last_url = ""

    def stop(self, state: str) -> None:
        """Stop the run within a second; the job becomes `paused` or `cancelled`."""
        self._stop_request.stop(JobState(state))

    def run(self) -> Job:
        """Run the job until it is done or stopped, and return its new record.

        Raises InputError if another thread or process is running the job.
        """
        with self._store.hold_job(self._job.id):
            for folder in filter(None, self._store.list_folders(self._job.id)):
                remove_leftovers(folder)
            self._store.reread_last_page(self._job.id)
            self._set_state(JobState.RUNNING)
            if not self._cancelled.is_set():
                self._process()
            if self._job.walked and not self._job.waiting and not self._outcomes:
                self.error = None
                self._set_state(JobState.DONE)
            else:
                self._set_state(self._stop_request.state or JobState.PAUSED)
        return self._job

    def _process(self) -> None:
        try:
            self._check_free_space()
            items = JobItems(
                self._store,
                self._job.id,
                self._client,
                self._record_outcome,
                self._tick,
                self._cancelled,
            )
            self._fetch_all(items)
            if not self._cancelled.is_set():
                for outcome in self._failures.flush_held(items.error):
                    self._collect_outcome(outcome)
            if items.error is not None:
                self._abort(items.error)
            self._flush()
            if isinstance(self.error, DiskFull):
                self._check_free_space()  # raises what the whole rest lacks, not one image
        except DiskError as error:
            self.error = error

    def _fetch_all(self, items: JobItems) -> None:
        workers = setting.gallery_max_concurrent_downloads + _EXTRA_WORKERS
        fetched = run_parallel(items, self._fetch_item, workers, self._cancelled, self._tick)
        with closing(fetched):
            for _ in fetched:
                self._collect_results()
        self._collect_results()

    def _set_state(self, state: JobState) -> None:
        error = self._pause_error
        reason, note = (error.reason, str(error)) if error else ("", "")
        if state is JobState.DONE and self._job.ended_empty:
            reason, note = "empty_end", EMPTY_END
        self._flush()
        try:
            self._store.set_state(self._job.id, state, reason, note)
        except DiskError as disk_error:  # stored as `running` still, so the next start resumes it
            self._abort(disk_error)
            state, reason, note = JobState.PAUSED, disk_error.reason, str(disk_error)
        self._job = replace(self._job, state=state, reason=reason, note=note)
        self._report_progress(state)

    @property
    def _pause_error(self) -> CivitaiShortcutError | None:
        return None if self._stop_request.state else self.error

    def _check_free_space(self) -> None:
        """Raise DiskFull if the disk has too little space for the remaining images."""
        job = self._job
        if job.options.reads_only:
            return
        left = job.waiting if job.again else self._store.count_to_fetch(job.id)
        if not job.walked:
            left += max(0, min(job.total - job.finished, _GUESSED_LEFT) - job.waiting)
        self.required_bytes = reserved_bytes() + left * self._store.estimate_size()
        check_free_space(job.folder, self.required_bytes)

    # In the download threads

    def _fetch_item(self, item: Item) -> None:
        """Download an item and put the result into `_results`."""
        # Not by its return value: results are collected even while the next item is looked for.
        # Else two jobs that wait for each other's images would wait for ever.
        self._results.append(self._try_fetch(item))

    def _try_fetch(self, item: Item) -> WorkResult:
        self._last_url, began = item.url, time.perf_counter()
        waiting = Outcome(item.image_id, "waiting")
        try:
            file = self._client.fetch_file(
                item.url,
                lambda extension: item.path(self._job.folder, extension),
                lambda received, _: self._meter.record_progress(item.image_id, received),
                self._cancelled,
            )
            message = write_sidecars(file.path, item.record, is_ours=True)
        except Cancelled:
            return WorkResult(item, waiting, began)
        except DiskFull as error:
            self._abort(error)
            return WorkResult(item, waiting, began)
        except CivitaiShortcutError as error:
            return WorkResult(item, failed_outcome(item, error), began, error)
        size = current_size(file.path, file.size)
        saved = Outcome(item.image_id, "saved", file.path, size, message=message)
        return WorkResult(item, saved, began)

    def _abort(self, error: CivitaiShortcutError) -> None:
        """Stop the run because of an error; only the first error is shown to the user.

        If the disk is full, partial files are deleted.
        """
        if self.error is None:
            self.error = error
        self._cancelled.set(for_good=isinstance(error, DiskFull))

    # Outcomes and progress

    def _collect_results(self) -> None:
        while self._results:
            result = self._results.popleft()
            for outcome in self._failures.classify(result):
                self._collect_outcome(outcome)
            if result.error is not None and self._failures.is_offline:
                self._abort(result.error)

    def _collect_outcome(self, outcome: Outcome) -> None:
        self._meter.record_end(outcome.image_id)
        if outcome.state != "waiting" or outcome.reason:
            self._outcomes.append(outcome)
        if len(self._outcomes) >= _FLUSH_COUNT:
            self._flush()

    def _record_outcome(self, outcome: Outcome) -> None:
        self._collect_outcome(outcome)
        self._tick()

    def _tick(self) -> None:
        """Collect results; store outcomes and report progress if enough time has passed."""
        self._collect_results()
        now = time.monotonic()
        if now - self._flushed_at >= _FLUSH_SECONDS:
            self._flush()
        if now - self._reported_at >= _PROGRESS_SECONDS:
            self._report_progress(JobState.RUNNING)

    def _flush(self) -> None:
        """Store the collected outcomes in the database and reload the job's counts."""
        self._flushed_at = time.monotonic()
        try:
            if self._outcomes:
                self._sync_folders()
                self._store.record_outcomes(self._job.id, self._outcomes)
                self._outcomes = []
            self._job = self._store.get_job(self._job.id)
        except DiskError as error:
            self._abort(error)

    def _sync_folders(self) -> None:
        """Force new file names to the disk, before the database records them as saved."""
        for folder in {os.path.dirname(outcome.path) for outcome in self._outcomes} - {""}:
            sync_folder(folder)

    def _report_progress(self, state: JobState) -> None:
        self._reported_at = time.monotonic()
        if self._on_progress is not None:
            retry_in = self._client.paused_seconds(self._last_url)
            progress = self._meter.compute_progress(
                self._job, self._outcomes, state, self._pause_error, retry_in
            )
            self._on_progress(progress)
