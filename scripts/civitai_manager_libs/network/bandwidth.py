"""So many bytes a second for all downloads together, and as many for each of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from ..core import Cancellation

__all__ = ["BandwidthLimit", "BandwidthShare"]

_STEP = 0.1  # seconds; what is read at once is no more than comes in so long
_LEAST = 512  # bytes read at once; enough to tell what a file is
_IDLE = 1.0  # seconds without a byte, after which a share is the others'


class BandwidthLimit:
    """A limit that many share. limit: bytes a second, asked anew each time; 0 is none.

    Each share has its own clock, which every byte puts forward: it waits until the time is there.
    With n of them at work a byte costs each n times as long as it would cost one alone.
    """

    def __init__(
        self, limit: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._clock = limit, clock
        self._lock = threading.Lock()
        self._paid_until: dict[BandwidthShare, float] = {}

    def add_share(self) -> BandwidthShare:
        """One more who downloads; a job is one, however many connections it has."""
        return BandwidthShare(self)

    def allowed_bytes(self, share: BandwidthShare, size: int) -> int:
        """How many of `size` bytes to read now."""
        limit = self._limit()
        if limit <= 0:
            return size
        with self._lock:
            count = len(self._active_shares(share, self._clock()))
        return max(_LEAST, min(size, int(limit / count * _STEP)))

    def wait_seconds(self, share: BandwidthShare, count: int) -> float:
        """Seconds to wait, now that `count` bytes have come."""
        limit = self._limit()
        if limit <= 0:
            return 0.0
        now = self._clock()
        with self._lock:
            at_work = self._active_shares(share, now)
            begins = max(self._paid_until.get(share, now), now - _STEP)
            self._paid_until = at_work
            self._paid_until[share] = begins + count * len(at_work) / limit
            return max(0.0, self._paid_until[share] - now)

    def _active_shares(self, share: BandwidthShare, now: float) -> dict[BandwidthShare, float]:
        at_work = {one: t for one, t in self._paid_until.items() if t > now - _IDLE}
        return {share: now, **at_work}


class BandwidthShare:
    """What one download job has of a `BandwidthLimit`; any of its threads may use it."""

    def __init__(self, rate: BandwidthLimit) -> None:
        self._rate = rate

    def allowed_bytes(self, size: int) -> int:
        return self._rate.allowed_bytes(self, size)

    def consume(
        self,
        count: int,
        cancelled: Cancellation,
        aside: Callable[[BandwidthShare], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Wait until as many more may be read, in `aside`. Raises Cancelled."""
        seconds = self._rate.wait_seconds(self, count)
        if seconds > 0:
            with aside(self):
                cancelled.wait(seconds)
