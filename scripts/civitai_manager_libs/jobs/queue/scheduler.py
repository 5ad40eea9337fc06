"""The order of jobs: which run, which wait for their turn, which wait to be retried."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter

from ...core import check_disks
from ...errors import CivitaiShortcutError, DiskError, DiskFull
from ..backoff import DISK_RETRY_SECONDS, pause_before_retry
from ..factory import reserved_bytes
from ..progress import JobProgress
from ..states import JobState
from ..worker import StopRequest

__all__ = ["NO_TURN", "Scheduler", "Turn", "TurnView"]

_counter = itertools.count()


@dataclass(frozen=True)
class TurnView:
    """How a job stands in the queue.

    state, progress: None if the database's are current. jobs_ahead: how many jobs start before it.
    """

    state: JobState | None = None
    progress: JobProgress | None = None
    jobs_ahead: int = 0


NO_TURN = TurnView()


@dataclass
class Turn:
    """One job in the queue.

    due: the moment of `time.monotonic` from which it may start, and a number for the order of equal
    moments. stop_request: of its run, None if it does not run. again: queue it again after its run.
    progress: the last that was reported. futile_runs: how many runs since the last that saved a
    file. required_space: bytes of disk space that it waits for, by folder, {} for none.
    """

    job_id: int
    due: tuple[float, int] = field(default_factory=lambda: (time.monotonic(), next(_counter)))
    stop_request: StopRequest | None = None
    again: bool = False
    progress: JobProgress | None = None
    futile_runs: int = 0
    required_space: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        return self.stop_request is not None

    @property
    def requested_state(self) -> JobState | None:
        """Return the state that the user has asked for, None if the user has not asked."""
        return None if self.stop_request is None else self.stop_request.state

    @property
    def state(self) -> JobState:
        """Return the job's state as shown to the user.

        A job that is about to stop counts as `running`.
        """
        if not self.is_running:
            return JobState.PAUSED if self.is_waiting_to_retry else JobState.QUEUED
        has_request = self.again or self.requested_state is not None
        is_paused = self.progress is not None and self.progress.state is JobState.PAUSED
        return JobState.PAUSED if is_paused and not has_request else JobState.RUNNING

    @property
    def is_waiting_to_retry(self) -> bool:
        return not self.is_running and self.due[0] > time.monotonic()

    def make_view(self, jobs_ahead: int) -> TurnView:
        state, progress = self.state, self.progress
        if state is JobState.QUEUED:
            return TurnView(state, None, jobs_ahead)
        if self.is_waiting_to_retry and progress is not None:
            left = 0.0 if self.required_space else self.due[0] - time.monotonic()
            progress = replace(progress, retry_in=max(progress.retry_in, left), rate=0.0)
        return TurnView(state, progress)

    def start(self) -> None:
        self.stop_request, self.again = StopRequest(), False

    def stop(self, state: JobState) -> None:
        """Stop the run and leave the job in this state."""
        self.again = False
        if self.stop_request is not None:
            self.stop_request.stop(state)

    def requeue(self) -> None:
        """Move the job behind all waiting jobs."""
        self.stop_request, self.again, self.progress = None, False, None
        self.due, self.required_space = (time.monotonic(), next(_counter)), {}

    def schedule_retry(
        self,
        error: CivitaiShortcutError | None,
        has_saved: bool,
        required_space: Mapping[str, int],
    ) -> bool:
        """Schedule the job's next run after an error; return False if a retry is pointless.

        error: what stopped the run, None if nothing did. has_saved: whether the run saved a file;
        if not, the next pause is longer. required_space: bytes that the next run needs, by folder.
        """
        self.futile_runs = 0 if has_saved else self.futile_runs
        pause = pause_before_retry(error, self.futile_runs)
        self.stop_request, self.futile_runs = None, self.futile_runs + 1
        self.required_space = required_space if isinstance(error, DiskError) else {}
        self.due = (time.monotonic() + (pause or 0.0), next(_counter))
        return pause is not None

    def find_missing_space(self) -> DiskFull | None:
        """Return a DiskFull error if the disk lacks space for the next run, else None."""
        try:
            check_disks(self.required_space, reserved_bytes())
        except DiskFull as error:
            return error
        return None

    def postpone(self, error: DiskFull) -> None:
        """Delay the job for some seconds because the disk lacks space.

        error: states how many bytes are missing, for the progress display.
        """
        if self.progress is not None:
            self.progress = replace(self.progress, missing=error.missing)
        self.due = (time.monotonic() + DISK_RETRY_SECONDS, next(_counter))


class Scheduler(dict[int, Turn]):
    """The turns by job id. The caller holds the lock of the pool."""

    def list_running(self) -> list[int]:
        return [job_id for job_id, turn in self.items() if turn.is_running]

    def list_waiting(self) -> list[int]:
        """Return the ids of the jobs that may start now, in starting order."""
        now, idle = time.monotonic(), sorted(self._iter_idle(), key=attrgetter("due"))
        return [turn.job_id for turn in idle if turn.due[0] <= now]

    def next_turn(self) -> Turn | None:
        """Return the queue entry of the job that starts next, None if no job is waiting.

        The job's starting time may be in the future.
        """
        return min(self._iter_idle(), key=attrgetter("due"), default=None)

    def put_first(self, turn: Turn) -> None:
        """Move a job to the front of the waiting jobs."""
        turn.requeue()
        first = min(other.due[0] for other in self._iter_idle())
        turn.due = (first - 1.0, turn.due[1])

    def _iter_idle(self) -> Iterator[Turn]:
        return (turn for turn in self.values() if not turn.is_running)
