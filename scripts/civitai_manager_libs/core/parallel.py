"""Runs the same work for many items in threads."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import Generic, TypeVar

from .cancellation import Cancellation, never_cancelled

__all__ = ["prefetch", "run_parallel"]

_T = TypeVar("_T")
_R = TypeVar("_R")
_POLL = 0.2  # seconds until a cancellation is noticed
_GRACE, _TICK = 0.6, 0.02  # seconds that cancelled workers get to finish


def run_parallel(
    items: Iterable[_T],
    work: Callable[[_T], _R],
    concurrency: int,
    cancelled: Cancellation | None = None,
    on_tick: Callable[[], None] = lambda: None,
) -> Generator[tuple[_T, _R], None, None]:
    """Call `work` for each item in several threads; yield (item, result) as each finishes.

    concurrency: number of threads; up to twice as many items are read in advance. on_tick: called
    in the caller's thread at least five times a second while it waits. After a cancellation no
    further call starts, and the iteration ends without an error. An exception in `work` is raised
    here.
    """
    concurrency = max(1, concurrency)
    pool, source = _Pool(work, concurrency), iter(items)
    cancelled = cancelled or never_cancelled()
    try:
        while not cancelled.is_set():
            for item in islice(source, 2 * concurrency - pool.under_way):
                pool.put(item)
            if not pool.under_way:
                return
            yield from pool.results(_POLL)
            on_tick()
        pool.close()
        deadline = time.monotonic() + _GRACE
        while pool.under_way and time.monotonic() < deadline:
            yield from pool.results(_TICK)
    finally:
        pool.close()


def prefetch(
    items: Iterator[_T], cancelled: Cancellation, on_tick: Callable[[], None]
) -> Generator[_T, None, None]:
    """Yield the items, while a thread reads the next item in advance.

    on_tick: called at least five times a second while the caller waits. A cancellation ends the
    iteration without an error. An exception of `items` is raised here, after the earlier items.
    """
    pool: _Pool[None, list[_T]] = _Pool(lambda _: list(islice(items, 1)), 1)
    try:
        pool.put(None)
        while not cancelled.is_set():
            for _, item in pool.results(_POLL):
                if not item:
                    return
                pool.put(None)
                yield item[0]
            on_tick()
    finally:
        pool.close()


class _Pool(Generic[_T, _R]):
    """Calls `work` for each item in a daemon thread of its own, in the order of the items.

    concurrency: how many threads work at once; the others wait. under_way: number of items whose
    result was not yet taken.
    """

    def __init__(self, work: Callable[[_T], _R], concurrency: int) -> None:
        self.under_way = 0
        self._work, self._slots = work, threading.Semaphore(concurrency)
        self._items: deque[_T] = deque()
        # No SimpleQueue: in Python 3.10 `get` may block for ever when its timeout has just passed.
        self._done: queue.Queue[tuple[_T, _R] | BaseException | None] = queue.Queue()
        self._closed = False

    def put(self, item: _T) -> None:
        """Call `work` for this item in a new thread, once fewer than `concurrency` calls run."""
        self.under_way += 1
        self._items.append(item)
        threading.Thread(target=self._run, name="gallery-download", daemon=True).start()

    def results(self, patience: float) -> Iterator[tuple[_T, _R]]:
        """Yield (item, result) for each finished item, without waiting for the other items.

        If no item is finished yet, wait at most `patience` seconds for the first. An error that
        `work` raised is raised here.
        """
        while True:
            try:
                done = self._done.get(timeout=patience)
            except queue.Empty:
                return
            self.under_way -= 1
            patience = 0
            if isinstance(done, BaseException):
                raise done
            if done is not None:
                yield done

    def close(self) -> None:
        """Call `work` for no further item; calls in progress are not stopped."""
        self._closed = True

    def _run(self) -> None:
        with self._slots:
            item = self._items.popleft()
            try:
                self._done.put(None if self._closed else (item, self._work(item)))
            except BaseException as error:  # `results` raises the error in the caller's thread
                self._done.put(error)
