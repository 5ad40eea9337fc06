"""The limit on the bytes a second of all throttled downloads together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["BandwidthLimit"]

_INTERVAL = 0.1  # seconds; one read takes at most the bytes that the limit allows in this time
_MIN_READ = 512  # bytes; enough to recognize a file by its start


class BandwidthLimit:
    """Limits the bytes a second of all connections together; any thread may use it.

    limit: a function that returns the bytes a second, 0 for no limit. It is called at each read, so
    that a changed setting applies at once.
    """

    def __init__(
        self, limit: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._clock = limit, clock
        self._lock = threading.Lock()
        self._used_until = 0.0  # the time at which all bytes read so far fit the limit

    def allowed_bytes(self, size: int) -> int:
        """Return how many of `size` bytes the next read may take: all of them if there is no limit.

        With a limit, a read takes at most the bytes that are allowed in a tenth of a second, or 512
        bytes if fewer are allowed.
        """
        limit = self._limit()
        return size if limit <= 0 else min(size, max(_MIN_READ, int(limit * _INTERVAL)))

    def record_read(self, count: int) -> float:
        """Record that `count` bytes were read; return the seconds to wait before reading again."""
        limit = self._limit()
        if limit <= 0:
            return 0.0
        with self._lock:
            now = self._clock()
            self._used_until = max(self._used_until, now - _INTERVAL) + count / limit
            return max(0.0, self._used_until - now)
