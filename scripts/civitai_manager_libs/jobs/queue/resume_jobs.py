"""Which jobs resume when the program starts."""

from __future__ import annotations

from ...core import log_disk_errors
from ..states import JobState
from ..store import JobStore

__all__ = ["queue_unfinished_jobs"]


def queue_unfinished_jobs(store: JobStore) -> list[int]:
    """Set the jobs that resume at the program's start to `queued`; return their ids, in order.

    Jobs that were running come first. Jobs that another program is running are left out. So are
    paused jobs, unless an error paused them that may pass by itself, such as a network error.
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
