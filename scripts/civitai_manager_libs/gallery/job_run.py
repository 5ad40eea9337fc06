"""Works on one job until it is done, paused or cancelled; how to ask the network are arguments."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..cancellation import Cancellation
from ..errors import Busy, Cancelled, CivitaiShortcutError, DiskFull, InputError
from ..partial_file import check_room, sweep
from .downloads import in_parallel
from .job_items import JobItems, ReadPage
from .job_progress import JobProgress, Meter
from .jobs import Item, Job, JobStore, Outcome

__all__ = ["Arrived", "JobRun", "Network"]

_FLUSH_EVERY = 0.5  # seconds; what a crash has not told the database lies in the folder
_FLUSH_AT = 64  # outcomes
_ROOM_EVERY = 2.0  # seconds between two looks whether room was made
_BUSY_IN_A_ROW = 5  # answers that ask for a long rest: then the job rests
_GUESSED_LEFT = 200  # pictures; what a gallery of unknown length is taken to have at most


class Arrived(Protocol):
    """A file that is there."""

    path: str
    size: int


# (url, true extension -> path, (bytes, bytes in all) told on the way, cancelled)
Fetch = Callable[
    [str, Callable[[str], str], Callable[[int, int], None], Cancellation],
    Arrived,
]


@dataclass(frozen=True)
class Network:
    """What a job needs of the world. resting(url): seconds until its host may be asked again."""

    read_page: ReadPage
    fetch: Fetch
    write_beside: Callable[[str, str], None]
    resting: Callable[[str], float]


class JobRun:
    """One go at a job. `run` works in the thread that calls it; `stop` comes from any other.

    reserve: bytes of the disk that stay free. wait_for_room: a full disk only interrupts `run`;
    else it ends it, as `paused`.
    """

    def __init__(
        self,
        store: JobStore,
        job_id: int,
        network: Network,
        concurrency: int,
        reserve: int = 0,
        on_progress: Callable[[JobProgress], None] | None = None,
        wait_for_room: bool = False,
    ) -> None:
        self._store, self._job, self._network = store, store.job(job_id), network
        self._concurrency, self._reserve = concurrency, reserve
        self._on_progress, self._wait_for_room = on_progress, wait_for_room
        self._stop_state = ""
        self._halt = Cancellation()
        self._trouble: CivitaiShortcutError | None = None  # why it cannot go on now
        self._busy_in_a_row = 0
        self._outcomes: list[Outcome] = []  # what the database has not been told yet
        self._flushed_at = 0.0
        self._meter = Meter()
        self._last_url = ""

    def stop(self, state: str) -> None:
        """End it within a second, as `paused` or `cancelled`."""
        self._stop_state = state
        self._halt.set()

    def run(self) -> Job:
        """The job as it is at the end. Raises InputError when somebody else works on it."""
        lock = self._store.lock(self._job.id)
        if not lock.acquire():
            raise InputError(f"Job {self._job.id} is being worked on already.")
        try:
            sweep(self._job.folder)
            self._go()
            while isinstance(self._trouble, DiskFull) and self._wait_for_room and self._has_room():
                self._go()
        finally:
            lock.release()
        return self._job

    # The way through a job

    def _go(self) -> None:
        """Once through what is left, until it is done or cannot go on."""
        self._trouble, self._busy_in_a_row = None, 0
        if not self._stop_state:
            self._halt = Cancellation()
            self._set_state("running")
            self._work_through()
        self._set_state(self._stop_state or ("paused" if self._trouble else "done"))

    def _work_through(self) -> None:
        items = JobItems(
            self._store,
            self._job.id,
            self._network.read_page,
            self._network.write_beside,
            self._take,
            self._tick,
            self._halt,
        )
        try:
            self._check_estimate()
            for _, outcome in in_parallel(
                items, self._fetched, self._concurrency, self._halt, self._tick
            ):
                self._take(outcome)
        except DiskFull as error:  # of the database, or before the first picture
            self._trouble = error
        self._trouble = self._trouble or items.trouble

    def _set_state(self, state: str) -> None:
        trouble = None if self._stop_state else self._trouble
        try:
            self._flush()
            reason, note = (trouble.reason, str(trouble)) if trouble else ("", "")
            self._store.set_state(self._job.id, state, reason, note)
            self._job = self._store.job(self._job.id)
        except DiskFull as error:  # it stays `running` there, so the next start goes on with it
            self._trouble = error
        self._tell(state)

    def _has_room(self) -> bool:
        """Wait until there is room; False when the user stopped it meanwhile."""
        while not self._stop_state:
            try:
                self._halt = Cancellation()
                self._halt.wait(_ROOM_EVERY)
                self._check_estimate()
                return True
            except DiskFull as error:
                self._trouble = error
                self._tell("paused")
            except Cancelled:
                break
        self._set_state(self._stop_state)
        return False

    def _check_estimate(self) -> None:
        """Raises DiskFull when what is left will not fit, if it is like what was saved so far."""
        left = self._job.total - self._job.finished
        if not self._job.walked:
            left = max(self._job.waiting, min(left, _GUESSED_LEFT))
        check_room(self._job.folder, self._reserve + left * self._store.usual_size())

    # In the workers' threads

    def _fetched(self, item: Item) -> Outcome:
        self._last_url = item.url
        try:
            arrived = self._network.fetch(
                item.url,
                lambda extension: os.path.join(self._job.folder, f"{item.image_id}.{extension}"),
                lambda received, _: self._meter.at(received),
                self._halt,
            )
            self._network.write_beside(arrived.path, item.record)
        except Cancelled:
            return Outcome(item.image_id, "waiting")
        except DiskFull as error:
            self._give_up(error)
            return Outcome(item.image_id, "waiting")
        except CivitaiShortcutError as error:
            self._busy_in_a_row = self._busy_in_a_row + 1 if isinstance(error, Busy) else 0
            if self._busy_in_a_row >= _BUSY_IN_A_ROW:
                self._give_up(error)
            return Outcome(item.image_id, "failed", reason=error.reason, message=str(error))
        finally:
            self._meter.at(0)
        self._busy_in_a_row = 0
        return Outcome(item.image_id, "saved", arrived.path, arrived.size)

    def _give_up(self, error: CivitaiShortcutError) -> None:
        self._trouble = error
        self._halt.set()

    # What is kept, what is told

    def _take(self, outcome: Outcome) -> None:
        if outcome.state != "waiting":
            self._outcomes.append(outcome)
        if len(self._outcomes) >= _FLUSH_AT:
            self._flush()

    def _tick(self) -> None:
        if time.monotonic() - self._flushed_at >= _FLUSH_EVERY:
            self._flush()
        self._tell("running")

    def _flush(self) -> None:
        self._flushed_at = time.monotonic()
        if self._outcomes:
            self._store.record(self._job.id, self._outcomes)
            self._outcomes = []
        self._job = self._store.job(self._job.id)

    def _tell(self, state: str) -> None:
        if self._on_progress is not None:
            resting = self._network.resting(self._last_url) if self._last_url else 0.0
            trouble = None if self._stop_state else self._trouble
            self._on_progress(
                self._meter.progress(self._job, self._outcomes, state, trouble, resting)
            )
