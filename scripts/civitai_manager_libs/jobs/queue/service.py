"""The download jobs of this process: a few at work, the others in turn, whoever looks at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ... import setting, util
from ...civitai import ImageQuery
from ...core import Image, log_disk_errors, sqlite_file
from ...errors import CivitaiShortcutError, DiskError
from ..factory import choose_destination, rendition_width
from ..progress import JobProgress
from ..records import Item, Job, JobOptions, NamingContext
from ..states import JobState
from ..store import JobStore
from .pool import WorkerPool
from .scheduler import NO_TURN, TurnView

__all__ = ["JobService", "JobView"]

_FAILED_SHOWN = 50
_PATIENCE = 1.0  # seconds; who only looks whether there is a queue holds its lock briefly
_NEWEST = 4  # that are shown at least, beside those at work


@dataclass(frozen=True)
class JobView:
    """A job as it is now; of those that failed, a few.

    missing: how many were saved before, and so skipped, that are not there any more.
    """

    job: Job
    failed: list[Item]
    missing: int = 0
    turn: TurnView = NO_TURN

    @property
    def progress(self) -> JobProgress | None:
        """While this process works on it, or waits to go on with it."""
        return self.turn.progress

    @property
    def current_job(self) -> Job:
        return self.progress or self.job

    @property
    def state(self) -> JobState:
        return self.current_job.state if self.turn.state is None else self.turn.state

    @property
    def is_resting(self) -> bool:
        """Whether it is paused and goes on by itself."""
        return self.turn.state is JobState.PAUSED


class JobService:
    """All methods may be called from any thread. Raises DiskError when the database is unusable.

    notice: a sentence for the user, of what happened to the database at the start.
    """

    def __init__(self, client: Callable[[], Any]) -> None:
        """client: gives the HTTP client, anew for each job."""
        self.notice = ""
        self._workers = WorkerPool(self.store, client)
        self._queue_lock: sqlite_file.ProcessLock | None = None  # for as long as this process lives

    def download_gallery(
        self, query: ImageQuery, wanted: int, facts: NamingContext, verify: bool = False
    ) -> int:
        """A new job of up to `wanted` pictures of a gallery, called after its model; its number.

        verify: see `JobOptions`. Raises InputError where the setting of names makes none.
        """
        folder, options = _save_options(facts)
        options = replace(options, verify=verify)
        with self.store() as store:
            job_id = store.add_job(facts.model, query, folder, wanted, options=options)
        self._workers.add(job_id)
        return job_id

    def read_gallery(
        self, query: ImageQuery, wanted: int, facts: NamingContext, cursor: str | None = None
    ) -> int:
        """A new job that reads up to `wanted` records from `cursor` on, to be kept; its number."""
        with self.store() as store:
            options = JobOptions(facts=facts, reads_only=True)
            job_id = store.add_job(facts.model, query, "", wanted, options=options, cursor=cursor)
        self._workers.add(job_id)
        return job_id

    def download_selection(
        self, images: Sequence[Image], facts: NamingContext, again: bool = False
    ) -> int:
        """A new job of just these; its number. again: fetch what was saved before."""
        folder, options = _save_options(facts)
        with self.store() as store:
            job_id = store.add_selection(facts.model, images, folder, again, options)
        self._workers.add(job_id)
        return job_id

    def resume_after_start(self) -> None:
        """What was at work when the program ended goes on; so does what waits for room, or for the
        network."""
        with self.store() as store:
            if store.set_aside:
                util.printD(f"[gallery] {store.set_aside}")
                self.notice = store.set_aside
            said = store.set_unreadable_aside()
            if said:
                util.printD(f"[gallery] {said}")
            self._take_queue(store)
            left = store.list_unfinished()
            with log_disk_errors("gallery"):
                store.queue_jobs(left)
        for job_id in left:
            self._workers.add(job_id)

    def _take_queue(self, store: JobStore) -> None:
        """Tell other programs that what is queued has its turn here."""
        lock = store.queue_lock()
        try:
            if lock.acquire(_PATIENCE, shared=True):
                self._queue_lock = lock
        except DiskError as error:
            util.printD(f"[gallery] {error}")

    def stop(self, job_id: int, state: str) -> None:
        """`cancelled` or `paused`; either way `resume` goes on with it.

        Raises InputError when another program works on it: it heeds only its own user.
        """
        turn = self._workers.withdraw(job_id)
        if turn is not None and turn.is_at_work:
            return turn.stop(JobState(state))
        try:
            with self.store() as store:
                if not store.get_job(job_id).is_over:
                    with store.hold_job(job_id):
                        store.set_state(job_id, state)
        except CivitaiShortcutError:
            self._workers.restore(turn)
            raise

    def forget(self, job_id: int) -> None:
        """Take a job off the list; its pictures stay, and still count as saved.

        Raises InputError when somebody works on it.
        """
        turn = self._workers.withdraw(job_id)
        try:
            with self.store() as store:
                store.forget(job_id)
        except CivitaiShortcutError:
            self._workers.restore(turn)
            raise

    def retry(self, job_id: int) -> None:
        with self.store() as store:
            changed = store.retry_failed(job_id)
        if changed:
            self.resume(job_id)

    def fetch_missing(self, job_id: int) -> None:
        """Fetch anew what was saved before and is not there any more."""
        with self.store() as store:
            changed = store.fetch_missing(job_id)
        if changed:
            self.resume(job_id)

    def list_jobs(self, limit: int = 12) -> list[JobView]:
        """Return those at work and the newest, `limit` in all, the newest first."""
        at_work = self._workers.list_running()
        with self.store() as store:
            jobs = store.list_jobs(max(limit - len(at_work), min(limit, _NEWEST)), at_work)
            turns = self._workers.list_turn_views([job.id for job in jobs])
            return [
                JobView(
                    job,
                    store.list_failed(job.id, _FAILED_SHOWN) if job.failed else [],
                    len(store.list_missing_paths(job.id)) if job.skipped else 0,
                    turns.get(job.id, NO_TURN),
                )
                for job in jobs
            ]

    @property
    def count_waiting(self) -> int:
        """How many jobs wait their turn."""
        return self._workers.count_waiting()

    def store(self) -> JobStore:
        return JobStore(setting.database_file())

    def resume(self, job_id: int) -> None:
        """Go on with what is paused, cancelled or over, before all that wait their turn."""
        if not self._workers.prioritize(job_id):
            with self.store() as store:
                if store.get_job(job_id).state is not JobState.RUNNING:
                    store.queue_jobs([job_id])
            self._workers.add(job_id)
            self._workers.prioritize(job_id)


def _save_options(facts: NamingContext) -> tuple[str, JobOptions]:
    folder, name = choose_destination(facts)
    return folder, JobOptions(name, facts, width=rendition_width())
