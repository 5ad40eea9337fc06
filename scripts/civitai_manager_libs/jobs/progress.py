"""The progress of a job: counts, bytes, speed, time left."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import CivitaiShortcutError, DiskFull
from .records import Job, Outcome
from .states import JobState

__all__ = ["JobProgress", "ProgressMeter"]

_MAX_ESTIMATE = 24 * 3600.0  # seconds; a longer estimate is of no use
_RATE_WINDOW = 5.0  # seconds
_FINISHED_STATES = ("saved", "skipped", "failed")


@dataclass(frozen=True)
class JobProgress(Job):
    """A job with live counts, which are newer than those in the database.

    bytes: of saved files and of running downloads. waiting_bytes: bytes of model files that have
    not arrived yet. rate: bytes a second. seconds_left: None if unknown. retry_in: seconds until a
    host accepts requests again or a paused job is retried, 0 for no pause. missing: bytes that the
    disk lacks, 0 if none or unknown. received: bytes of each running download, by item id.
    """

    rate: float = 0.0
    seconds_left: float | None = None
    retry_in: float = 0.0
    missing: int = 0
    received: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Arrival:
    """The bytes of a running download.

    received: bytes on the disk. total: the file's size. expected: the size that `Job.waiting_bytes`
    has counted for the file. 0 means unknown.
    """

    received: int = 0
    total: int = 0
    expected: int = 0

    @property
    def left(self) -> int:
        return max(0, self.total - self.received)


class ProgressMeter:
    """Counts the bytes that arrive during a run; any thread may report them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[int, _Arrival] = {}
        self._arrived = 0  # bytes that arrived in this run
        self._max_bytes = 0  # shown so far; a failed image does not reduce the progress
        self._samples: deque[tuple[float, int]] = deque()

    def record_start(self, item_id: int, resumed: int, expected: int) -> None:
        """Record that the download of an item begins.

        resumed: how many bytes of the item are on the disk already. expected: the item's expected
        size in bytes, 0 if unknown.
        """
        with self._lock:
            self._items[item_id] = _Arrival(resumed, expected, expected)

    def record_progress(self, item_id: int, received: int, total: int) -> None:
        """Record how many bytes of an item are on the disk.

        total: the item's size in bytes, 0 if unknown.
        """
        with self._lock:
            item = self._items.get(item_id, _Arrival())
            self._arrived += max(0, received - item.received)
            self._items[item_id] = _Arrival(received, total or item.total, item.expected)

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
    ) -> JobProgress:
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
        size += sum(item.received for item in items.values())
        waiting_bytes = job.waiting_bytes - sum(outcome.bytes for outcome in ended)
        waiting_bytes += sum(item.left - item.expected for item in items.values())
        waiting_bytes = max(0, waiting_bytes)
        if not job.has_models:
            size = self._max_bytes = max(self._max_bytes, size)
        rate = self._average_rate(arrived)
        left = job.total - sum(counts.values())
        mean = size / counts["saved"] if counts["saved"] else 0
        left_bytes = waiting_bytes if job.has_models else left * mean
        values = {**vars(job), **counts, "waiting": job.waiting - len(ended), "bytes": size}
        values["waiting_bytes"] = waiting_bytes
        values |= {"state": state, "reason": "", "note": ""}
        if error is not None:
            values |= {"reason": error.reason, "note": str(error)}
        return JobProgress(
            **values,
            rate=rate,
            seconds_left=_estimate_seconds(left_bytes, rate),
            retry_in=retry_in,
            missing=error.missing if isinstance(error, DiskFull) else 0,
            received={item_id: item.received for item_id, item in items.items()},
        )

    def _average_rate(self, arrived: int) -> float:
        now = time.monotonic()
        self._samples.append((now, arrived))
        while now - self._samples[0][0] > _RATE_WINDOW:
            self._samples.popleft()
        since, before = self._samples[0]
        return (arrived - before) / (now - since) if now > since else 0.0


def _estimate_seconds(size: float, rate: float) -> float | None:
    seconds = size / rate if size and rate > 0 else None
    return None if seconds is None or seconds > _MAX_ESTIMATE else seconds
