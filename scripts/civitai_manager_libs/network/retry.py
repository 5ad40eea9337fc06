"""Further tries, for what may come right by itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..core import Cancellation
from ..errors import Busy, CivitaiShortcutError, NetworkError, ServerError
from .limiter import HostLimiter, LONGEST_REST

__all__ = ["RetryLoop"]

_LONGEST_KEPT = 3600.0  # seconds; a host that asks for more is asked again after so long
_LONGEST_PAUSE = 60.0  # seconds between two tries
_PROGRESS_MADE = 64 * 1024  # bytes; a try that brought so much more does not count as failed

_T = TypeVar("_T")


@dataclass(frozen=True)
class RetryLoop:
    """allowed: tries after the first. delay: seconds before the second try, doubling after it."""

    allowed: int
    delay: float
    limiter: HostLimiter
    cancelled: Cancellation

    def run(self, attempt: Callable[[], _T], mark: Callable[[], int] = lambda: 0) -> _T:
        """`attempt` until it succeeds. Raises its last error, Busy, or Cancelled.

        mark: how far the work has come, in bytes; one that comes further has its tries anew.
        """
        failed, reached = 0, 0
        while True:
            try:
                result = attempt()
            except Busy:
                raise
            except (NetworkError, ServerError) as error:
                if mark() >= reached + _PROGRESS_MADE:
                    failed, reached = 0, mark()
                pause = self._pause(error, failed)
                if failed >= self.allowed:
                    raise
                self.cancelled.wait(pause)
                failed += 1
            else:
                self.limiter.record_success()
                return result

    def _pause(self, error: CivitaiShortcutError, failed: int) -> float:
        """Seconds until the next try. What the host itself asks for, everyone waits for."""
        asked = getattr(error, "retry_after", None)
        is_crowded = getattr(error, "status", 0) == 429
        if asked is not None and asked > LONGEST_REST:
            if is_crowded:  # others learn it without asking
                self.limiter.pause(min(asked, _LONGEST_KEPT))
            raise Busy.of(asked) from error
        # Jitter, so that many threads do not come back in one moment.
        pause = min(self.delay * 2**failed * random.uniform(1, 1.25), _LONGEST_PAUSE)
        if asked is not None or is_crowded:
            self.limiter.pause(max(pause, asked or 0.0))
            return 0.0
        return pause
