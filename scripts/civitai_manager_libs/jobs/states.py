"""The states of a job, and the moves between them: one table for the database and whoever works."""

from __future__ import annotations

from enum import Enum

__all__ = ["JobState", "sources_of"]


class JobState(str, Enum):
    """QUEUED: a job waits its turn. RUNNING: somebody works on it, or was killed at it. PAUSED: by
    the user; or for a reason, and then it goes on by itself once that may be over."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"

    def __str__(self) -> str:
        return self.value

    @property
    def is_over(self) -> bool:
        return self in (JobState.DONE, JobState.CANCELLED)


_ALL = frozenset(JobState)
_BEGINS = frozenset({JobState.QUEUED, JobState.RUNNING})
_MOVES = {
    JobState.QUEUED: _ALL,
    JobState.RUNNING: _ALL,
    JobState.PAUSED: _ALL,
    JobState.DONE: _BEGINS,
    JobState.CANCELLED: _BEGINS,
}


def sources_of(state: JobState) -> list[JobState]:
    """Return the states that a job may come from into this one; a job may always stay in it."""
    return [source for source in JobState if source is state or state in _MOVES[source]]
