"""Deadlines for calls that block inside a library and that only the end of their socket ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Deadline", "cut_after"]

_LOOK = 0.2  # seconds between two looks at what is overdue
_IDLE = 3.0  # seconds without a deadline after which the thread ends


class Deadline:
    """The time that one call may take. is_over: it was cut."""

    def __init__(self, seconds: float, cut: Callable[[], None], grows: Callable[[], bool]) -> None:
        self.is_over = False
        self._seconds, self._cut, self._grows = seconds, cut, grows
        self._end = time.monotonic() + seconds

    def check(self) -> bool:
        """Cut a call that is overdue; return whether it was. One that grows gets the time again."""
        if time.monotonic() < self._end:
            return False
        if self._grows():
            self._end += self._seconds
            return False
        self.is_over = True
        self._cut()
        return True


class _Watcher:
    """All deadlines of the process, looked at by one thread while there are any."""

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
        """Once this returns, the deadline cuts nothing any more."""
        with self._changed:
            self._pending.discard(deadline)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._pending, _IDLE):
                    self._thread = None
                    return
                self._pending -= {one for one in self._pending if one.check()}
            time.sleep(_LOOK)


_watch = _Watcher()


@contextmanager
def cut_after(
    seconds: float, cut: Callable[[], None], grows: Callable[[], bool] = lambda: False
) -> Iterator[Deadline]:
    """Call `cut` from another thread if the block has not ended after so many seconds.

    grows: whether enough has come since it was last asked; then the block gets the time once more.
    """
    deadline = Deadline(seconds, cut, grows)
    _watch.add(deadline)
    try:
        yield deadline
    finally:
        _watch.remove(deadline)
