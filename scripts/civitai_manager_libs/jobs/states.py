"""The states of a job and of its reading of a gallery, and the changes between them."""

from __future__ import annotations

from enum import Enum

__all__ = ["JobState", "TRANSIENT_REASONS", "WalkState", "allowed_sources", "resumes_automatically"]

# Codes of the reasons for which a paused job is resumed automatically.
TRANSIENT_REASONS = ("busy", "disk", "in_use", "network", "quota")


class JobState(str, Enum):
    """The state of a job, as the database stores it.

    QUEUED: waits for its turn. RUNNING: a worker runs it, or was killed while running it.
    PAUSED: by the user, or for a reason code; a transient reason is retried automatically.
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
    """Return the states from which a job may change to `state`, including `state` itself."""
    return [source for source in JobState if source is state or state in _MOVES[source]]


def resumes_automatically(state: JobState, reason: str) -> bool:
    """Return whether a job in this state will continue without the user.

    reason: the code of why a job is paused, "" if the user paused it.
    """
    return reason in TRANSIENT_REASONS if state is JobState.PAUSED else not state.is_over


class WalkState(Enum):
    """How far a job has read the pages of its gallery.

    FIRST: it reads pages from the gallery's start. SECOND_DUE: it has read all pages, and is to
    read them again from the other end. SECOND: it reads pages from the other end. FIRST_EMPTY,
    SECOND_EMPTY: reading ended with an empty page, perhaps by Civitai's time limit, so that page
    can be requested again. OVER: no page is left to read.
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
        """Return the state in which an empty last page is requested once more.

        A state other than FIRST_EMPTY and SECOND_EMPTY is returned unchanged.
        """
        return _REOPENED.get(self, self)

    @property
    def column(self) -> int:
        """Return the number that stands for this state in the database.

        Some states share a number; `from_column` tells them apart.
        """
        return _COLUMNS.get(self, self.value)

    @classmethod
    def after_page(cls, walk: int, is_last: bool, end: str) -> WalkState:
        """Return a job's state after one more gallery page has been read.

        walk: 1 if the gallery is read from its start, 2 if from its end. is_last: whether no page
        follows. end: the code for why reading ends, as in `WalkReport`.
        """
        if end == "empty":
            return cls.SECOND_EMPTY if walk == 2 else cls.FIRST_EMPTY
        return cls.OVER if is_last else cls.SECOND if walk == 2 else cls.FIRST

    @classmethod
    def from_column(cls, column: int, end: str, second_end: str, verify: bool) -> WalkState:
        """Return the state that a number in the database stands for.

        Some states share a number; the other parameters tell them apart. end, second_end: as in the
        job's `WalkReport`. verify: as in its `JobOptions`.
        """
        state = cls(column)
        if state is cls.FIRST_EMPTY and second_end == "empty":
            return cls.SECOND_EMPTY
        # No second walk is due if the first one stopped early.
        is_due = verify and end in ("end", "blank") and not second_end
        return cls.SECOND_DUE if state is cls.OVER and is_due else state


_REOPENED = {WalkState.FIRST_EMPTY: WalkState.FIRST, WalkState.SECOND_EMPTY: WalkState.SECOND}
_COLUMNS = {
    WalkState.SECOND_EMPTY: WalkState.FIRST_EMPTY.value,
    WalkState.SECOND_DUE: WalkState.OVER.value,
}
