"""Download jobs that survive a crash: stored in SQLite, queued, and run by workers."""

from .description import describe_job, JobDescription, matches_words
from .factory import choose_destination, JobClient, choose_image_width
from .filename_template import FIELDS, fill_template, validate_template
from .model_records import add_received, ModelFileState, ModelJobStart
from .pagination import count_requests_to_verify
from .progress import JobProgress
from .queue import JobService, JobView
from .records import Item, Job, JobOptions, NamingContext, WalkReport
from .states import JobState, WalkState
from .store import JobStore
from .worker import JobWorker

__all__ = [
    "FIELDS",
    "Item",
    "Job",
    "JobClient",
    "JobDescription",
    "JobOptions",
    "JobProgress",
    "JobService",
    "JobState",
    "JobStore",
    "JobView",
    "JobWorker",
    "ModelFileState",
    "ModelJobStart",
    "NamingContext",
    "WalkReport",
    "WalkState",
    "add_received",
    "choose_destination",
    "count_requests_to_verify",
    "describe_job",
    "fill_template",
    "matches_words",
    "choose_image_width",
    "validate_template",
]
