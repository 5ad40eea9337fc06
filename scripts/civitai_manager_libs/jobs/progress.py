"""How far a job got, and what failed."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..errors import (
    Busy,
    CivitaiShortcutError,
    DiskError,
    DiskFull,
    NetworkError,
    QuotaReached,
    ServerError,
    StorageDown,
)
from .job_records import Item, Job, JobState, Outcome, TRANSIENT_REASONS

__all__ = ["compute_retry_delay", "FailureClassifier", "ProgressMeter", "WorkResult"]

_MAX_ESTIMATE = 24 * 3600.0  # seconds; a longer estimate is of no use
_RATE_WINDOW = 5.0  # seconds
_FINISHED_STATES = ("saved", "skipped", "failed")
_NETWORK_ERRORS = (NetworkError, ServerError)
_OFFLINE_AFTER = 5  # network errors in a row, which are not the images' fault
# Seconds of the first pause, which then doubles, and of the longest.
_NETWORK_PAUSES, _DISK_PAUSES, _STORAGE_PAUSES = (5.0, 60.0), (2.0, 10.0), (5.0, 3600.0)
_QUOTA_SECONDS = 3600.0  # Civitai counts downloads by the hour; early requests may count too
_LONGEST_RETRY_AFTER = 3600.0  # seconds, by a server's request


class ProgressMeter:
    """Counts the bytes that arrive during a run; any thread may report them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # (bytes on the disk, size, size that `Job.waiting_bytes` has counted) of each running
        # download; 0 for an unknown size.
        self._items: dict[int, tuple[int, int, int]] = {}
        self._arrived = 0  # bytes that arrived in this run
        self._max_bytes = 0  # shown so far; a failed image does not reduce the progress
        self._samples: deque[tuple[float, int]] = deque()

    def record_start(self, item_id: int, resumed: int, expected: int) -> None:
        """Record that the download of an item begins.

        resumed: how many bytes of the item are on the disk already. expected: the item's expected
        size in bytes, 0 if unknown.
        """
        with self._lock:
            self._items[item_id] = (resumed, expected, expected)

    def record_progress(self, item_id: int, received: int, total: int) -> None:
        """Record how many bytes of an item are on the disk.

        total: the item's size in bytes, 0 if unknown.
        """
        with self._lock:
            before, known_total, expected = self._items.get(item_id, (0, 0, 0))
            self._arrived += max(0, received - before)
            self._items[item_id] = (received, total or known_total, expected)

    def record_end(self, item_id: int) -> None:
        """Stop counting an item's bytes, because its download has ended."""
        with self._lock:
            self._items.pop(item_id, None)

    def compute_progress(
        self,
        job: Job,
        pending: Iterable[Outcome],
        state: JobState,
        error: CivitaiShortcutError | None,
        retry_in: float,
    ) -> Job:
        """Return the job with its present counts, bytes, speed and time left.

        pending: outcomes that are not in the database yet. state: the job's state to show. error:
        why the job is paused, None if no error paused it. retry_in: seconds until the server
        accepts requests again.
        """
        ended = [outcome for outcome in pending if outcome.state != "waiting"]
        states = Counter(outcome.state for outcome in ended)
        counts = {name: getattr(job, name) + states[name] for name in _FINISHED_STATES}
        size = job.bytes + sum(outcome.bytes for outcome in ended if outcome.state == "saved")
        with self._lock:
            items, arrived = dict(self._items), self._arrived
        received = {item_id: on_disk for item_id, (on_disk, _, _) in items.items()}
        size += sum(received.values())
        waiting_bytes = job.waiting_bytes - sum(outcome.bytes for outcome in ended)
        waiting_bytes += sum(max(0, total - n) - expected for n, total, expected in items.values())
        waiting_bytes = max(0, waiting_bytes)
        if not job.has_models:
            size = self._max_bytes = max(self._max_bytes, size)
        rate = self._average_rate(arrived)
        left = job.total - sum(counts.values())
        mean = size / counts["saved"] if counts["saved"] else 0
        left_bytes = waiting_bytes if job.has_models else left * mean
        seconds = left_bytes / rate if left_bytes and rate > 0 else None
        return replace(
            job,
            **counts,
            waiting=job.waiting - len(ended),
            bytes=size,
            waiting_bytes=waiting_bytes,
            state=state,
            reason="" if error is None else error.reason,
            note="" if error is None else str(error),
            is_live=True,
            rate=rate,
            seconds_left=None if seconds is None or seconds > _MAX_ESTIMATE else seconds,
            retry_in=retry_in,
            missing=error.missing if isinstance(error, DiskFull) else 0,
            received=received,
        )

    def _average_rate(self, arrived: int) -> float:
        now = time.monotonic()
        self._samples.append((now, arrived))
        while now - self._samples[0][0] > _RATE_WINDOW:
            self._samples.popleft()
        since, before = self._samples[0]
        return (arrived - before) / (now - since) if now > since else 0.0


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
