"""Whose turn it is: which jobs are at work, which wait their turn, which rest for a while."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ...core import check_free_space
from ...errors import CivitaiShortcutError, DiskError, DiskFull
from ..backoff import pause_before_retry, ROOM_EVERY
from ..progress import JobProgress
from ..states import JobState
from ..worker import StopRequest

__all__ = ["NO_TURN", "TurnView", "Turn", "Scheduler"]

_count = itertools.count()


@dataclass(frozen=True)
class TurnView:
    """How a job stands by its turn. state, progress: None where that is as the database says.
    before: how many jobs begin before it."""

    state: JobState | None = None
    progress: JobProgress | None = None
    before: int = 0


NO_TURN = TurnView()


@dataclass
class Turn:
    """The turn of one job.

    due: moment of `time.monotonic` from which it may begin, and its order among those. wish: the
    user's, while it is at work. again: it is to go on when it has ended. progress: the last that
    was told, where it is not told from the start. in_vain: goes since the last that saved anything.
    needed: bytes that its folder's disk lacked.
    """

    job_id: int
    due: tuple[float, int] = field(default_factory=lambda: (time.monotonic(), next(_count)))
    stop_request: StopRequest | None = None
    again: bool = False
    progress: JobProgress | None = None
    in_vain: int = 0
    needed: int = 0

    @property
    def is_at_work(self) -> bool:
        return self.stop_request is not None

    @property
    def state(self) -> JobState:
        """What it is as people see it: until its run has told more it is as it was before."""
        if not self.is_at_work:
            return JobState.PAUSED if self.is_resting else JobState.QUEUED
        is_wished = (
            self.again or self.stop_request is not None and self.stop_request.state is not None
        )
        is_paused = self.progress is not None and self.progress.state is JobState.PAUSED
        return JobState.PAUSED if is_paused and not is_wished else JobState.RUNNING

    @property
    def is_resting(self) -> bool:
        return self.stop_request is None and self.due[0] > time.monotonic()

    def make_view(self, before: int) -> TurnView:
        state, progress = self.state, self.progress
        if state is JobState.QUEUED:
            return TurnView(state, None, before)
        if self.is_resting and progress is not None:
            left = 0.0 if self.needed else self.due[0] - time.monotonic()
            progress = replace(progress, resting=max(progress.resting, left), rate=0.0)
        return TurnView(state, progress)

    def begin(self) -> StopRequest:
        self.stop_request, self.again = StopRequest(), False
        return self.stop_request

    def stop(self, state: JobState) -> None:
        """Only of one that is at work."""
        self.again = False
        if self.stop_request is not None:
            self.stop_request.stop(state)

    def wait(self) -> None:
        """Its turn comes after that of all who wait now."""
        self.stop_request, self.again, self.progress = None, False, None
        self.due, self.needed = (time.monotonic(), next(_count)), 0

    def rest(self, trouble: CivitaiShortcutError | None, has_saved: bool, needed: int) -> bool:
        """Wait until what was in the way may be gone; whether that makes sense."""
        self.in_vain = 0 if has_saved else self.in_vain
        pause = pause_before_retry(trouble, self.in_vain)
        self.stop_request, self.in_vain = None, self.in_vain + 1
        self.needed = needed if isinstance(trouble, DiskError) else 0
        self.due = (time.monotonic() + (pause or 0.0), next(_count))
        return pause is not None

    def find_missing_space(self) -> DiskFull | None:
        """What its disk still lacks. Looks at the disk, which may hang."""
        try:
            if self.needed and self.progress is not None:
                check_free_space(self.progress.folder, self.needed)
        except DiskFull as error:
            return error
        return None

    def wait_for_room(self, full: DiskFull) -> None:
        """Look again after a while."""
        if self.progress is not None:
            self.progress = replace(self.progress, missing=full.missing)
        self.due = (time.monotonic() + ROOM_EVERY, next(_count))


class Scheduler(dict[int, Turn]):
    """By their jobs' numbers. Who uses it keeps others out meanwhile."""

    def list_running(self) -> list[int]:
        return [job_id for job_id, turn in self.items() if turn.is_at_work]

    def list_waiting(self) -> list[int]:
        """Return the jobs that wait their turn, the next one first."""
        now = time.monotonic()
        return [
            turn.job_id for turn in sorted(self._iter_others(), key=_due_key) if turn.due[0] <= now
        ]

    def next_turn(self) -> Turn | None:
        """Return whose turn it is now, or will be after the shortest rest."""
        return min(self._iter_others(), key=_due_key, default=None)

    def put_first(self, turn: Turn) -> None:
        """Before all that wait."""
        turn.wait()
        first = min(other.due[0] for other in self._iter_others())
        turn.due = (first - 1.0, turn.due[1])

    def _iter_others(self) -> Iterator[Turn]:
        return (turn for turn in self.values() if not turn.is_at_work)


def _due_key(turn: Turn) -> tuple[float, int]:
    return turn.due
