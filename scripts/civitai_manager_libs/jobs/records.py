"""What a download job is, what its pictures are, and what became of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..civitai import ImageQuery
from ..errors import CivitaiShortcutError

__all__ = ["Claim", "Item", "Job", "Outcome", "failure"]


@dataclass(frozen=True)
class Job:
    """What was asked, and how far it is.

    folder: where the pictures go. wanted: how many at most. again: fetch what was saved before.
    state: `queued` nobody has begun; `running` somebody works on it, or was killed at it;
    `paused` by the user, or for `reason` (a code) and `note` (a sentence); `done`; `cancelled`.
    cursor: where its gallery goes on. walked: every picture that is wanted is listed.
    bytes: of what it saved.
    """

    id: int
    created: float
    title: str
    query: ImageQuery
    folder: str
    wanted: int
    again: bool
    state: str
    reason: str
    note: str
    cursor: str | None
    walked: bool
    saved: int = 0
    skipped: int = 0
    failed: int = 0
    waiting: int = 0
    bytes: int = 0

    @property
    def finished(self) -> int:
        return self.saved + self.skipped + self.failed

    @property
    def total(self) -> int:
        """Pictures in all; until it is walked it is not known, and what is wanted stands for it."""
        return self.finished + self.waiting if self.walked else self.wanted

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "cancelled")


@dataclass(frozen=True)
class Item:
    """A picture of a job. place: its order. record: the API's record as JSON text, or "".

    One that is `waiting` with a reason was tried, but it may not have been its own fault.
    """

    place: int
    image_id: int
    url: str
    kind: str
    record: str
    state: str
    reason: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What became of an item: `saved`, `skipped`, `failed`, or `waiting` still.

    bytes: of the file that lies at `path`; 0 when nobody looked.
    """

    image_id: int
    state: str
    path: str = ""
    bytes: int = 0
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class Claim:
    """What stands in the way of fetching an item: that it was saved, or another job's claim.

    ours_before: this job had claimed it already, so it was interrupted at it.
    """

    saved_path: str = ""
    other_job: int = 0
    ours_before: bool = False


def failure(item: Item, error: CivitaiShortcutError) -> Outcome:
    return Outcome(item.image_id, "failed", reason=error.reason, message=str(error))
