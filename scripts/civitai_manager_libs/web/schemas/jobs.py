"""The JSON of downloads."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from ...jobs import JobState
from .images import GalleryQuery

__all__ = ["JobAction", "JobFailure", "JobReport", "Job", "JobList", "JobBody", "JobStarted"]
__all__ += ["JobModelFile"]

ModelFileState = Literal["waiting", "running", "saved", "skipped", "failed"]


class JobAction(TypedDict):
    """A button of a job; name: for `POST jobs/{id}/{action}`."""

    name: str
    label: str


class JobFailure(TypedDict):
    """An image or model file that failed. url: of its page on Civitai. title: the name of a model
    file, "" for an image. code: of the reason. has_thumb: a thumbnail exists."""

    id: int
    url: str
    title: str
    reason: str
    detail: str
    code: str
    has_thumb: bool


class JobModelFile(TypedDict):
    """A model file that a job downloads.

    title: the model's and version's name. name: the file's. received, size: bytes, 0 if unknown.
    line: progress or failure in words.
    """

    version_id: int
    file_id: int
    title: str
    name: str
    url: str
    state: ModelFileState
    received: int
    size: int
    line: str


class JobReport(TypedDict):
    """What a finished job found in its gallery, in words. end: why it stopped there."""

    end: str
    lines: list[str]


class JobFailures(TypedDict):
    """What failed in a job. more: how many failures are not listed, in words. toast: what to
    announce when the job ends, or ""."""

    failed_label: str
    failures: list[JobFailure]
    more: str
    toast: str


class Job(JobFailures):
    """A job as the downloads panel shows it.

    kind: `images` or `models`. group: the model, author or collection that it is of. subject: what
    of that, in words. filters: of its gallery, in words. created: ISO 8601 in UTC. reads_only: it
    reads records and downloads no image. percent: 0 to 100. line: progress in words. note: why it
    stands still, or what is to be done. folder: where its files go, "" if it has none. model_files:
    the files of a job that downloads models, [] for images.
    """

    id: int
    kind: str
    title: str
    group: str
    subject: str
    filters: list[str]
    created: str
    state: JobState
    state_label: str
    reads_only: bool
    percent: int
    line: str
    note: str
    folder: str
    saved: int
    skipped: int
    failed: int
    actions: list[JobAction]
    report: JobReport | None
    model_files: list[JobModelFile]


class JobList(TypedDict):
    """The latest jobs. active, waiting: running and queued jobs, listed or not. total: how many
    jobs there are. more: how many queued jobs are not listed, in words. bookmarks_revision: as in
    `Instance`."""

    active: int
    waiting: int
    total: int
    bookmarks_revision: int
    more: str
    notice: str
    jobs: list[Job]


class JobBody(TypedDict, total=False):
    """A job to start: either `ids` or `query` is needed.

    With `ids`, `query` is the gallery or the library search in which they were chosen.

    request: a unique id; the same one starts no second job. limit: images to download at most.
    reads_only: read records and download no image. verify: walk the gallery from both ends. title,
    model, version: for the names of the job and its folder.
    """

    ids: list[int]
    query: GalleryQuery
    limit: int
    reads_only: bool
    verify: bool
    title: str | None
    model: int | None
    version: int | None
    request: str


class JobStarted(TypedDict):
    """job_id: None if nothing was left to do."""

    job_id: int | None
    image_count: int
    message: str
