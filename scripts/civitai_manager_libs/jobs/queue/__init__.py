"""The queue of jobs: a few run at once, the others wait for their turn."""

from .service import JobService, JobView

__all__ = ["JobService", "JobView"]
