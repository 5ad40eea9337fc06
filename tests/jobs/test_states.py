"""The states of a job."""

from __future__ import annotations

from dataclasses import replace

import pytest
from civitai_manager_libs.civitai.pagination import ImageQuery
from civitai_manager_libs.jobs.states import JobState


@pytest.mark.parametrize(
    "state, reason, expected",
    [
        (JobState.QUEUED, "", True),
        (JobState.RUNNING, "", True),
        (JobState.PAUSED, "", False),
        (JobState.PAUSED, "needs_key", False),
        *[(JobState.PAUSED, reason, True) for reason in ("busy", "disk", "network")],
        (JobState.DONE, "empty_end", False),
        (JobState.CANCELLED, "disk", False),
    ],
)
def test_job_resumes_by_itself_unless_it_is_over_or_paused_by_the_user(
    store, state, reason, expected
):
    job = store.get_job(store.add_job("A model", ImageQuery(101), "/pictures", 10))
    assert replace(job, state=state, reason=reason).resumes_automatically is expected
