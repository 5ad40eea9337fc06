"""A few jobs at work, the others in turn."""

from .service import JobService, ShownJob

__all__ = ["JobService", "ShownJob"]
