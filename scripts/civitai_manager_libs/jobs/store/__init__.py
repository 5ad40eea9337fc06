"""The database of jobs, of saved images, and of the images that each job is downloading."""

from .job_store import JobStore

__all__ = ["JobStore"]
