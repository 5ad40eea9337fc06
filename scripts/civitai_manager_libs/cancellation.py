"""The user's wish to stop, as something that threads can wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import Cancelled

__all__ = ["Cancellation", "never"]


class Cancellation:
    """Set once, from any thread; whoever works for it stops within a second."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    def set(self) -> None:
        self._event.set()
        with self._lock:
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def is_set(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raises Cancelled when it is set."""
        if self._event.is_set():
            raise Cancelled("Cancelled.")

    def wait(self, seconds: float) -> None:
        """Sleep, but raise Cancelled as soon as it is set."""
        if self._event.wait(seconds):
            raise Cancelled("Cancelled.")

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """While the block runs, `set` calls `callback`, in its own thread."""
        with self._lock:
            self._callbacks.append(callback)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)


def never() -> Cancellation:
    """For work that nobody cancels."""
    return Cancellation()
