"""A download job, its items, its states and the moves between them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from .. import setting
from ..civitai import ImageQuery
from ..core import as_mapping, Image
from ..errors import CivitaiShortcutError, InvalidResponse
from ..model_files import ModelFileRequest

# Codes of the reasons for which a paused job is resumed automatically.
TRANSIENT_REASONS = ("busy", "disk", "in_use", "network", "quota", "storage")
_BOTH_WALKS = ("first", "second", "both")  # the fields of `WalkReport` that compare two walks


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
    """Return the states from which a job may change to `state`, including `state` itself."""
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
    def reopened(self) -> WalkState:
        """Return the state in which an empty last page is read again; itself if there was none."""
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


@dataclass(frozen=True)
class WalkReport:
    """What a job has found in its gallery so far, as numbers of images.

    A walk reads the gallery's pages one after another. The first walk begins at the gallery's
    start. seen: all images; the next four are among them. kept_back: excluded by the gallery's
    rating or type. without_data: excluded because they have no generation data. unrelated: made
    only with model versions that the gallery does not show. dropped: with a foreign address or an
    unreadable record. empty_pages: the number of empty pages before the gallery's end. gone: images
    of a list that Civitai did not send.

    end: why the first walk is over: `end` of the gallery; `limit` reached; `known`: enough images
    in a row were already saved; `empty`: the last page was empty; `blank`: the last pages brought
    nothing new; "": it is not over.

    After a second walk, from the gallery's end: first, second: images that each walk found; both:
    images that both walks found; second_end: why the second walk is over, as in `end`.
    """

    seen: int = 0
    kept_back: int = 0
    without_data: int = 0
    unrelated: int = 0
    dropped: int = 0
    empty_pages: int = 0
    gone: int = 0
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
        """Return the first walk's counts that are not 0, by field name, such as `seen`."""
        numbers = self._numbers()
        return {
            name: numbers[name] for name in numbers if numbers[name] and name not in _BOTH_WALKS
        }

    @property
    def missing(self) -> int | None:
        """Estimate how many of the gallery's images were missed in both walks through its pages.

        The first walk begins at the gallery's start, the second at its end. Return None if no image
        was found in both walks, or if the second walk ended at an empty page.
        """
        # Capture and recapture: both walks miss images independently, so the first one found the
        # same share of all images as of the images that the second one found.
        if not self.both or self.second_end == "empty":
            return None
        found = self.first + self.second - self.both
        return max(0, round(self.first * self.second / self.both) - found)

    def _numbers(self) -> dict[str, int]:
        return {name: n for name, n in vars(self).items() if isinstance(n, int)}


@dataclass(frozen=True)
class WalkedPage:
    """A gallery page that a job has read.

    images: the page's images that the job is to download. cursor: of the page to read next, None if
    the walk is over; an empty last page has its own cursor, since it may be read again. report:
    counts of this page alone. is_first: whether this is the gallery's first page, with which the
    job's counts begin anew. walk: 1 in the walk from the gallery's start, 2 in that from its end.
    """

    images: tuple[Image, ...]
    cursor: str | None
    report: WalkReport = WalkReport()
    is_first: bool = False
    walk: int = 1


@dataclass(frozen=True)
class NamingContext:
    """What a file name template can use besides the image.

    model: the job's title, usually the model's name. version: the name of the requested version,
    "" for all. versions: the names of the model's versions by id.
    """

    model: str = ""
    version: str = ""
    versions: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JobOptions:
    """What a job downloads, and how it saves images.

    name: the template of file names below the job's folder. facts: what the template can use.
    stop_at_known: stop reading the gallery after this many saved images in a row, 0 for never.
    width: download wider images scaled to this many pixels, 0 for originals. reads_only: store the
    images' records (Civitai's JSON) and download no file. verify: read the gallery's pages a second
    time, from the end, to find missed images. kind: `images` or `models`. is_selection: the user
    chose the images one by one. search: the library search in which the user chose the images or
    model files, "" for a gallery.
    """

    name: str = "{id}"
    facts: NamingContext = NamingContext()
    stop_at_known: int = 0
    width: int = 0
    reads_only: bool = False
    verify: bool = False
    kind: str = "images"
    is_selection: bool = False
    search: str = ""


