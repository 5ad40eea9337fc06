"""A download that survives: what was asked, how far it got, what failed and why (SQLite)."""

from .asking import network_of, place_for, reserve, saved_width
from .naming import checked_template, FIELDS, name_for
from .progress import JobProgress
from .run import JobRun
from .service import JobService, ShownJob
from .records import Facts, Item, Job, Options
from .store import JobStore

__all__ = [
    "FIELDS",
    "Facts",
    "Item",
    "Job",
    "JobProgress",
    "JobRun",
    "JobService",
    "JobStore",
    "Options",
    "ShownJob",
    "checked_template",
    "name_for",
    "network_of",
    "place_for",
    "reserve",
    "saved_width",
]
