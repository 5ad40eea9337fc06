"""When a request may be sent: so many at once to a host, so fast, so often."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..core import Cancellation
from ..errors import Busy, NetworkError, ServerError

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


_MAX_PAUSE, _MAX_URGENT_PAUSE = 120.0, 5.0  # seconds
_POLL = 0.2  # seconds; how late a waiting thread may notice that it is cancelled
_SUCCESSES_PER_STEP = 20  # successes before a host that answered 429 gets one more request at once
_FAILURES_OF_OUTAGE = 4  # without a success between them
_OUTAGE_PATIENCE = 1.0  # seconds; what waits longer would hold a browser's connections
_HOST = re.compile(r"[^:/?#]+://(?:[^/?#]*@)?([^/?#]*)")


def get_max_pause(urgent: bool) -> float:
    """Return the longest pause in seconds that is waited for; a longer one is reported as Busy."""
    return _MAX_URGENT_PAUSE if urgent else _MAX_PAUSE


class HostLimiter:
    """Limits how many requests one host gets at once; any thread may use it.

    Each request holds one of the host's slots. limit: returns the number of slots; it is called
    again while threads wait. A pause that the host asks for halves the number; afterwards every 20
    successful requests add one slot again. Urgent requests (a user waits) go before those of
    download jobs, but a waiting job gets one slot if no other job has a slot; if the host has only
    one slot, urgent requests and jobs take turns. A request that waits for the bandwidth limit
    lends its slot to a request without bandwidth limit. After four failures in a row the host has
    an outage until a request succeeds.
    """

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._active: Counter[bool] = Counter()  # requests, by whether they are urgent
        self._waiting: Counter[bool] = Counter()
        self._yielded = 0  # slots of requests that wait for the bandwidth limit
        self._last_was_urgent = False
        self._pause_end = 0.0
        self._reduced_limit: int | None = None  # None: no reduction
        self._successes = 0  # since the limit was last changed
        self._failures: list[NetworkError | ServerError] = []  # since the last success

    @contextmanager
    def slot(
        self,
        cancelled: Cancellation,
        urgent: bool = False,
        throttled: bool = False,
        patience: float | None = None,
    ) -> Iterator[None]:
        """Wait for one of the host's slots, and hold the slot while the block runs.

        A slot allows one request at once. urgent: a user waits, so the request goes before those of
        jobs. throttled: the bandwidth limit applies, so the request takes no lent slot. Raises
        Cancelled, Busy if the host asked for a pause that lasts longer than `get_max_pause`, or if
        no slot was free for `patience` seconds, and as `check_outage` does.
        """
        self._acquire(cancelled, urgent, throttled, patience)
        try:
            yield
        finally:
            with self._changed:
                self._active[urgent] -= 1
                self._changed.notify_all()

    @contextmanager
    def lend_slot(self) -> Iterator[None]:
        """Let another request run in place of the caller's until the `with` block ends.

        For a caller that waits for the bandwidth limit, inside its `slot` block. The other request
        is one without bandwidth limit. The caller goes on at once, even if the other still runs.
        """
        with self._changed:
            self._yielded += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._yielded -= 1

    def pause(self, seconds: float) -> None:
        """Send no requests to the host for `seconds`, and afterwards only half as many at once."""
        with self._changed:
            now = time.monotonic()
            if now >= self._pause_end:  # several responses of one burst count once
                self._reduced_limit, self._successes = max(1, self._current_limit() // 2), 0
            self._pause_end = max(self._pause_end, now + seconds)

    def paused_seconds(self) -> float:
        """Return how many seconds of the host's pause remain, 0 if there is no pause."""
        return max(0.0, self._pause_end - time.monotonic())

    def record_success(self) -> None:
        """Count a successful request.

        After a pause has halved how many requests run at once, every 20 successes allow one more,
        up to the limit in the settings.
        """
        with self._changed:
            self._failures = []
            self._changed.notify_all()
            if self._reduced_limit is None:
                return
            self._successes += 1
            if self._successes >= _SUCCESSES_PER_STEP:
                self._reduced_limit, self._successes = self._reduced_limit + 1, 0
                if self._reduced_limit >= self._limit():
                    self._reduced_limit = None

    def record_failure(self, error: NetworkError | ServerError) -> bool:
        """Count a request without a usable answer; return whether the host has an outage."""
        with self._changed:
            self._failures = [*self._failures, error][-_FAILURES_OF_OUTAGE:]
            self._changed.notify_all()
            return self._has_outage()

    def check_outage(self) -> None:
        """Wait in an outage, while another urgent request finds out whether the outage is over.

        Raises the last error if the other one fails, or finds nothing out within a second.
        """
        with self._changed:
            before = self._failures
            if self._has_outage() and self._active[True]:
                self._changed.wait_for(lambda: self._failures is not before, _OUTAGE_PATIENCE)
                if self._has_outage():
                    raise self._failures[-1].with_traceback(None)  # which would grow with each

    def _has_outage(self) -> bool:
        return len(self._failures) >= _FAILURES_OF_OUTAGE

    def _current_limit(self) -> int:
        limit = self._limit()
        return max(1, limit if self._reduced_limit is None else min(limit, self._reduced_limit))

    def _acquire(
        self, cancelled: Cancellation, urgent: bool, throttled: bool, patience: float | None
    ) -> None:
        began = time.monotonic()
        with self._changed:
            self._waiting[urgent] += 1
            try:
                while not self._has_free_slot(urgent, throttled):
                    if urgent:
                        self.check_outage()
                    if (seconds := self.paused_seconds()) > get_max_pause(urgent):
                        raise Busy(seconds)
                    if patience is not None and time.monotonic() - began >= patience:
                        raise Busy(seconds)
                    self._changed.wait(_POLL)
                    cancelled.check()
                self._active[urgent] += 1
                self._last_was_urgent = urgent
            finally:
                self._waiting[urgent] -= 1
                self._changed.notify_all()  # for the threads that let an urgent request go first

    def _has_free_slot(self, urgent: bool, throttled: bool) -> bool:
        limit = self._current_limit()
        free = limit - self._active.total()
        if not throttled:
            free += self._yielded
        if free < 1 or self.paused_seconds():
            return False
        # A download job gets the next free slot before urgent requests if no job has one.
        has_idle_jobs = self._waiting[False] > 0 and not self._active[False]
        if has_idle_jobs and (limit > 1 or self._last_was_urgent):
            return not urgent or free > 1
        return urgent or self._waiting[True] == 0


class HostLimiters:
    """One HostLimiter for each host. limit: returns how many requests a host gets at once."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._limiters: dict[str, HostLimiter] = {}

    def for_url(self, url: str) -> HostLimiter:
        """Return the limiter of a URL's host. The first call for a host creates the limiter."""
        match = _HOST.match(url)  # urlsplit raises for some text
        host = match[1].lower() if match else ""
        with self._lock:
            return self._limiters.setdefault(host, HostLimiter(self._limit))
