"""How many requests a host gets at once, and until when it is left alone."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..core import Cancellation
from ..errors import Busy

__all__ = ["LONGEST_REST", "HostLimiter", "HostLimiters"]

LONGEST_REST = 120.0  # seconds; a longer one is reported to who asks, not slept out
_POLL = 0.2  # seconds; the longest that a waiting thread overlooks a cancel
_LONGEST_LENT = 60.0  # seconds; who keeps an answer open for longer has forgotten it
_ANSWERS_PER_STEP = 20  # whole answers before a host that said "too many" gets one more at a time
_HOST = re.compile(r"[^:/?#]+://(?:[^/?#]*@)?([^/?#]*)")


class HostLimiter:
    """One host, for all threads.

    Urgent requests (a page that somebody looks at) go in before those of a download job, but one
    place is the jobs' own while one of them waits for it; of a single place they take turns. After
    a 429 the width is halved; it climbs back by one for every 20 answers. The place of who waits
    for a rate of its own is everybody else's meanwhile.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: Counter[bool] = Counter()  # requests, by whether they are urgent
        self._waiting: Counter[bool] = Counter()
        self._aside: list[object] = []  # whose places are not used just now
        self._last_was_urgent = False  # of those who went in
        self._lent: list[tuple[float, Callable[[], bool]]] = []  # until when at most, is it over
        self._rest_until = 0.0
        self._limit = 1
        self._width: int | None = None  # None: as wide as the setting
        self._well = 0  # whole answers since the width was last changed

    @contextmanager
    def slot(
        self,
        limit: Callable[[], int],
        cancelled: Cancellation,
        urgent: bool = False,
        owner: object = None,
    ) -> Iterator[None]:
        """Hold one of `limit()` places; waits for it and for the end of a rest. Raises Cancelled,
        and Busy for a rest that is not slept out.

        The limit is asked anew while one waits, so that a changed setting is seen at once.
        whose: who has it, where that one may step `yield_slot`.
        """
        self._enter(limit, cancelled, urgent, owner)
        try:
            yield
        finally:
            with self._changed:
                self._inside[urgent] -= 1
                self._changed.notify_all()

    @contextmanager
    def yield_slot(self, owner: object) -> Iterator[None]:
        """While the block runs, a place of `whose` is free for others."""
        with self._changed:
            self._aside.append(owner)
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._aside.remove(owner)

    def lend_slot(self, is_over: Callable[[], bool]) -> None:
        """One place is taken, also beyond its block, until `is_over()`, but not for ever."""
        with self._changed:
            self._lent.append((time.monotonic() + _LONGEST_LENT, is_over))

    def pause(self, seconds: float) -> None:
        """Nobody asks this host for so long, and then only half as many at once."""
        with self._changed:
            now = time.monotonic()
            if now >= self._rest_until:  # several answers of one burst count once
                width = self._limit if self._width is None else self._width
                self._width, self._well = max(1, width // 2), 0
            self._rest_until = max(self._rest_until, now + seconds)

    def paused_seconds(self) -> float:
        """Seconds until this host is asked again, 0 when it may be asked now."""
        return max(0.0, self._rest_until - time.monotonic())

    def record_success(self) -> None:
        """A request came to a good end."""
        if self._width is None:
            return
        with self._changed:
            self._well += 1
            if self._width is not None and self._well >= _ANSWERS_PER_STEP:
                self._width, self._well = self._width + 1, 0
                if self._width >= self._limit:
                    self._width = None

    def _enter(
        self, limit: Callable[[], int], cancelled: Cancellation, urgent: bool, owner: object
    ) -> None:
        with self._changed:
            self._waiting[urgent] += 1
            try:
                while not self._may_enter(limit, urgent, owner):
                    if (left := self.paused_seconds()) > LONGEST_REST:
                        raise Busy.of(left)
                    self._changed.wait(_POLL)
                    cancelled.check()
                self._inside[urgent] += 1
                self._last_was_urgent = urgent
            finally:
                self._waiting[urgent] -= 1
                self._changed.notify_all()  # those who let it go first

    def _may_enter(self, limit: Callable[[], int], urgent: bool, owner: object) -> bool:
        self._limit = limit()
        width = self._limit if self._width is None else min(self._limit, self._width)
        width, now = max(1, width), time.monotonic()
        self._lent = [one for one in self._lent if now < one[0] and not one[1]()]
        aside = sum(one is not owner for one in self._aside)
        free = width - self._inside.total() - len(self._lent) + aside
        if free < 1 or self.paused_seconds():
            return False
        if urgent:
            return free > self._kept_for_jobs(width)
        return self._waiting[True] == 0 or self._kept_for_jobs(width) > 0

    def _kept_for_jobs(self, width: int) -> int:
        """Places, while somebody looks at a page: 1 or 0."""
        if self._waiting[False] == 0 or self._inside[False]:
            return 0
        return int(width > 1 or self._last_was_urgent)


class HostLimiters:
    """The gate of each host that was ever asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gates: defaultdict[str, HostLimiter] = defaultdict(HostLimiter)

    def for_url(self, url: str) -> HostLimiter:
        found = _HOST.match(url)  # unlike urlsplit it takes any text
        host = found[1].lower() if found else ""
        with self._lock:
            return self._gates[host]
