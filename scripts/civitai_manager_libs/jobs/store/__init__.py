"""What the database keeps of the jobs: how far each is, what was saved, who fetches what."""

from .job_store import JobStore

__all__ = ["JobStore"]
