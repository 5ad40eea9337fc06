"""What a download job is, what its pictures are, and what became of them. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..civitai import ImageQuery
from ..core import Image
from ..errors import CivitaiShortcutError
from ..i18n import messages
from .states import goes_on_by_itself, JobState, WalkState

__all__ = [
    "Claim",
    "EMPTY_END",
    "NamingContext",
    "Item",
    "Job",
    "JobOptions",
    "Outcome",
    "WalkedPage",
]
__all__ += ["WalkReport", "failed_outcome", "item_path"]

EMPTY_END = messages.reason_text("empty_end", "en")

_OF_TWO = ("first", "second", "both")  # fields of `WalkReport` that tell of two walks


@dataclass(frozen=True)
class WalkReport:
    """What a gallery had, as far as a job has walked it.

    seen: pictures, all below among them. kept_back: by rating or type. without_data: where only
    such with data were asked for. unrelated: that name models, but not the gallery's, as far as its
    versions are known. dropped: their address is not Civitai's, or their record cannot
    be read. empty_pages: with nothing on them, though they were no gallery's end by themselves.
    end: why the walk is over: `end` of the gallery; `limit`; `known`, as many in a row as was asked
    were saved before; `empty`, the last page had nothing on it; `blank`, the last pages had nothing
    new, though they named more; "" it is not over.

    Of a gallery that was walked a second time, from its other end: first, second: images that each
    walk found; both: those that both found; second_end: why the second one is over, as in `end`, ""
    it is not, or was not wanted.
    """

    seen: int = 0
    kept_back: int = 0
    without_data: int = 0
    unrelated: int = 0
    dropped: int = 0
    empty_pages: int = 0
    first: int = 0
    second: int = 0
    both: int = 0
    end: str = ""
    second_end: str = ""

    def __add__(self, later: WalkReport) -> WalkReport:
        counts = {name: n + getattr(later, name) for name, n in self._numbers().items()}
        return WalkReport(**counts, end=later.end, second_end=later.second_end)

    @property
    def counts(self) -> dict[str, int]:
        """What the first walk had of each, where it had any."""
        numbers = self._numbers()
        return {name: numbers[name] for name in numbers if numbers[name] and name not in _OF_TWO}

    @property
    def missing(self) -> int | None:
        """Return how many images probably neither walk found, None if that cannot be told: they
        have none in common, or the second one broke off.

        Capture and recapture: where two walks miss images independently of each other, the share of
        all images that the first found is its share of those that the second found.
        """
        if not self.both or self.second_end == "empty":
            return None
        found = self.first + self.second - self.both
        return max(0, round(self.first * self.second / self.both) - found)

    def _numbers(self) -> dict[str, int]:
        return {name: n for name, n in vars(self).items() if isinstance(n, int)}


@dataclass(frozen=True)
class WalkedPage:
    """What a job wants of a page. cursor: where its gallery goes on, None: it has all it wants.

    report: of this page; with the end `empty` it had nothing on it and names no other, and `cursor`
    leads to it, None to the first page. is_first: of the gallery: what was told before does not
    count any more. walk: 1, or 2 for a page of the walk from the other end, whose images may be
    listed already.
    """

    images: tuple[Image, ...]
    cursor: str | None
    report: WalkReport = WalkReport()
    is_first: bool = False
    walk: int = 1


@dataclass(frozen=True)
class NamingContext:
    """What the names of a job's pictures may tell of it.

    model: what the job is called, mostly after its model. version: the name of the one that was
    asked for, "" for all. versions: the names of those that there are, by id.
    """

    model: str = ""
    version: str = ""
    versions: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JobOptions:
    """How a job saves its pictures. name: the template of their names below its folder.

    stop_at_known: so many in a row that were saved before end the walk; 0: none do. width: pixels
    of the site's rendition that is fetched in place of a wider image; 0: always the original.
    reads_only: its pages are read, and no picture is fetched. verify: a gallery that was walked to
    its end is walked a second time from the other end, to find what the first walk missed.
    """

    name: str = "{id}"
    facts: NamingContext = NamingContext()
    stop_at_known: int = 0
    width: int = 0
    reads_only: bool = False
    verify: bool = False


@dataclass(frozen=True)
class Job:
    """What was asked, and how far it is.

    folder: where the pictures go. wanted: how many at most. again: fetch what was saved before.
    state: see `JobState`. reason, note: a code and a sentence, of why it is paused, where that was
    not the user. cursor: where its gallery goes on, or its empty last page. walk: see `WalkState`.
    bytes: of what it saved. report: nothing where the pictures were chosen.
    """

    id: int
    created: float
    title: str
    query: ImageQuery
    folder: str
    wanted: int
    again: bool
    state: JobState
    reason: str
    note: str
    cursor: str | None
    walk: WalkState
    saved: int = 0
    skipped: int = 0
    failed: int = 0
    waiting: int = 0
    bytes: int = 0
    options: JobOptions = JobOptions()
    report: WalkReport = WalkReport()

    @property
    def finished(self) -> int:
        return self.saved + self.skipped + self.failed

    @property
    def walked(self) -> bool:
        """Return whether no page is to be read any more."""
        return not (self.walk.is_under_way or self.needs_second_walk)

    @property
    def needs_second_walk(self) -> bool:
        is_empty = self.walk is WalkState.FIRST_EMPTY
        return self.options.verify if is_empty else self.walk is WalkState.SECOND_DUE

    @property
    def ended_empty(self) -> bool:
        return self.walk.is_empty_end

    @property
    def has_total(self) -> bool:
        """Return whether the first walk is over: only a second one can add images."""
        return self.walk is not WalkState.FIRST

    @property
    def total(self) -> int:
        """Return the number of images; until `has_total` the number of those that are wanted."""
        return self.finished + self.waiting if self.has_total else self.wanted

    @property
    def is_over(self) -> bool:
        return self.state.is_over

    @property
    def resumes_automatically(self) -> bool:
        return goes_on_by_itself(self.state, self.reason)


@dataclass(frozen=True)
class Item:
    """A picture of a job. place: its order. record: the API's record as JSON text, or "".
    name: its path below the job's folder, with "/" and without extension; "" is its id.

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
    name: str = ""

    def path(self, folder: str, extension: str) -> str:
        """Where it goes, or lies."""
        return f"{item_path(folder, self.image_id, self.name)}.{extension}"


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


def item_path(folder: str, image_id: int, name: str) -> str:
    """Without extension. name: as in `Item`."""
    return os.path.join(folder, *(name or str(image_id)).split("/"))


def failed_outcome(item: Item, error: CivitaiShortcutError) -> Outcome:
    return Outcome(item.image_id, "failed", reason=error.reason, message=str(error))
