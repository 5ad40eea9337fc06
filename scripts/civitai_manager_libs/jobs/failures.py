"""What a failure means for a job: whether its images count as failed, and when it is retried."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from ..errors import Busy, CivitaiShortcutError, DiskError, NetworkError, QuotaReached, ServerError
from ..errors import StorageDown
from .job_records import Item, Outcome, TRANSIENT_REASONS

_NETWORK_ERRORS = (NetworkError, ServerError)
_OFFLINE_AFTER = 5  # network errors in a row, which are not the images' fault
# Seconds of the first pause, which then doubles, and of the longest.
_NETWORK_PAUSES, _DISK_PAUSES, _STORAGE_PAUSES = (5.0, 60.0), (2.0, 10.0), (5.0, 3600.0)
_QUOTA_SECONDS = 3600.0  # Civitai counts downloads by the hour; early requests may count too
_LONGEST_RETRY_AFTER = 3600.0  # seconds, by a server's request


@dataclass(frozen=True)
class WorkResult:
    """The result of trying to download one item.

    began, ended: times of `time.perf_counter`. error: why the download failed, None if it
    succeeded, was stopped or lacked disk space.
    """

    item: Item
    outcome: Outcome
    began: float
    error: CivitaiShortcutError | None = None
    ended: float = field(default_factory=time.perf_counter)


class FailureClassifier:
    """Decides during one run of a job whether a network error means that an image has failed.

    An image with a network error stays `waiting` until a download that began later gets a response:
    then the network works, and the image has failed. Once five images wait for such a
    response, the network counts as down (`is_offline`), and they wait for the next run. In the next
    run, an image that has another network error fails at once if that run has got a response.
    """

    def __init__(self) -> None:
        self._undecided: list[WorkResult] = []
        self._has_response = False

    @property
    def is_offline(self) -> bool:
        return len(self._undecided) >= _OFFLINE_AFTER

    def classify(self, result: WorkResult) -> list[Outcome]:
        """Return the outcomes to store after a download; the download's own outcome comes last.

        After a network error, the outcome is `waiting`, or `failed` if the image also failed in an
        earlier run and this run has got a response. If the download got a response, the `failed`
        outcomes of images whose network errors came before this download come first.
        """
        if result.outcome.state == "waiting":
            return [result.outcome]
        if not isinstance(result.error, _NETWORK_ERRORS):
            self._has_response = True
            earlier = [] if self.is_offline else self._undecided
            final = [failed for failed in earlier if failed.ended <= result.began]
            self._undecided = [failed for failed in self._undecided if failed not in final]
            return [*(failed.outcome for failed in final), result.outcome]
        if self._has_response and result.item.reason:
            return [result.outcome]
        self._undecided.append(result)
        return [replace(result.outcome, state="waiting")]

    def list_last_failures(self, error: CivitaiShortcutError | None) -> list[Outcome]:
        """Return the `failed` outcomes of images that still wait for a response when the run ends.

        error: why a gallery page could not be read, None if all were read. Return [] for a network
        or disk error, so that these images stay `waiting`: the same fault may have hit them.
        """
        if isinstance(error, (*_NETWORK_ERRORS, DiskError)):
            return []
        return [result.outcome for result in self._undecided]


def compute_retry_delay(error: CivitaiShortcutError | None, futile_runs: int) -> float | None:
    """Return the seconds until a stopped job is retried, None for an error that will not pass.

    error: what stopped the job; None for no error, and so no retry. futile_runs: how many runs in a
    row have saved no file. Each one doubles the delay: from 5 to at most 60 s, from 2 to at most
    10 s after a disk error, or from 5 s to at most an hour if Civitai cannot reach the file in its
    storage. A busy server may request up to an hour. A used-up download quota always means an
    hour.
    """
    if error is None or error.reason not in TRANSIENT_REASONS:
        return None
    if isinstance(error, QuotaReached):
        return _QUOTA_SECONDS
    first, longest = _NETWORK_PAUSES
    if isinstance(error, (DiskError, StorageDown)):
        first, longest = _DISK_PAUSES if isinstance(error, DiskError) else _STORAGE_PAUSES
    retry_after = min(error.seconds, _LONGEST_RETRY_AFTER) if isinstance(error, Busy) else 0.0
    return max(retry_after, min(first * 2.0 ** min(futile_runs, 10), longest))
