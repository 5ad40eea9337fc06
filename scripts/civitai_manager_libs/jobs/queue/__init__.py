"""A few jobs at work, the others in turn."""

from .service import JobService, JobView

__all__ = ["JobService", "JobView"]
