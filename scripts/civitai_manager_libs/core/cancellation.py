"""A flag by which one thread cancels the work of others."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..errors import Cancelled

__all__ = ["Cancellation", "ENDING_SIGNALS", "find_cancellation", "never_cancelled"]

# Ctrl-C, the system, and on Windows Ctrl-Break or a console window that is closed.
ENDING_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
]


class Cancellation:
    """A flag that any thread may set to stop work in other threads, which check the flag."""

    def __init__(self) -> None:
        self._event = threading.Event()
        # Reentrant: a signal handler may call `set` in a thread that holds the lock.
        self._lock = threading.RLock()
        self._callbacks: list[Callable[[], None]] = []
        self.is_for_good = False  # the work will not be resumed

    def set(self, for_good: bool = False) -> None:
        """Cancel the work: `check` and `sleep` raise Cancelled from now on, callbacks are called.

        for_good: whether the work will never be resumed; its unfinished files are then deleted.
        """
        self.is_for_good = self.is_for_good or for_good
        self._event.set()
        with self._lock:  # so that no callback runs after its block
            for callback in list(self._callbacks):
                callback()

    def is_set(self) -> bool:
        """Return whether the work was cancelled."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled if the work was cancelled."""
        if self._event.is_set():
            raise Cancelled("Cancelled.")

    def sleep(self, seconds: float) -> None:
        """Sleep for some seconds. Raises Cancelled as soon as the work is cancelled."""
        if self._event.wait(seconds):
            raise Cancelled("Cancelled.")

    @contextmanager
    def call_when_cancelled(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` if the work is cancelled during the `with` block.

        The block is not interrupted. The callback runs in the thread that calls `set`, and must be
        quick. Raises Cancelled if the work is cancelled already.
        """
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
        """Yield a Cancellation that is set after `seconds`, or as soon as this one is set.

        seconds: None for no timeout; this Cancellation itself is then yielded.
        """
        if seconds is None:
            yield self
            return
        timed = Cancellation()
        timer = threading.Timer(seconds, timed.set)
        timer.daemon = True
        timer.start()
        try:
            with self.call_when_cancelled(timed.set):
                yield timed
        finally:
            timer.cancel()

    @contextmanager
    def as_current(self) -> Iterator[None]:
        """Make this the Cancellation of all that the thread does in the `with` block.

        `find_cancellation` returns it there; it also stops the block's queries of SQLite files.
        """
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_never = Cancellation()
_current: ContextVar[Cancellation] = ContextVar("cancellation", default=_never)


def never_cancelled() -> Cancellation:
    """Return the one Cancellation that is shared by all work that nobody cancels; never set it."""
    return _never


def find_cancellation() -> Cancellation:
    """Return the Cancellation of what the thread is doing; one that is never set if it has none."""
    return _current.get()
