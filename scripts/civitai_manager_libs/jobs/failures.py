"""Rules on failures: which are final, and how long a job waits before a retry."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from ..errors import Busy, CivitaiShortcutError, DiskError, NetworkError, QuotaReached, ServerError
from .records import Item, Outcome
from .states import TRANSIENT_REASONS

__all__ = ["FailureClassifier", "WorkResult", "compute_retry_delay"]

_NETWORK_ERRORS = (NetworkError, ServerError)
_OFFLINE_AFTER = 5  # network errors in a row, which are not the images' fault
# Seconds of the first pause, which then doubles, and of the longest.
_NETWORK_PAUSES, _DISK_PAUSES = (5.0, 60.0), (2.0, 10.0)
_QUOTA_SECONDS = 3600.0  # Civitai counts downloads by the hour; early requests may count too
_LONGEST_RETRY_AFTER = 3600.0  # seconds, by a server's request


@dataclass(frozen=True)
class WorkResult:
    """The result of trying to download one item.

    began, ended: times of `time.perf_counter`. error: why the item failed, None if it did not.
    """

    item: Item
    outcome: Outcome
    began: float
    error: CivitaiShortcutError | None = None
    ended: float = field(default_factory=time.perf_counter)


class FailureClassifier:
    """Decides which failures in one run of a job are final.

    After a network error, an image stays `waiting`. If a later request gets a response, the network
    works, and the image has failed. Five such errors without a response mean an outage
    (`is_offline`): their images stay `waiting` for the next run. In the next run, a network error
    of these images is final at once if the run has got a response before; otherwise the job might
    never end.
    """

    def __init__(self) -> None:
        self._held: list[WorkResult] = []
        self._has_response = False

    @property
    def is_offline(self) -> bool:
        return len(self._held) >= _OFFLINE_AFTER

    def classify(self, result: WorkResult) -> list[Outcome]:
        """Return the outcomes that are known after a download; the download's own comes last.

        After a network error, the download's own outcome is `waiting`. After a response, the list
        begins with the failures of earlier images, which are final now.
        """
        if result.outcome.state == "waiting":
            return [result.outcome]
        if not isinstance(result.error, _NETWORK_ERRORS):
            self._has_response = True
            return [*self._release_held(result.began), result.outcome]
        if self._has_response and result.item.reason:
            return [result.outcome]
        self._held.append(result)
        return [replace(result.outcome, state="waiting")]

    def flush_held(self, error: CivitaiShortcutError | None) -> list[Outcome]:
        """Return the failures that are still held back at the end of a run; they are final.

        error: what ended the run early, None if nothing did. After a network or disk error, return
        []: the same outage may have caused the failures, so their images stay `waiting`.
        """
        if isinstance(error, (*_NETWORK_ERRORS, DiskError)):
            return []
        return [result.outcome for result in self._held]

    def _release_held(self, started_at: float) -> list[Outcome]:
        """Remove and return the held failures that are final because a request got a response.

        started_at: when that request was sent, by `time.perf_counter`; only failures that ended
        earlier are final. Return [] during an outage.
        """
        released = [] if self.is_offline else [r for r in self._held if r.ended <= started_at]
        self._held = [result for result in self._held if result not in released]
        return [result.outcome for result in released]


def compute_retry_delay(error: CivitaiShortcutError | None, futile_runs: int) -> float | None:
    """Return how many seconds a stopped job must wait before it is retried.

    Return None if a retry would not help, or if no error stopped the job. The wait doubles with
    each run that saved no file, up to a minute, or up to ten seconds after a disk error. It is
    longer if the server asks for more time, or if Civitai's download quota is used up. error: what
    stopped the job, None if no error did. futile_runs: how many runs in a row have saved no file.
    """
    if error is None or error.reason not in TRANSIENT_REASONS:
        return None
    if isinstance(error, QuotaReached):
        return _QUOTA_SECONDS
    first, longest = _DISK_PAUSES if isinstance(error, DiskError) else _NETWORK_PAUSES
    retry_after = min(error.seconds, _LONGEST_RETRY_AFTER) if isinstance(error, Busy) else 0.0
    return max(retry_after, min(first * 2.0 ** min(futile_runs, 10), longest))
