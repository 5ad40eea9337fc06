"""The states of a job and of its walk through a gallery, and the moves between them: one table each
for the database, the worker, the queue and the views."""

from __future__ import annotations

from enum import Enum

__all__ = ["JobState", "PASSING", "WalkState", "goes_on_by_itself", "allowed_sources"]

PASSING = ("busy", "disk", "network")  # reasons of a pause that may be over later


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


def allowed_sources(state: JobState) -> list[JobState]:
    """Return the states that a job may come from into this one; a job may always stay in it."""
    return [source for source in JobState if source is state or state in _MOVES[source]]


def goes_on_by_itself(state: JobState, reason: str) -> bool:
    """Return whether a job in this state is unfinished, and no user has paused it."""
    return reason in PASSING if state is JobState.PAUSED else not state.is_over


class WalkState(Enum):
    """How far a job is in reading its gallery's pages.

    FIRST: the walk from the gallery's start has pages left. SECOND_DUE: it has none, and the walk
    from the other end is to begin. SECOND: that walk has pages left. FIRST_EMPTY, SECOND_EMPTY: the
    walk ended with an empty page, perhaps for Civitai's time limit, and that page can be asked for
    again. OVER: every wanted image is listed.
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
    def is_empty_end(self) -> bool:
        return self in _ASKED_AGAIN

    @property
    def asked_again(self) -> WalkState:
        """Return the state in which an empty last page is asked for once more."""
        return _ASKED_AGAIN.get(self, self)

    @property
    def column(self) -> int:
        """Return the number that the database has for the state: two share that of
        another state, and are told from it by the job's report and options."""
        return _COLUMNS.get(self, self.value)

    @classmethod
    def after_page(cls, walk: int, is_last: bool, end: str) -> WalkState:
        """Return the state after a page of the first or the second walk. end: as in `Report`."""
        if end == "empty":
            return cls.SECOND_EMPTY if walk == 2 else cls.FIRST_EMPTY
        return cls.OVER if is_last else cls.SECOND if walk == 2 else cls.FIRST

    @classmethod
    def of_column(cls, column: int, end: str, second_end: str, verify: bool) -> WalkState:
        """Return the state of a job. end, second_end: of its report. verify: of its options; no
        second walk is due where the first stopped before the gallery's end."""
        state = cls(column)
        if state is cls.FIRST_EMPTY and second_end == "empty":
            return cls.SECOND_EMPTY
        is_due = verify and end in ("end", "blank") and not second_end
        return cls.SECOND_DUE if state is cls.OVER and is_due else state


_ASKED_AGAIN = {
    WalkState.FIRST_EMPTY: WalkState.FIRST,
    WalkState.SECOND_EMPTY: WalkState.SECOND,
}
_COLUMNS = {
    WalkState.SECOND_EMPTY: WalkState.FIRST_EMPTY.value,
    WalkState.SECOND_DUE: WalkState.OVER.value,
}
