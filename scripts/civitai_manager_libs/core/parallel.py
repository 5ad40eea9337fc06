"""Runs the same work for many items in threads."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from .cancellation import Cancellation, never_cancelled

__all__ = ["DownloadSummary", "download_all", "run_parallel", "prefetch"]

_T = TypeVar("_T")
_R = TypeVar("_R")
_POLL = 0.2  # seconds until a cancellation is noticed
_GRACE, _TICK = 0.6, 0.02  # seconds that cancelled workers get to finish


@dataclass
class DownloadSummary:
    """The numbers of saved, skipped and failed downloads; `failed` has (url, path) pairs."""

    total: int = 0
    saved: int = 0
    skipped: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Return how many downloads have ended."""
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
    """Download each URL to the path `file_for(url)`, several at once; return the counts.

    Existing files are skipped. fetch: downloads a URL to a path and returns whether that succeeded.
    on_done: called in this thread after each download. An exception in `fetch` or `on_done` ends
    all downloads.
    """
    wanted = list(urls)
    summary = DownloadSummary(total=len(wanted))

    def get(url: str) -> str:
        path = file_for(url)
        if os.path.isfile(path):
            return "skipped"
        return "saved" if fetch(url, path) else "failed"

    with closing(run_parallel(wanted, get, concurrency)) as results:
        for url, outcome in results:
            summary.skipped += outcome == "skipped"
            summary.saved += outcome == "saved"
            if outcome == "failed":
                summary.failed.append((url, file_for(url)))
            if on_done is not None:
                on_done(summary)
    return summary


def run_parallel(
    items: Iterable[_T],
    work: Callable[[_T], _R],
    concurrency: int,
    cancelled: Cancellation | None = None,
    on_tick: Callable[[], None] = lambda: None,
) -> Generator[tuple[_T, _R], None, None]:
    """Call `work` for each item in several threads; yield (item, result) as each finishes.

    concurrency: number of threads. Items are read only as fast as they are processed. on_tick:
    called in the caller's thread at least five times a second. A cancellation ends the iteration
    early. An exception in `work` is raised here.
    """
    pool = _Pool(work, max(1, concurrency))
    cancelled = cancelled or never_cancelled()
    source = iter(items)
    try:
        has_more = True
        while has_more or pool.under_way:
            while has_more and pool.has_room and not cancelled.is_set():
                has_more = _put_next(source, pool)
            if cancelled.is_set() or not pool.under_way:
                break
            yield from pool.results(_POLL)
            on_tick()
        yield from pool.drain(_GRACE)
    finally:
        pool.close()


def prefetch(
    items: Iterator[_T], cancelled: Cancellation, on_tick: Callable[[], None]
) -> Generator[_T, None, None]:
    """Yield the items, while a thread reads the next item in advance.

    on_tick: called at least five times a second while the caller waits. A cancellation ends the
    iteration early. An exception of the iterator `items` is raised here, after the earlier items.
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


def _put_next(source: Iterator[_T], pool: _Pool[_T, _R]) -> bool:
    """Move the next item from `source` to the pool; return False if none is left."""
    for item in source:
        pool.put(item)
        return True
    return False


class _Pool(Generic[_T, _R]):
    """A pool of daemon threads, which do not keep the program from ending."""

    def __init__(self, work: Callable[[_T], _R], concurrency: int) -> None:
        self.under_way = 0
        self._work, self._concurrency = work, concurrency
        self._tasks: queue.Queue[tuple[_T] | None] = queue.Queue()  # None: the end
        # No SimpleQueue: in Python 3.10 `get` may block for ever when its timeout has just passed.
        self._done: queue.Queue[tuple[_T, _R] | BaseException] = queue.Queue()
        self._threads: list[threading.Thread] = []
        self._closed = False

    @property
    def has_room(self) -> bool:
        """Return whether fewer than two items per thread are queued or running."""
        return self.under_way < 2 * self._concurrency

    def put(self, item: _T) -> None:
        """Queue an item; start another thread unless `concurrency` threads are running."""
        self.under_way += 1
        self._tasks.put((item,))
        if len(self._threads) < self._concurrency:
            self._threads.append(
                threading.Thread(target=self._run, name="gallery-download", daemon=True)
            )
            self._threads[-1].start()

    def results(self, patience: float) -> Iterator[tuple[_T, _R]]:
        """Yield (item, result) for each item that is finished, and do not wait for the others.

        If none is finished yet, wait at most `patience` seconds for the first. If the work for an
        item has raised an error, raise it here.
        """
        while True:
            try:
                done = self._done.get(timeout=patience)
            except queue.Empty:
                return
            self.under_way -= 1
            if isinstance(done, BaseException):
                raise done
            yield done
            patience = 0

    def drain(self, patience: float) -> Iterator[tuple[_T, _R]]:
        """Close the pool; yield the results that arrive within `patience` seconds."""
        self.close()
        deadline = time.monotonic() + patience
        while self.under_way and time.monotonic() < deadline and self._has_workers:
            yield from self.results(_TICK)
        yield from self.results(0)

    @property
    def _has_workers(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """Tell the pool's threads to end after their current item."""
        self._closed = True
        for _ in self._threads:
            self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None and not self._closed:
            try:
                self._done.put((task[0], self._work(task[0])))
            except BaseException as error:  # `results` raises the error in the caller's thread
                self._done.put(error)
