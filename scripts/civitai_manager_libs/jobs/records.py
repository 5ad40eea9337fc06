"""What a download job is, what its pictures are, and what became of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..civitai import ImageQuery
from ..errors import CivitaiShortcutError
from ..ground import Image

__all__ = ["Claim", "EMPTY_END", "Item", "Job", "Outcome", "WalkedPage", "failure"]

EMPTY_END = (
    "Civitai's last page was empty: that may be the gallery's end, or Civitai's own time limit."
)


@dataclass(frozen=True)
class WalkedPage:
    """What a job wants of a page. cursor: where its gallery goes on, None: it has all it wants.

    is_empty_end: the page had nothing on it, and names no other; `cursor` leads to it.
    """

    images: tuple[Image, ...]
    cursor: str | None
    is_empty_end: bool = False


@dataclass(frozen=True)
class Job:
    """What was asked, and how far it is.

    folder: where the pictures go. wanted: how many at most. again: fetch what was saved before.
    state: `queued` nobody has begun; `running` somebody works on it, or was killed at it;
    `paused` by the user, or for `reason` (a code) and `note` (a sentence); `done`; `cancelled`.
    cursor: where its gallery goes on. walked: every picture that is wanted is listed.
    ended_empty: the last page had nothing on it, which may be Civitai's own time limit; `cursor`
    leads to it. bytes: of what it saved.
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
    ended_empty: bool = False

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

    saved_bytes: what the file at saved_path had. ours_before: this job had claimed it already, so
    it was interrupted at it.
    """

    saved_path: str = ""
    saved_bytes: int = 0
    other_job: int = 0
    ours_before: bool = False


def failure(item: Item, error: CivitaiShortcutError) -> Outcome:
    return Outcome(item.image_id, "failed", reason=error.reason, message=str(error))
