"""What is told of a job that downloads model files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from .records import Job

__all__ = ["add_received", "ModelFileState", "ModelJobStart"]

_Job = TypeVar("_Job", bound=Job)


@dataclass(frozen=True)
class ModelJobStart:
    """The answer to a request for model files.

    job_id: of the new job, None if nothing was left to do. file_ids: of the files that it fetches.
    elsewhere: the id of the unfinished job that is going to fetch a file already, by file id.
    """

    job_id: int | None
    file_ids: tuple[int, ...] = ()
    elsewhere: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelFileState:
    """One file of a job.

    name: of the file. title: of the model and the version. state: as in `Outcome`, or `running`.
    received: bytes on the disk. size: in bytes; an estimate until the file is saved. reason: the
    code of a failure, or the codes of what is to be told of a saved file. message: the same in
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
    """Add the bytes of partly downloaded model files to the counts of a job that does not run."""
    received = sum(file.received for file in files if file.state == "waiting")
    return replace(
        job, bytes=job.bytes + received, waiting_bytes=max(0, job.waiting_bytes - received)
    )
