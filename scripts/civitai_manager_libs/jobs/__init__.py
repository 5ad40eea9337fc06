"""A download that survives: what was asked, how far it got, what failed and why (SQLite)."""

from .factory import network_of, place_for, reserve, saved_width
from .filename_template import checked_template, FIELDS, name_for
from .pagination import count_requests_to_verify
from .progress import JobProgress
from .queue import JobService, ShownJob
from .records import Facts, Item, Job, Options, Report
from .states import JobState, WalkState
from .store import JobStore
from .worker import JobRun

__all__ = [
    "FIELDS",
    "Facts",
    "Item",
    "Job",
    "JobProgress",
    "JobRun",
    "JobService",
    "JobState",
    "JobStore",
    "Options",
    "Report",
    "ShownJob",
    "WalkState",
    "checked_template",
    "count_requests_to_verify",
    "name_for",
    "network_of",
    "place_for",
    "reserve",
    "saved_width",
]
