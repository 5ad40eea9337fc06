"""Several pieces of work at once, in threads; what the work is, its caller says."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .cancellation import Cancellation, never_cancelled

__all__ = ["DownloadSummary", "download_all", "run_parallel", "prefetch"]

_T = TypeVar("_T")
_R = TypeVar("_R")
_POLL = 0.2  # seconds; the longest that a cancel is overlooked
_GRACE, _TICK = 0.6, 0.02  # seconds that a cancelled worker has to come to its end


@dataclass
class DownloadSummary:
    """What became of a list: `failed` has (url, path)."""

    total: int = 0
    saved: int = 0
    skipped: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.saved + self.skipped + len(self.failed)

    def add(self, other: DownloadSummary) -> None:
        self.total += other.total
        self.saved += other.saved
        self.skipped += other.skipped
        self.failed += other.failed


def download_all(
    urls: Iterable[str],
    fetch: Callable[[str, str], bool],
    file_for: Callable[[str], str],
    concurrency: int,
    on_done: Callable[[DownloadSummary], None] | None = None,
) -> DownloadSummary:
    """Each URL to the file that `file_for` names; a file that is there is not asked for.

    on_done is called after each one, in this thread. What `fetch` or on_done raises ends the whole.
    """
    wanted = list(urls)
    summary = DownloadSummary(total=len(wanted))

    def get(url: str) -> str:
        path = file_for(url)
        if os.path.isfile(path):
            return "skipped"
        return "saved" if fetch(url, path) else "failed"

    # Closed here, not when a traceback lets go of it: no worker begins another one after an error.
    with closing(run_parallel(wanted, get, concurrency)) as results:
        for url, became in results:
            summary.skipped += became == "skipped"
            summary.saved += became == "saved"
            if became == "failed":
                summary.failed.append((url, file_for(url)))
            if on_done is not None:
                on_done(summary)
    return summary


def run_parallel(
    items: Iterable[_T],
    work: Callable[[_T], _R],
    concurrency: int,
    cancelled: Cancellation | None = None,
    ticks: bool = False,
) -> Generator[tuple[_T, _R] | None, None, None]:
    """(item, work(item)) as each is done, with at most `concurrency` at work.

    `items` is drawn in the caller's thread, and only as fast as it is worked on. ticks: None comes
    too, at least five times a second, also while nothing is done. Ends early, with what is done
    until then, when it is cancelled. What `work` raises reaches the caller.
    """
    pool = _Pool(work, max(1, concurrency))
    wish = cancelled or never_cancelled()
    source = iter(items)
    try:
        more = True
        while more or pool.under_way:
            while more and pool.has_room and not wish.is_set():
                more = _draw_item(source, pool)
            if wish.is_set() or not pool.under_way:
                break
            yield from pool.results(_POLL)
            if ticks:
                yield None
        yield from pool.drain(_GRACE)
    finally:
        pool.close()


def prefetch(
    items: Iterator[_T], cancelled: Cancellation, on_tick: Callable[[], None]
) -> Generator[_T, None, None]:
    """`items`, each drawn while the one before it is in use, in a thread of its own.

    While one is waited for, `on_tick` is called at least five times a second. Ends early when it
    is cancelled. What drawing raises reaches the caller, in its turn.
    """
    end = object()
    pool = _Pool(lambda _: next(items, end), 1)
    try:
        pool.put(None)
        while not cancelled.is_set():
            for _, item in pool.results(_POLL):
                if item is end:
                    return
                pool.put(None)
                yield item
            on_tick()
    finally:
        pool.close()


def _draw_item(source: Iterator[_T], pool: _Pool[_T, _R]) -> bool:
    for item in source:
        pool.put(item)
        return True
    return False


class _Pool(Generic[_T, _R]):
    """Daemon threads: a worker that hangs in a connect cannot keep the program from ending."""

    def __init__(self, work: Callable[[_T], _R], concurrency: int) -> None:
        self.under_way = 0
        self._work, self._concurrency = work, concurrency
        self._tasks: queue.Queue = queue.Queue()  # (item,), or None: the end
        # No SimpleQueue: Python 3.10's may wait for ever where a timeout has just gone by.
        self._done: queue.Queue = queue.Queue()  # (item, result, error)
        self._threads: list[threading.Thread] = []
        self._closed = False

    @property
    def has_room(self) -> bool:
        """Twice the workers: none of them waits for the caller to draw the next item."""
        return self.under_way < 2 * self._concurrency

    def put(self, item: _T) -> None:
        self.under_way += 1
        self._tasks.put((item,))
        if len(self._threads) < self._concurrency:
            self._threads.append(
                threading.Thread(target=self._run, name="gallery-download", daemon=True)
            )
            self._threads[-1].start()

    def results(self, patience: float) -> Iterator[tuple[_T, _R]]:
        """What is done, after waiting for the first at most `patience` seconds."""
        while (done := self._next_result(patience)) is not None:
            self.under_way -= 1
            item, result, error = done
            if error is not None:
                raise error
            yield item, result
            patience = 0

    def drain(self, patience: float) -> Iterator[tuple[_T, _R]]:
        """After a cancel: what workers in the middle of an item still bring."""
        self.close()
        until = time.monotonic() + patience
        while self.under_way and time.monotonic() < until and self._is_at_work:
            yield from self.results(_TICK)
        yield from self.results(0)

    @property
    def _is_at_work(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _next_result(self, patience: float) -> tuple | None:
        try:
            return self._done.get(timeout=patience)
        except queue.Empty:
            return None

    def close(self) -> None:
        self._closed = True
        for _ in self._threads:
            self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None and not self._closed:
            try:
                self._done.put((task[0], self._work(task[0]), None))
            except BaseException as error:  # handed to the caller, who raises it
                self._done.put((task[0], None, error))
