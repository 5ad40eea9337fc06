"""The database of jobs: how far each is, which images were saved, which job fetches which image."""

from .job_store import JobStore

__all__ = ["JobStore"]
