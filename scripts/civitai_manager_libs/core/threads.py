"""Work in threads: run side by side, once for all who ask, and cancelled."""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Generic, TypeVar

from ..errors import Cancelled, CivitaiShortcutError, DiskError

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
            with self.call_when_cancelled(lambda: timed.set(self.is_for_good)):
                yield timed
        finally:
            timer.cancel()

    @contextmanager
    def as_current(self) -> Iterator[None]:
        """Make this the Cancellation of all that the thread does in the `with` block.

        `find_cancellation` returns it there: the block's requests, its queries of SQLite files and
        what else takes long raise Cancelled as soon as it is set.
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


class SingleFlight(Generic[_T]):
    """Shares one call among all threads that want the same result at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Future[_T]] = {}

    def do(self, key: Hashable, work: Callable[[], _T]) -> _T:
        """Call `work` once for all threads that pass the same key at the same time.

        The first thread calls its `work`; the others wait, and return its result or raise its
        error. If that error is a cancellation, a disk error or a bug, one of the others calls its
        own `work` instead. A cancellation of the waiting thread raises Cancelled.
        """
        while True:
            mine: Future[_T] = Future()
            with self._lock:
                running = self._flights.setdefault(key, mine)
            if running is mine:
                return self._run(key, mine, work)
            while not wait([running], _POLL).done:
                find_cancellation().check()
            error = running.exception()
            is_ours = isinstance(error, CivitaiShortcutError)
            if error is None or is_ours and not isinstance(error, (Cancelled, DiskError)):
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
