"""The worker that runs one job, and what is special to a job of model files."""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace

from .. import setting
from ..core import Cancellation, check_space_for_files, remove_leftovers, resumable_size
from ..core import run_parallel
from ..errors import Cancelled, CivitaiShortcutError, DiskError, DiskFull, InvalidResponse
from ..i18n import messages
from ..network import Progress
from .failures import FailureClassifier, WorkResult
from .image_items import ImageKind
from .job_client import JobClient
from .job_records import failed_outcome, Item, Job, JobState, Outcome, TRANSIENT_REASONS
from .progress import ProgressMeter
from .store import JobStore

_MOST_ITEMS = 10_000  # a job has some hundred files at most
_FLUSH_SECONDS = 0.5  # between two writes of outcomes; after a crash, files tell the rest
_FLUSH_COUNT = 64  # outcomes
_PROGRESS_SECONDS = 0.1


class StopRequest:
    """The user's request to pause or cancel a job; any thread may make it, even before the run.

    state: the job's state after it has stopped, None if no stop is requested.
    """

    def __init__(self) -> None:
        self.state: JobState | None = None
        self.cancelled = Cancellation()

    def stop(self, state: JobState) -> None:
        self.state = state
        self.cancelled.set(for_good=state is JobState.CANCELLED)


class JobWorker:
    """Runs a job once. `run` works in the calling thread; any other thread may call `stop`.

    on_progress: called in `run`'s thread; may call `stop`. error: why the job was paused, None if
    the job is done or the user stopped it.
    """

    def __init__(
        self,
        store: JobStore,
        job_id: int,
        client: JobClient,
        on_progress: Callable[[Job], None] | None = None,
        stop_request: StopRequest | None = None,
    ) -> None:
        self._store, self._job, self._client = store, store.get_job(job_id), client
        self._on_progress = on_progress
        self._stop_request = StopRequest() if stop_request is None else stop_request
        self._cancelled = self._stop_request.cancelled
        self.error: CivitaiShortcutError | None = None
        self._items_error: CivitaiShortcutError | None = None  # why not all items are known
        parts = (store, self._job, client)
        self._kind: ImageKind | ModelKind
        if self._job.has_models:
            self._kind = ModelKind(*parts)
        else:
            self._kind = ImageKind(*parts, self._record_outcome, self._tick, self._cancelled)
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
        """Run the job until it ends; return it. Raises InputError if it is running already."""
        with self._store.hold_job(self._job.id):
            for folder in self._kind.list_folders():
                remove_leftovers(folder)
            walk = self._store.get_job(self._job.id).walk
            self._store.set_walk(self._job.id, walk.reopened)  # an empty last page is read again
            self._job = self._store.get_job(self._job.id)
            try:
                # A job without space stays paused.
                needed = self._kind.estimate_space(self._job)
                check_space_for_files(needed, setting.reserved_bytes())
                self._set_state(JobState.RUNNING)
                if not self._cancelled.is_set():
                    self._fetch_all()
                if isinstance(self.error, DiskFull):  # say what all remaining items need
                    needed = self._kind.estimate_space(self._job)
                    check_space_for_files(needed, setting.reserved_bytes())
            except DiskError as error:
                self.error = error
            if self._job.walked and not self._job.waiting and not self._outcomes:
                self.error = None
                self._set_state(JobState.DONE)
            else:
                self._set_state(self._stop_request.state or JobState.PAUSED)
        return self._job

    def _fetch_all(self) -> None:
        fetched = run_parallel(
            self._iter_items(),
            self._fetch_item,
            self._kind.max_downloads,
            self._cancelled,
            self._tick,
        )
        with closing(fetched):
            for _ in fetched:
                self._collect_results()
        self._collect_results()
        if not self._cancelled.is_set():
            for outcome in self._failures.list_last_failures(self._items_error):
                self._collect_outcome(outcome)
        if self._items_error is not None:
            self._abort(self._items_error)
        self._flush()

    def _iter_items(self) -> Iterator[Item]:
        try:
            yield from self._kind.iter_items()
        except Cancelled:
            return
        except CivitaiShortcutError as error:  # stored, so that running downloads come to their end
            self._items_error = error

    def _set_state(self, state: JobState) -> None:
        error = None if self._stop_request.state else self.error
        reason, note = (error.reason, str(error)) if error else ("", "")
        if state is JobState.DONE and self._job.ended_empty:
            reason, note = "empty_end", messages.explain_reason("empty_end", "en")
        self._flush()
        try:
            self._store.set_state(self._job.id, state, reason, note)
        except DiskError as disk_error:  # still `running` in the database: the next start resumes
            self._abort(disk_error)
            state, reason, note = JobState.PAUSED, disk_error.reason, str(disk_error)
        self._job = replace(self._job, state=state, reason=reason, note=note)
        self._report_progress(state)

    # In the download threads

    def _fetch_item(self, item: Item) -> None:
        # Not returned: results must be collected even while the iterator of items waits.
        # Else two jobs that wait for each other's images would wait forever.
        self._results.append(self._try_fetch(item))

    def _try_fetch(self, item: Item) -> WorkResult:
        self._last_url, began = item.url, time.perf_counter()
        waiting = Outcome(item.image_id, "waiting")
        self._meter.record_start(item.image_id, *_measure_item(item))
        try:
            with self._cancelled.as_current():
                self._cancelled.check()
                outcome = self._kind.fetch(
                    item, lambda *sizes: self._meter.record_progress(item.image_id, *sizes)
                )
        except Cancelled:
            return WorkResult(item, waiting, began)
        except DiskFull as error:
            self._abort(error)
            return WorkResult(item, waiting, began)
        except CivitaiShortcutError as error:
            outcome = failed_outcome(item, error)
            # A DiskError other than DiskFull concerns one path only.
            is_passing = error.reason in TRANSIENT_REASONS and not isinstance(error, DiskError)
            if self._job.has_models and is_passing:  # the job pauses, and is retried later
                self._abort(error)
                outcome = replace(outcome, state="waiting")
            return WorkResult(item, outcome, began, error)
        return WorkResult(item, outcome, began)

    def _abort(self, error: CivitaiShortcutError) -> None:
        """Stop the run because of an error; only the first error is shown to the user."""
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
        """Collect results, store outcomes twice a second, report progress ten times a second."""
        self._collect_results()
        now = time.monotonic()
        if now - self._flushed_at >= _FLUSH_SECONDS:
            self._flush()
        if now - self._reported_at >= _PROGRESS_SECONDS:
            self._report_progress(JobState.RUNNING)

    def _flush(self) -> None:
        self._flushed_at = time.monotonic()
        try:
            if self._outcomes:
                self._store.record_outcomes(self._job.id, self._outcomes)
                self._outcomes = []
            self._job = self._store.get_job(self._job.id)
        except DiskError as error:
            self._abort(error)

    def _report_progress(self, state: JobState) -> None:
        self._reported_at = time.monotonic()
        if self._on_progress is not None:
            retry_in = self._client.paused_seconds(self._last_url)
            error = None if self._stop_request.state else self.error
            progress = self._meter.compute_progress(
                self._job, self._outcomes, state, error, retry_in
            )
            self._on_progress(progress)


