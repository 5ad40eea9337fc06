"""One piece of work for several who ask for it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from ..errors import Cancelled, CivitaiShortcutError, DiskError
from .cancellation import Cancellation

__all__ = ["SingleFlight"]

_T = TypeVar("_T")
_POLL = 0.2  # seconds; the longest that a waiting thread overlooks its own cancel


class _Flight(Generic[_T]):
    def __init__(self) -> None:
        self.landed = threading.Event()
        self.result: list[_T] = []  # empty while there is none
        self.error: CivitaiShortcutError | None = None


class SingleFlight(Generic[_T]):
    """Work under way, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[_T]] = {}

    def do(self, key: Hashable, lead: Callable[[], _T], cancelled: Cancellation) -> _T:
        """`lead()`'s result, from whoever was the first to ask and had it run.

        Its errors reach everyone, but for what is the first one's own: when that one cancelled, or
        has no room in its folder, the next one leads.
        """
        while True:
            with self._lock:
                flight = self._flights.get(key)
                if flight is None:
                    mine = self._flights[key] = _Flight()
            if flight is None:
                return self._lead(key, mine, lead)
            while not flight.landed.wait(_POLL):
                cancelled.check()
            if flight.error is not None:
                raise flight.error
            if flight.result:
                return flight.result[0]

    def _lead(self, key: Hashable, flight: _Flight[_T], lead: Callable[[], _T]) -> _T:
        try:
            flight.result.append(lead())
        except (Cancelled, DiskError):
            raise
        except CivitaiShortcutError as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flights[key]
            flight.landed.set()
        return flight.result[0]
