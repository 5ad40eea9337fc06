"""A download that survives: what was asked, how far it got, what failed and why (SQLite)."""

from .factory import choose_destination, make_network, rendition_width, reserved_bytes
from .filename_template import FIELDS, fill_template, validate_template
from .pagination import count_requests_to_verify
from .progress import JobProgress
from .queue import JobService, JobView
from .records import Item, Job, JobOptions, NamingContext, WalkReport
from .states import JobState, WalkState
from .store import JobStore
from .worker import JobWorker

__all__ = [
    "FIELDS",
    "NamingContext",
    "Item",
    "Job",
    "JobProgress",
    "JobWorker",
    "JobService",
    "JobState",
    "JobStore",
    "JobOptions",
    "WalkReport",
    "JobView",
    "WalkState",
    "validate_template",
    "count_requests_to_verify",
    "fill_template",
    "make_network",
    "choose_destination",
    "reserved_bytes",
    "rendition_width",
]
