"""Limiting repeated log lines to one a minute, with a count."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable

__all__ = ["OncePerMinuteFilter", "LogThrottle"]

_MINUTE = 60.0  # seconds
_MOST_KINDS = 100  # counted separately; all others count as one kind


class LogThrottle:
    """Counts events by kind, so that each kind is logged at most once a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged: dict[Hashable, tuple[float, int]] = {}  # time of the last line, events since

    def count(self, kind: Hashable) -> int | None:
        """Count an event; return None if it is too early for another log line about its kind.

        Otherwise, return how many events of this kind to report in the new line: all since the last
        one, including this event.
        """
        if kind not in self._logged and len(self._logged) >= _MOST_KINDS:
            kind = None
        now = self._clock()
        at, since = self._logged.get(kind, (-_MINUTE, 0))
        if now - at < _MINUTE:
            self._logged[kind] = at, since + 1
            return None
        self._logged[kind] = now, 0
        return since + 1


class OncePerMinuteFilter(logging.Filter):
    """A logging filter that drops a message if the same was logged less than a minute ago."""

    def __init__(self) -> None:
        super().__init__()
        self._repeats = LogThrottle()

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[0] if record.exc_info else None
        count = self._repeats.count((record.levelno, str(record.msg), error))
        if count is not None and count > 1:
            record.msg = f"{record.msg} ({count} times since the last such line)"
        return count is not None
