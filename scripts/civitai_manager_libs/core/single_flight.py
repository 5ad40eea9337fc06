"""One call for all threads that want the same result at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from ..errors import Cancelled, CivitaiShortcutError, DiskError
from .cancellation import Cancellation

__all__ = ["SingleFlight"]

_T = TypeVar("_T")
_POLL = 0.2  # seconds until a waiting thread notices a cancellation


class _Flight(Generic[_T]):
    def __init__(self) -> None:
        self.is_done = threading.Event()
        self.result: list[_T] = []  # empty or the one result
        self.error: CivitaiShortcutError | None = None


class SingleFlight(Generic[_T]):
    """Shares one call among all threads that want the same result at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[_T]] = {}

    def do(self, key: Hashable, work: Callable[[], _T], cancelled: Cancellation) -> _T:
        """Return `work()`; if a call with the same key is running, wait and return its result.

        If the running call raises an error, the waiting threads raise the error too. After
        Cancelled or DiskError, one of them calls its own `work` instead. cancelled: ends the wait
        by raising Cancelled.
        """
        while True:
            with self._lock:
                flight = self._flights.get(key)
                if flight is None:
                    mine = self._flights[key] = _Flight()
            if flight is None:
                return self._run(key, mine, work)
            while not flight.is_done.wait(_POLL):
                cancelled.check()
            if flight.error is not None:
                raise flight.error
            if flight.result:
                return flight.result[0]

    def _run(self, key: Hashable, flight: _Flight[_T], work: Callable[[], _T]) -> _T:
        try:
            flight.result.append(work())
        except (Cancelled, DiskError):
            raise
        except CivitaiShortcutError as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[key]
            flight.is_done.set()
        return flight.result[0]
