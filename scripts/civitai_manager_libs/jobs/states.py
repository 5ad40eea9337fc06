"""The states of a job and of its walk through a gallery, and the changes between them."""

from __future__ import annotations

from enum import Enum

__all__ = ["JobState", "TRANSIENT_REASONS", "WalkState", "allowed_sources"]

# Codes of the reasons for which a paused job is resumed automatically.
TRANSIENT_REASONS = ("busy", "disk", "in_use", "network", "quota", "storage")


class JobState(str, Enum):
    """The state of a job, as the database stores it.

    QUEUED: waits for its turn. RUNNING: a worker runs it, or was killed while running it. PAUSED:
    the user or an error has stopped it; it is retried automatically if the reason is in
    `TRANSIENT_REASONS`.
    """

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


_MOVES = {  # a job that is over can only be started again
    state: {JobState.QUEUED, JobState.RUNNING} if state.is_over else set(JobState)
    for state in JobState
}


def allowed_sources(state: JobState) -> list[JobState]:
    """Return the states from which a job may change to `state`, including `state` itself.

    A job that is done or cancelled may become queued or running. Other jobs may get any state.
    """
    return [source for source in JobState if source is state or state in _MOVES[source]]


class WalkState(Enum):
    """How far a job has walked through its gallery's pages, as the database stores it.

    FIRST: the walk from the gallery's start is under way. SECOND_DUE: that walk is over, and one
    from the gallery's end is to follow. SECOND: the walk from the end is under way. FIRST_EMPTY,
    SECOND_EMPTY: the first or second walk stopped at an empty page, perhaps by Civitai's time
    limit, so that page can be requested again. OVER: no page is left to read.
    """

    FIRST = 0
    OVER = 1
    FIRST_EMPTY = 2
    SECOND = 3
    SECOND_EMPTY = 4
    SECOND_DUE = 5

    @property
    def is_under_way(self) -> bool:
        return self in (WalkState.FIRST, WalkState.SECOND)

    @property
    def ended_empty(self) -> bool:
        return self in _REOPENED

    @property
    def reopened(self) -> WalkState:
        """Return FIRST for FIRST_EMPTY, and SECOND for SECOND_EMPTY, to read an empty page again.

        Return any other state unchanged.
        """
        return _REOPENED.get(self, self)

    @classmethod
    def after_page(cls, walk: int, is_last: bool, end: str, verify: bool) -> WalkState:
        """Return how far a job's walk is after one more gallery page has been read.

        walk: 1 for the walk from the gallery's start, 2 for the walk from its end. is_last: whether
        no page follows. end: the code for why the walk ends, as in `WalkReport`, "" if it goes on.
        verify: whether a second walk is to follow a first walk that ends by `end` or `blank`.
        """
        if end == "empty":
            return cls.SECOND_EMPTY if walk == 2 else cls.FIRST_EMPTY
        if not is_last:
            return cls.SECOND if walk == 2 else cls.FIRST
        is_due = walk == 1 and verify and end in ("end", "blank")
        return cls.SECOND_DUE if is_due else cls.OVER


_REOPENED = {WalkState.FIRST_EMPTY: WalkState.FIRST, WalkState.SECOND_EMPTY: WalkState.SECOND}
