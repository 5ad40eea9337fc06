"""Whether a failure is one image's or the network's, and how long a job waits before a retry."""

import time

import pytest
from civitai_manager_libs.errors import Busy, Cancelled, DiskError, DiskFull, InvalidResponse
from civitai_manager_libs.errors import NetworkError, NotFound, QuotaReached, ServerError
from civitai_manager_libs.errors import StorageDown
from civitai_manager_libs.jobs.failures import compute_retry_delay, FailureClassifier, WorkResult
from civitai_manager_libs.jobs.job_records import Item, Outcome

_OFF = NetworkError("Nobody answered.")


def _classified(classifier, image_id, error=None, waited=False, began=None):
    """Return the states that are certain after this result, by image id."""
    reason = error.reason if error else ""
    item = Item(image_id, image_id, "", "image", "", "waiting", "network" if waited else "", "")
    outcome = Outcome(image_id, "failed" if error else "saved", reason=reason)
    began = time.perf_counter() if began is None else began
    return {
        o.image_id: o.state for o in classifier.classify(WorkResult(item, outcome, began, error))
    }


def test_network_error_is_a_failure_once_a_later_request_succeeds():
    classifier, before = FailureClassifier(), time.perf_counter()
    assert _classified(classifier, 1, _OFF) == {1: "waiting"}
    assert _classified(classifier, 2, began=before) == {2: "saved"}  # an earlier one tells nothing
    assert _classified(classifier, 3) == {1: "failed", 3: "saved"}
    assert classifier.list_last_failures(None) == []


@pytest.mark.parametrize(
    "error", [_OFF, ServerError("Bad gateway.", 502), Busy(600)], ids=["network", "5xx", "busy"]
)
def test_five_network_errors_in_a_row_keep_their_images_waiting(error):
    classifier = FailureClassifier()
    for image_id in range(5):
        assert not classifier.is_offline
        assert _classified(classifier, image_id, error) == {image_id: "waiting"}
    assert classifier.is_offline
    assert _classified(classifier, 9) == {9: "saved"}, "it was on its way already"
    assert classifier.is_offline


@pytest.mark.parametrize(
    "error", [NotFound("Gone.", 404), InvalidResponse("No."), DiskError("Locked.")], ids=repr
)
def test_any_response_shows_that_the_network_works(error):
    classifier = FailureClassifier()
    for image_id in range(4):
        _classified(classifier, image_id, _OFF)
    assert set(_classified(classifier, 9, error).values()) == {"failed"}
    _classified(classifier, 10, _OFF)
    assert not classifier.is_offline


@pytest.mark.parametrize(
    "trouble,failed",
    [
        (None, [1]),
        (NotFound("No such cursor.", 404), [1]),
        (_OFF, []),
        (Busy(600), []),
        (DiskError("The database is locked."), []),
    ],
    ids=["all-tried", "page-refused", "page-unreachable", "page-busy", "database"],
)
def test_held_errors_become_failures_at_the_end_unless_an_error_ended_the_run(trouble, failed):
    classifier = FailureClassifier()
    _classified(classifier, 1, _OFF)
    assert [
        o.image_id for o in classifier.list_last_failures(trouble) if o.state == "failed"
    ] == failed


def test_cancelled_download_says_nothing_about_the_network():
    classifier = FailureClassifier()
    _classified(classifier, 1, _OFF)
    item = Item(2, 2, "", "image", "", "waiting", "", "")
    stopped = WorkResult(item, Outcome(2, "waiting"), time.perf_counter())
    assert classifier.classify(stopped) == [stopped.outcome]
    assert [outcome.image_id for outcome in classifier.list_last_failures(None)] == [1]


def test_image_that_waited_and_fails_again_while_others_succeed_has_failed():
    classifier = FailureClassifier()
    assert _classified(classifier, 1, _OFF, waited=True) == {1: "waiting"}
    _classified(classifier, 2)
    assert [_classified(classifier, i, _OFF, waited=True) for i in range(3, 13)] == [
        {i: "failed"} for i in range(3, 13)
    ]


@pytest.mark.parametrize(
    "trouble,pauses",
    [
        (_OFF, [5, 10, 20, 40, 60, 60]),
        (ServerError("Bad gateway.", 502), [5, 10, 20, 40, 60, 60]),
        (StorageDown("Not now.", 404), [5, 10, 20, 40, 80, 160]),
        (DiskFull("Full."), [2, 4, 8, 10, 10, 10]),
        (Busy(600), [600] * 6),
        (Busy(1e9), [3600] * 6),
        (QuotaReached("Enough."), [3600] * 6),
        (None, [None] * 6),
        (NotFound("Gone.", 404), [None] * 6),
        (Cancelled("Cancelled."), [None] * 6),
    ],
    ids=lambda value: type(value).__name__,
)
def test_pauses_grow_up_to_a_limit_or_to_what_the_server_asks_for(trouble, pauses):
    assert [compute_retry_delay(trouble, n) for n in range(6)] == pauses
    longest = 3600 if isinstance(trouble, StorageDown) else pauses[-1]
    assert compute_retry_delay(trouble, 100_000) == longest