@dataclass(frozen=True)
class Job:
    """A job with the counts of its items: as the database stores it, or live, as it runs.

    folder: where its files are saved. wanted: the largest number of images to download. again: also
    download images that were saved before. reason, note: why it is paused, as a code and a
    sentence, "" if the user paused it. cursor: the cursor of the gallery page to read next. bytes:
    the size of its saved files. waiting_bytes: the size of the model files still to come. report:
    empty for images that were selected one by one.

    The other fields are only set in the process that runs the job. is_live: whether the counts are
    those of the run, newer than the database's; `bytes` then include the running downloads. rate:
    bytes a second. seconds_left: None if unknown. retry_in: seconds until a host accepts requests
    again or the paused job is retried, 0 for no pause. missing: bytes that the disk lacks, 0 if
    none or unknown. received: bytes of each running download, by item id. will_retry: whether the
    job is paused and will be retried automatically. jobs_ahead: how many queued jobs start before
    this one. A list of jobs also has: first_image: the id of its first image, 0 for none. failures:
    the first 50 failed items. failed_reasons: how many items failed for each reason, the most
    frequent first. missing_files: how many skipped images had a missing or damaged file
    when they were skipped. model_files: the present states of the job's model files.
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
    waiting_bytes: int = 0
    options: JobOptions = JobOptions()
    report: WalkReport = WalkReport()
    is_live: bool = False
    rate: float = 0.0
    seconds_left: float | None = None
    retry_in: float = 0.0
    missing: int = 0
    received: Mapping[int, int] = field(default_factory=dict)
    will_retry: bool = False
    jobs_ahead: int = 0
    first_image: int = 0
    failures: tuple[Item, ...] = ()
    failed_reasons: Mapping[str, int] = field(default_factory=dict)
    missing_files: int = 0
    model_files: tuple[ModelFileState, ...] = ()

    @property
    def has_models(self) -> bool:
        return self.options.kind == "models"

    @property
    def is_selection(self) -> bool:
        """Return whether the job downloads images that the user chose one by one."""
        query, is_of_images = self.query, not self.has_models
        ids = (query.model_id, query.version_id, query.post_id, query.image_id, query.tag_id)
        # Older versions stored selections without a gallery.
        names_none = not (any(ids) or query.username or query.images)
        return self.options.is_selection or (is_of_images and names_none)

    @property
    def total_bytes(self) -> int:
        """Return the size in bytes of all model files of the job, downloaded or not."""
        return self.bytes + self.waiting_bytes

    @property
    def finished(self) -> int:
        return self.saved + self.skipped + self.failed

    @property
    def walked(self) -> bool:
        """Return whether no gallery page is left to read, neither in this walk nor in a second."""
        return not (self.walk.is_under_way or self.needs_second_walk)

    @property
    def needs_second_walk(self) -> bool:
        is_empty = self.walk is WalkState.FIRST_EMPTY
        return self.options.verify if is_empty else self.walk is WalkState.SECOND_DUE

    @property
    def ended_empty(self) -> bool:
        return self.walk is not self.walk.reopened

    @property
    def is_check(self) -> bool:
        """Return whether the job only finds out which images of a list are to be had now."""
        return self.options.reads_only and bool(self.query.images)

    @property
    def can_verify(self) -> bool:
        """Return whether the job has read a gallery to its end, once, and could read it again."""
        is_whole = self.state is JobState.DONE and self.report.end in ("end", "blank")
        is_read_once = self.options.verify or self.options.reads_only or self.query.images
        return is_whole and not is_read_once

    @property
    def has_total(self) -> bool:
        """Return whether the first walk through the gallery is over, so that `total` is exact."""
        return self.walk is not WalkState.FIRST

    @property
    def total(self) -> int:
        """Return the number of items; `wanted` until the gallery's first walk is over."""
        return self.finished + self.waiting if self.has_total else self.wanted

    @property
    def takes_all(self) -> bool:
        """Return whether the job's limit is the highest that there is."""
        return self.wanted >= setting.MOST_IMAGES

    @property
    def is_over(self) -> bool:
        return self.state.is_over

    @property
    def resumes_automatically(self) -> bool:
        """Return whether the job is queued, running, or paused by an error that may pass."""
        is_paused = self.state is JobState.PAUSED
        return self.reason in TRANSIENT_REASONS if is_paused else not self.is_over


