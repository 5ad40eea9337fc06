"""The order of jobs: which run, which wait to start, which wait to be retried."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from operator import attrgetter

from ...errors import CivitaiShortcutError
from ..failures import compute_retry_delay
from ..progress import JobProgress
from ..states import JobState
from ..worker import StopRequest

__all__ = ["NOT_QUEUED", "QueueEntry", "QueueStatus", "Scheduler"]

_counter = itertools.count()


@dataclass(frozen=True)
class QueueStatus:
    """A job's state and place in the queue.

    state, progress: None if those in the database are current. jobs_ahead: how many jobs start
    before this job.
    """

    state: JobState | None = None
    progress: JobProgress | None = None
    jobs_ahead: int = 0


NOT_QUEUED = QueueStatus()


@dataclass
class QueueEntry:
    """One job in the queue.

    due: (earliest start of the job by `time.monotonic`, number that orders jobs with equal times).
    stop_request: stops the job's run, None if the job is not running. again: whether to queue the
    job again after its run. progress: the last reported progress. futile_runs: the number of runs
    since the last run that saved a file.
    """

    job_id: int
    due: tuple[float, int] = field(default_factory=lambda: (time.monotonic(), next(_counter)))
    stop_request: StopRequest | None = None
    again: bool = False
    progress: JobProgress | None = None
    futile_runs: int = 0

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
        user requested it counts as `running`.
        """
        if not self.is_running:
            return JobState.PAUSED if self.is_waiting_to_retry else JobState.QUEUED
        has_request = self.again or self.requested_state is not None
        is_paused = self.progress is not None and self.progress.state is JobState.PAUSED
        return JobState.PAUSED if is_paused and not has_request else JobState.RUNNING

    def make_status(self, jobs_ahead: int) -> QueueStatus:
        state, progress = self.state, self.progress
        if state is JobState.QUEUED:
            return QueueStatus(state, None, jobs_ahead)
        if self.is_waiting_to_retry and progress is not None:
            # A job without disk space waits for the user, not for a time.
            left = 0.0 if progress.missing else self.due[0] - time.monotonic()
            progress = replace(progress, retry_in=max(progress.retry_in, left), rate=0.0)
        return QueueStatus(state, progress)

    def start(self) -> None:
        self.stop_request, self.again = StopRequest(), False

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
        self.stop_request, self.futile_runs = None, self.futile_runs + 1
        self.due = (time.monotonic() + (pause or 0.0), next(_counter))
        return pause is not None


class Scheduler(dict[int, QueueEntry]):
    """The queue entries by job id. The caller must hold the pool's lock."""

    def list_running(self) -> list[int]:
        return [job_id for job_id, entry in self.items() if entry.is_running]

    def list_waiting(self) -> list[int]:
        """Return the ids of the jobs that may start now, in starting order."""
        now, idle = time.monotonic(), sorted(self._iter_idle(), key=attrgetter("due"))
        return [entry.job_id for entry in idle if entry.due[0] <= now]

    def next_entry(self) -> QueueEntry | None:
        """Return the queue entry of the job that starts next, None if no job is waiting.

        The job's starting time may be in the future.
        """
        return min(self._iter_idle(), key=attrgetter("due"), default=None)

    def put_first(self, entry: QueueEntry) -> None:
        """Mark a job as not running, and move it to the front of the waiting jobs."""
        entry.stop_request, entry.again, entry.progress = None, False, None
        first = min(other.due[0] for other in self._iter_idle())
        entry.due = (min(first, time.monotonic()) - 1.0, next(_counter))

    def _iter_idle(self) -> Iterator[QueueEntry]:
        return (entry for entry in self.values() if not entry.is_running)
