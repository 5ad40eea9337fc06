"""Which jobs resume when the program starts."""

from __future__ import annotations

from ...core import log_disk_errors
from ..states import JobState
from ..store import JobStore

__all__ = ["queue_unfinished_jobs"]


def queue_unfinished_jobs(store: JobStore) -> list[int]:
    """Queue the jobs that resume when the program starts; return their ids in starting order.

    Jobs that were running come first. Jobs that another program is running do not resume. Paused
    jobs resume only if they were paused by an error that may pass, such as a network error.
    """
    jobs = [
        job
        for job in store.list_unfinished()
        if job.resumes_automatically
        and not (job.state is JobState.RUNNING and store.is_job_running(job.id))
    ]
    ids = [job.id for job in sorted(jobs, key=lambda job: job.state is not JobState.RUNNING)]
    with log_disk_errors("gallery"):
        store.queue_jobs(ids)
    return ids
