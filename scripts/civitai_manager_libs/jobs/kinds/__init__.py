"""What differs between jobs of images and jobs of model files."""

from typing import TypeAlias

from ..factory import JobClient
from ..records import Job
from ..store import JobStore
from .images import ImageKind
from .models import ModelKind

__all__ = ["JobKind", "make_kind"]

JobKind: TypeAlias = ImageKind | ModelKind


def make_kind(store: JobStore, job: Job, client: JobClient) -> JobKind:
    """Return a ModelKind for a job that downloads model files, else an ImageKind."""
    return (ModelKind if job.has_models else ImageKind)(store, job.id, client)
