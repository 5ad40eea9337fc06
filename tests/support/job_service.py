"""Waits for the jobs of a service to reach a state."""

from page_driver import wait_for


def shown(service, job_id):
    return next(job for job in service.list_jobs(100)[0] if job.id == job_id)


def comes_to(service, job_id, state):
    """Wait until a job has this state, and return the job as the page shows it."""
    wait_for(lambda: shown(service, job_id).state == state, state)
    return shown(service, job_id)


def end_all(service):
    """Cancel all jobs of a service, and wait until no job is left in its queue."""
    for job in service.list_jobs(100)[0]:
        if not job.is_over:
            service.stop(job.id, "cancelled")
    wait_for(lambda: not service._workers._entries, "the end of all jobs")
