"""A download that survives: what was asked, how far it got, what failed and why (SQLite)."""

from __future__ import annotations

from .asking import network_of, pictures_folder, reserve
from .progress import JobProgress
from .run import JobRun
from .service import JobService, ShownJob
from .store import Item, Job, JobStore

__all__ = [
    "Item",
    "Job",
    "JobProgress",
    "JobRun",
    "JobService",
    "JobStore",
    "ShownJob",
    "network_of",
    "pictures_folder",
    "reserve",
]
