"""The states of a job and of its walk."""

from __future__ import annotations

import pytest
from civitai_manager_libs.jobs.states import JobState, resumes_automatically, WalkState


@pytest.mark.parametrize(
    "state, end, second_end, verify",
    [
        (WalkState.FIRST, "", "", True),
        (WalkState.FIRST_EMPTY, "empty", "", True),
        (WalkState.SECOND_DUE, "end", "", True),
        (WalkState.SECOND_DUE, "blank", "", True),
        (WalkState.SECOND, "end", "", True),
        (WalkState.SECOND_EMPTY, "end", "empty", True),
        (WalkState.OVER, "end", "end", True),
        (WalkState.OVER, "end", "", False),
        (WalkState.OVER, "limit", "", True),
        (WalkState.OVER, "known", "", True),
        (WalkState.OVER, "", "", False),  # images that were chosen one by one
    ],
)
def test_walk_state_is_read_from_columns_of_older_versions(state, end, second_end, verify):
    assert state.column in (0, 1, 2, 3)
    assert WalkState.from_column(state.column, end, second_end, verify) is state


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
