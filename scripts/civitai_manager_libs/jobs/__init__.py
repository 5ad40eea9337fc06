"""Download jobs that survive a crash: stored in SQLite, queued, and run by workers."""

from .image_files import (
    choose_destination,
    choose_image_width,
    FIELDS,
    fill_template,
    JobClient,
    validate_template,
)
from .job_records import (
    add_received,
    Item,
    Job,
    JobOptions,
    JobState,
    ModelFileState,
    NamingContext,
    WalkReport,
    WalkState,
)
from .service import describe_job, describe_report, JobService, matches_words
from .store import JobStore
from .walk import count_requests_to_verify
from .worker import JobWorker

__all__ = ["add_received", "choose_destination", "choose_image_width", "count_requests_to_verify"]
__all__ += [
    "describe_job",
    "describe_report",
    "FIELDS",
    "fill_template",
    "Item",
    "Job",
    "JobClient",
]
__all__ += ["JobOptions", "JobService", "JobState", "JobStore"]
__all__ += ["JobWorker", "matches_words", "ModelFileState", "NamingContext"]
__all__ += ["validate_template", "WalkReport", "WalkState"]