@dataclass(frozen=True)
class Item:
    """One image or model file of a job.

    place: its key, which grows in the gallery's order. image_id: the image's id, or Civitai's id of
    the model file. kind: `image`, `video`, `audio` or `model`. record: an image's record (Civitai's
    JSON), "" if not loaded; a model file's `ModelFileRequest` as JSON. state: as in `Outcome`; a
    `waiting` item with a reason has failed in an earlier run. name: an image's path below the job's
    folder, with "/" and without extension; "" if the file is named by the id.
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

    def path(self, job_folder: str, extension: str) -> str:
        """Return the path of the image's file. extension: the file extension without its dot."""
        return f"{item_path(job_folder, self.image_id, self.name)}.{extension}"

    def folder(self, job_folder: str) -> str:
        """Return the folder of the item's file, "" for a model file with a damaged record."""
        path = self.model_path if self.kind == "model" else self.path(job_folder, "")
        return os.path.dirname(path)

    @property
    def model_path(self) -> str:
        """Return the path of a model file, "" if the record is damaged."""
        try:
            return self.model_request.path
        except InvalidResponse:
            return ""

    @property
    def model_request(self) -> ModelFileRequest:
        """Return the stored request for a model file. Raises InvalidResponse if it is damaged."""
        try:
            request = ModelFileRequest.from_json(as_mapping(json.loads(self.record)))
            if not request.path.encode():  # raises ValueError for a lone surrogate
                raise ValueError("The record has no path.")
        except (ValueError, RecursionError) as error:
            raise InvalidResponse("Its record in the database cannot be read.") from error
        return replace(request, url=self.url)  # the base URL may have changed


@dataclass(frozen=True)
class Outcome:
    """What came of one item of a job.

    image_id: as in `Item`. state: `saved`, `skipped` because it was there already, `failed`, or
    still `waiting`. bytes: the size of the file at `path`, 0 if unknown. reason, message: a failure
    as a code and a sentence. A `skipped` item has a message if the file that was saved before is
    missing or damaged. A `saved` model file has notices as its reason: codes separated by spaces.
    """

    image_id: int
    state: str
    path: str = ""
    bytes: int = 0
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class Claim:
    """The result of a job's attempt to claim an image, so that no other job downloads it.

    saved_path, saved_bytes: the file that was saved before, "" and 0 if none was. other_job: id of
    the job that has claimed the image already and so is the only one to download it, 0 for none.
    ours_before: whether this job had claimed the image before it was interrupted.
    """

    saved_path: str = ""
    saved_bytes: int = 0
    other_job: int = 0
    ours_before: bool = False


def item_path(folder: str, image_id: int, name: str) -> str:
    """Return the path of an image's file, without extension. name: "" to use the image id."""
    return os.path.join(folder, *(name or str(image_id)).split("/"))


def failed_outcome(item: Item, error: CivitaiShortcutError) -> Outcome:
    return Outcome(item.image_id, "failed", reason=error.reason, message=str(error))


@dataclass(frozen=True)
class ModelFileState:
    """A model file of a job, and how far its download is.

    name: the file's name. title: names of the model and the version. state: as in `Outcome`, or
    `running`. received: bytes on the disk. size: bytes, an estimate until the file is saved.
    reason: the code of a failure, or codes of notices about a saved file. message: the failure in
    English.
    """

    file_id: int
    version_id: int
    name: str
    title: str
    path: str
    state: str
    received: int
    size: int
    reason: str = ""
    message: str = ""
    model_id: int = 0


def add_received(job: Job, files: Iterable[ModelFileState]) -> Job:
    """Add the received bytes of a job's partial model files to the job's counts; return the job.

    The job must not be running, since the progress of a running job includes these bytes already.
    """
    received = sum(file.received for file in files if file.state == "waiting")
    return replace(
        job, bytes=job.bytes + received, waiting_bytes=max(0, job.waiting_bytes - received)
    )
