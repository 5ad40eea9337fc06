"""The JSON of downloads."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from ...jobs import JobState
from .images import GalleryQuery

ModelFileState = Literal["waiting", "running", "saved", "skipped", "failed"]


class JobAction(TypedDict):
    """A button of a job. name: the action in `POST jobs/{id}/{action}`."""

    name: str
    label: str


class JobFailure(TypedDict):
    """An image or model file that could not be downloaded.

    url: the image's or model's page on Civitai. title: a model file's name, "" for an image.
    reason: why, in words. code: the reason's code. has_thumb: a thumbnail exists.
    """

    id: int
    url: str
    title: str
    reason: str
    detail: str
    code: str
    has_thumb: bool


class JobModelFile(TypedDict):
    """A model file that a job downloads.

    title: names of the model and the version. name: the file's name. received, size: bytes, 0 if
    unknown. line: progress or failure in words.
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
    """What a job found in its gallery, in words. end: why the job read no further pages."""

    end: str
    lines: list[str]


class JobFailures(TypedDict):
    """What failed in a job.

    failed_label: number of failures and their reasons. more: how many failures are not listed, in
    words. toast: what to announce when the job ends, "" for nothing.
    """

    failed_label: str
    failures: list[JobFailure]
    more: str
    toast: str


class JobCard(JobFailures):
    """A job as the downloads panel shows it.

    kind: `images` or `models`. group: the model, author or collection to which the files belong.
    subject: which part of the group, in words. filters: the gallery's filters, in words. created:
    ISO 8601 in UTC. reads_only: the job stores records and downloads no file. percent: 0 to 100.
    line: progress in words. note: why the job is not running, or what the user should do. folder:
    where the files are saved, "" for none and for users who may not change settings. model_files:
    [] for a job of images.
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
    """The latest jobs.

    active: the number of running jobs; in a search, of the listed ones only. waiting: the number of
    all queued jobs. total: the number of all jobs. more: how many queued jobs are not listed, in
    words. bookmarks_revision: as in `Instance`.
    """

    active: int
    waiting: int
    total: int
    bookmarks_revision: int
    more: str
    notice: str
    jobs: list[JobCard]


class JobBody(TypedDict, total=False):
    """A job to start: either `ids` or `query` is needed.

    With `ids`, `query` is the gallery or the library search that showed the images. request: a
    unique id; a second request with the same id starts no job. limit: the largest number of images.
    reads_only: store records (Civitai's JSON) and download no file. verify: afterwards read the
    gallery from its end too, to find images that Civitai left out. title, model, version: determine
    the names of the job, its folder and its files.
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
    """A message about a new job.

    job_id: None if there was nothing to do. image_count: the largest number of images to download.
    """

    job_id: int | None
    image_count: int
    message: str
