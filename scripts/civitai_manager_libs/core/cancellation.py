"""The user's wish to stop, as something that threads can wait for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import Cancelled

__all__ = ["Cancellation", "ENDING_SIGNALS", "never_cancelled"]

# Ctrl-C, the system, and on Windows Ctrl-Break or a console window that is closed.
ENDING_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
]


class Cancellation:
    """Set once, from any thread; whoever works for it stops within a second."""

    def __init__(self) -> None:
        self._event = threading.Event()
        # Reentrant: a signal handler may call `set` in a thread that is just in `notify`.
        self._lock = threading.RLock()
        self._callbacks: list[Callable[[], None]] = []
        self.is_for_good = False  # nobody will go on with what it stops

    def set(self, for_good: bool = False) -> None:
        self.is_for_good = self.is_for_good or for_good
        self._event.set()
        with self._lock:  # held meanwhile: no callback comes after its block
            for callback in list(self._callbacks):
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

    def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than until it is set."""
        self._event.wait(seconds)

    @contextmanager
    def notify(self, callback: Callable[[], None]) -> Iterator[None]:
        """While the block runs, `set` calls `callback`, in its own thread; it must be quick."""
        with self._lock:
            self._callbacks.append(callback)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)

    @contextmanager
    def with_timeout(self, seconds: float | None) -> Iterator[Cancellation]:
        """Hand out a cancellation that is set with this one, or after so many seconds if given."""
        if seconds is None:
            yield self
            return
        timed = Cancellation()
        timer = threading.Timer(seconds, timed.set)
        timer.daemon = True
        timer.start()
        try:
            with self.notify(timed.set):
                yield timed
        finally:
            timer.cancel()


class _Never(Cancellation):
    """It is everybody's, and so nobody may set it."""

    def set(self, for_good: bool = False) -> None:
        raise RuntimeError("Nobody can cancel this.")

    @contextmanager
    def notify(self, callback: Callable[[], None]) -> Iterator[None]:
        yield


_never = _Never()


def never_cancelled() -> Cancellation:
    """For work that nobody cancels; the same for all."""
    return _never
