"""The records of jobs that download model files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from .records import Job

__all__ = ["add_received", "ModelFileState", "ModelJobStart"]

_Job = TypeVar("_Job", bound=Job)


@dataclass(frozen=True)
class ModelJobStart:
    """Which job downloads each of the model files that were requested.

    job_id: the new job's id, None if no file was left to download. file_ids: the files that the new
    job downloads. elsewhere: {file id: job id} of the files that unfinished jobs download already.
    """

    job_id: int | None
    file_ids: tuple[int, ...] = ()
    elsewhere: Mapping[int, int] = field(default_factory=dict)


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


def add_received(job: _Job, files: Iterable[ModelFileState]) -> _Job:
    """Add the received bytes of a job's partial model files to the job's counts; return the job.

    The job must not be running, since the progress of a running job includes these bytes already.
    """
    received = sum(file.received for file in files if file.state == "waiting")
    return replace(
        job, bytes=job.bytes + received, waiting_bytes=max(0, job.waiting_bytes - received)
    )
