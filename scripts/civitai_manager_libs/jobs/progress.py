"""How far a job got, and how fast."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import replace

from ..errors import CivitaiShortcutError, DiskFull
from .job_records import Job, JobState, Outcome

_MAX_ESTIMATE = 24 * 3600.0  # seconds; a longer estimate is of no use
_RATE_WINDOW = 5.0  # seconds
_FINISHED_STATES = ("saved", "skipped", "failed")


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
        """Record that a download begins: bytes on the disk, and the expected size or 0."""
        with self._lock:
            self._items[item_id] = (resumed, expected, expected)

    def record_progress(self, item_id: int, received: int, total: int) -> None:
        """Record how many bytes of an item are on the disk. total: its size, 0 if unknown."""
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
        now = time.monotonic()
        self._samples.append((now, arrived))
        while now - self._samples[0][0] > _RATE_WINDOW:
            self._samples.popleft()
        since, before = self._samples[0]
        rate = (arrived - before) / (now - since) if now > since else 0.0
        left = job.total - sum(counts.values())
        mean = size / counts["saved"] if counts["saved"] else 0
        left_bytes = waiting_bytes if job.has_models else left * mean
        is_known = job.has_models or job.has_total or not job.takes_all
        seconds = left_bytes / rate if is_known and left_bytes and rate > 0 else None
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