class ModelKind:
    """The parts of a run that are special to jobs that download model files; see `ImageKind`."""

    max_downloads = 1  # each file is downloaded over several connections

    def __init__(self, store: JobStore, job: Job, client: JobClient) -> None:
        self._store, self._job_id, self._client = store, job.id, client

    def iter_items(self) -> Iterator[Item]:
        # Files that failed in an earlier run come last.
        return iter(sorted(self._list_waiting(), key=lambda item: item.reason != ""))

    def fetch(self, item: Item, progress: Progress) -> Outcome:
        file = self._client.receive_model(item.model_request, progress)
        state = "skipped" if file.was_here else "saved"
        codes = " ".join(file.notes)
        return Outcome(item.image_id, state, file.path, file.size, codes, file.message)

    def list_folders(self) -> Iterable[str]:
        return {item.folder("") for item in self._list_waiting()} - {""}

    def estimate_space(self, job: Job) -> Mapping[str, int]:
        needed: Counter[str] = Counter()
        for item in self._list_waiting():
            received, size = _measure_item(item)
            needed[item.folder("")] += max(0, size - received)
        needed.pop("", None)  # items with damaged records
        return needed

    def _list_waiting(self) -> list[Item]:
        return self._store.list_waiting(self._job_id, 0, _MOST_ITEMS)


def _measure_item(item: Item) -> tuple[int, int]:
    """Return (bytes on the disk, size) of a model file, (0, 0) for an image: both are unknown."""
    if item.kind != "model":
        return 0, 0
    try:
        request = item.model_request
    except InvalidResponse:  # `fetch` raises it again
        return 0, 0
    return resumable_size(os.path.dirname(request.path), item.url), request.size
