"""When a failed request is sent again, and how often."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..core import Cancellation
from ..errors import Busy, HttpStatusError, NetworkError, ServerError
from .limiter import get_max_pause, HostLimiter

_MAX_HOST_PAUSE = 3600.0  # seconds; a host that asks for more is sent a request after so long
_MAX_DELAY = 60.0  # seconds between two tries
_PROGRESS = 64 * 1024  # bytes; a try that brought so much more does not count as failed

_T = TypeVar("_T")


@dataclass(frozen=True)
class RetryLoop:
    """The retries of one request.

    max_retries: number of tries after the first. delay: seconds before the first retry; each
    further retry waits twice as long, but at most 60 seconds. limiter: that of the request's host.
    is_urgent: a user waits, so nothing is retried during an outage of the host, and one request at
    a time finds out whether it is over: the others wait a second at most, since they hold a
    browser's connections.
    """

    max_retries: int
    delay: float
    limiter: HostLimiter
    cancelled: Cancellation
    is_urgent: bool = False

    def run(self, attempt: Callable[[], _T], count_bytes: Callable[[], int] = lambda: 0) -> _T:
        """Call `attempt` until it succeeds, and return its result.

        If `attempt` raises NetworkError or ServerError, wait and call it again, at most
        `max_retries` times; then raise the last error. count_bytes: returns how many bytes have
        arrived so far. If a failed call has brought at least 64 KiB, the retries are counted anew.
        Raises Busy if the host asks for a pause longer than `get_max_pause`, and Cancelled.
        """
        failures, reached = 0, 0
        while True:
            if self.is_urgent:
                self.limiter.check_outage()
            try:
                result = attempt()
            except Busy:
                raise
            except (NetworkError, ServerError) as error:
                if count_bytes() >= reached + _PROGRESS:
                    failures, reached = 0, count_bytes()
                seconds = self._handle_failure(error, failures)
                is_answer = self.limiter.paused_seconds() > 0  # which says when to ask again
                has_outage = not is_answer and self.limiter.record_failure(error)
                if failures >= self.max_retries or self.is_urgent and has_outage:
                    raise
                self.cancelled.sleep(seconds)
                failures += 1
            except HttpStatusError:
                self.limiter.record_success()  # of the host
                raise
            else:
                self.limiter.record_success()
                return result

    def _handle_failure(self, error: NetworkError | ServerError, failures: int) -> float:
        """Return the seconds until the next try, or pause the host as it asks. Raises Busy."""
        retry_after = error.retry_after if isinstance(error, ServerError) else None
        is_rate_limited = isinstance(error, ServerError) and error.status == 429
        if retry_after is not None and retry_after > get_max_pause(self.is_urgent):
            if is_rate_limited:  # other requests to the host need not fail first
                self.limiter.pause(min(retry_after, _MAX_HOST_PAUSE))
            raise Busy(retry_after) from error
        # Jitter keeps many threads from retrying at the same moment.
        delay = min(self.delay * 2.0**failures * random.uniform(1, 1.25), _MAX_DELAY)
        if retry_after is not None or is_rate_limited:
            self.limiter.pause(max(delay, retry_after or 0.0))
            return 0.0
        return delay
