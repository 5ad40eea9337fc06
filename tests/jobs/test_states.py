"""The states of a job."""

from __future__ import annotations

import pytest
from civitai_manager_libs.jobs.states import JobState, resumes_automatically


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
def test_job_resumes_by_itself_unless_it_is_over_or_paused_by_the_user(state, reason, expected):
    assert resumes_automatically(state, reason) is expected
