"""How far a job is: counts, bytes, rate, time left."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import CivitaiShortcutError, DiskFull
from .records import Job, Outcome
from .states import JobState

__all__ = ["JobProgress", "ProgressMeter"]

_LONGEST_TOLD = 24 * 3600.0  # seconds; a longer time is a guess that helps nobody
_RATE_WINDOW = 5.0  # seconds
_ENDS = ("saved", "skipped", "failed")


@dataclass(frozen=True)
class JobProgress(Job):
    """The job as it is now, also by what the database has not been told yet.

    bytes: of what is saved, and of what is on its way. rate: bytes a second. seconds_left: None
    when it cannot be told. resting: seconds until the host may be asked again, or a paused job
    tries again by itself; 0 when nothing is waited for. missing: bytes that the disk lacks, 0 when
    it is not that, or nobody knows.
    """

    rate: float = 0.0
    seconds_left: float | None = None
    resting: float = 0.0
    missing: int = 0


class ProgressMeter:
    """Bytes since a go began, told by all of its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: dict[int, int] = {}
        self._most = 0  # that was shown: what failed half-way does not run back on screen
        self._marks: deque[tuple[float, int]] = deque()

    def record_progress(self, image_id: int, received: int) -> None:
        """So many bytes of this picture have come."""
        with self._lock:
            self._live[image_id] = received

    def record_end(self, image_id: int) -> None:
        """From now on it counts as what became of it."""
        with self._lock:
            self._live.pop(image_id, None)

    def compute_progress(
        self,
        job: Job,
        pending: Iterable[Outcome],
        state: JobState,
        trouble: CivitaiShortcutError | None,
        resting: float,
    ) -> JobProgress:
        """job: as the database has it; pending: what it has not been told yet."""
        ended = [outcome for outcome in pending if outcome.state != "waiting"]
        states = Counter(outcome.state for outcome in ended)
        counts = {name: getattr(job, name) + states[name] for name in _ENDS}
        size = job.bytes + sum(one.bytes for one in ended if one.state == "saved")
        with self._lock:
            size = self._most = max(self._most, size + sum(self._live.values()))
        rate = self._average_rate(size)
        left = job.total - sum(counts.values())
        usual = size / counts["saved"] if counts["saved"] else 0
        known = {**vars(job), **counts, "waiting": job.waiting - len(ended), "bytes": size}
        known |= {"state": state, "reason": "", "note": ""}
        if trouble is not None:
            known |= {"reason": trouble.reason, "note": str(trouble)}
        return JobProgress(
            **known,
            rate=rate,
            seconds_left=_estimate_seconds(left * usual, rate),
            resting=resting,
            missing=trouble.missing if isinstance(trouble, DiskFull) else 0,
        )

    def _average_rate(self, size: int) -> float:
        now = time.monotonic()
        self._marks.append((now, size))
        while now - self._marks[0][0] > _RATE_WINDOW:
            self._marks.popleft()
        since, before = self._marks[0]
        return max(0.0, (size - before) / (now - since)) if now > since else 0.0


def _estimate_seconds(size: float, rate: float) -> float | None:
    seconds = size / rate if size and rate > 0 else None
    return None if seconds is None or seconds > _LONGEST_TOLD else seconds
