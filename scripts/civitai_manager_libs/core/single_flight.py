"""One call for all threads that want the same result at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

from ..errors import Cancelled, CivitaiShortcutError, DiskError
from .cancellation import Cancellation

__all__ = ["SingleFlight"]

_T = TypeVar("_T")
_POLL = 0.2  # seconds until a waiting thread notices a cancellation


class SingleFlight(Generic[_T]):
    """Shares one call among all threads that want the same result at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Future[_T]] = {}

    def do(self, key: Hashable, work: Callable[[], _T], cancelled: Cancellation) -> _T:
        """Call `work` once for all threads that pass the same key at the same time.

        The first thread calls its `work`; the others wait, and return its result or raise its
        error. If that error is a cancellation, a disk error or a bug, one of the others calls its
        own `work` instead. cancelled: ends the wait by raising Cancelled.
        """
        while True:
            mine: Future[_T] = Future()
            with self._lock:
                running = self._flights.setdefault(key, mine)
            if running is mine:
                return self._run(key, mine, work)
            while not wait([running], _POLL).done:
                cancelled.check()
            if not _is_local(running.exception()):
                return running.result()

    def _run(self, key: Hashable, future: Future[_T], work: Callable[[], _T]) -> _T:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._flights[key]
        return future.result()


def _is_local(error: BaseException | None) -> bool:
    """Return whether an error did not come from the server: a cancellation, disk error or bug."""
    if isinstance(error, CivitaiShortcutError):
        return isinstance(error, (Cancelled, DiskError))
    return error is not None
