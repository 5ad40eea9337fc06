"""Ends calls that block inside a library, by closing their connection from another thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..core import Cancellation

__all__ = ["Deadline", "cut_after"]

_INTERVAL = 0.2  # seconds between two checks


class Deadline:
    """A time limit for a block of code; `cut` is called if the block runs longer or is cancelled.

    is_over: whether the time was up at the last check.
    """

    def __init__(self, seconds: float, cut: Callable[[], None], cancelled: Cancellation) -> None:
        self.is_over = False
        self._cut, self._cancelled = cut, cancelled
        self._end = time.monotonic() + seconds

    def check(self) -> bool:
        """Call the function `cut` if the time is up or the work is cancelled.

        Return whether the function was called.
        """
        self.is_over = time.monotonic() >= self._end
        if not (self.is_over or self._cancelled.is_set()):
            return False
        self._cut()
        return True


class _Watcher:
    """Checks all deadlines of the process in one thread, which sleeps while there are none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pending: set[Deadline] = set()
        self._thread: threading.Thread | None = None

    def add(self, deadline: Deadline) -> None:
        with self._changed:
            self._pending.add(deadline)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="http-deadlines", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def remove(self, deadline: Deadline) -> None:
        """Stop checking a deadline; its function `cut` is not called any more."""
        with self._changed:
            self._pending.discard(deadline)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending)
                self._pending -= {deadline for deadline in self._pending if deadline.check()}
            time.sleep(_INTERVAL)


_watcher = _Watcher()


@contextmanager
def cut_after(
    seconds: float, cut: Callable[[], None], cancelled: Cancellation
) -> Iterator[Deadline]:
    """Call `cut` from another thread if the block takes more than `seconds` or is cancelled.

    cut: ends the call that the block waits for. Yield the Deadline; after `cut` was called,
    `is_over` tells whether the time was up (True) or the work was cancelled (False).
    """
    deadline = Deadline(seconds, cut, cancelled)
    _watcher.add(deadline)
    try:
        yield deadline
    finally:
        _watcher.remove(deadline)
