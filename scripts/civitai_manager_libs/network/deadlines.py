"""Time limits for calls that block inside a library until their connection is closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Deadline", "cut_after"]

_INTERVAL = 0.2  # seconds between two checks
_IDLE = 3.0  # seconds without a deadline after which the thread ends


class Deadline:
    """The time limit of one block of code. is_over: whether it has passed and `cut` was called."""

    def __init__(
        self, seconds: float, cut: Callable[[], None], has_progress: Callable[[], bool]
    ) -> None:
        self.is_over = False
        self._seconds, self._cut, self._has_progress = seconds, cut, has_progress
        self._end = time.monotonic() + seconds

    def check(self) -> bool:
        """Check whether the time is up; return True if so, after a call of `cut`.

        If the time is up but `has_progress` returns True, start the time anew and return False.
        """
        if time.monotonic() < self._end:
            return False
        if self._has_progress():
            self._end += self._seconds
            return False
        self.is_over = True
        self._cut()
        return True


class _Watcher:
    """Checks all deadlines of the process in one thread, which runs only while there are any."""

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
        """Stop checking a deadline, so that its `cut` is not called any more."""
        with self._changed:
            self._pending.discard(deadline)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._pending, _IDLE):
                    self._thread = None
                    return
                self._pending -= {deadline for deadline in self._pending if deadline.check()}
            time.sleep(_INTERVAL)


_watcher = _Watcher()


@contextmanager
def cut_after(
    seconds: float, cut: Callable[[], None], has_progress: Callable[[], bool] = lambda: False
) -> Iterator[Deadline]:
    """Call `cut` from another thread if the block runs longer than `seconds`.

    has_progress: called when the time is up; if it returns True, the time starts anew. Yields the
    deadline, whose `is_over` tells whether `cut` was called.
    """
    deadline = Deadline(seconds, cut, has_progress)
    _watcher.add(deadline)
    try:
        yield deadline
    finally:
        _watcher.remove(deadline)
