"""The jobs of a service as the page shows them."""

from __future__ import annotations

from page_driver import wait_for


def shown(service, job_id):
    return next(view for view in service.list_job_views(100)[0] if view.job.id == job_id)


def comes_to(service, job_id, state):
    """Wait until the job has this state, and return it."""
    wait_for(lambda: shown(service, job_id).state == state, state)
    return shown(service, job_id)


def end_all(service):
    """Cancel all jobs, and wait until none is queued."""
    for view in service.list_job_views(100)[0]:
        if not view.state.is_over:
            service.stop(view.job.id, "cancelled")
    wait_for(lambda: not service._workers._entries, "the end of all jobs")
