"""The download jobs of this process: each in a thread of its own, whoever looks at them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import setting, util
from ..civitai import ImageQuery
from ..errors import CivitaiShortcutError
from ..ground import Image
from .asking import network_of, place_for, reserve, saved_width
from .progress import JobProgress
from .run import JobRun
from .records import Facts, Item, Job, Options
from .store import JobStore

__all__ = ["JobService", "ShownJob"]

_FAILED_SHOWN = 50
_MOST_JOBS = 1000


@dataclass(frozen=True)
class ShownJob:
    """A job as it is now: `progress` while this process works on it; the failed ones, a few.

    missing: how many were saved before, and so skipped, that are not there any more. is_coming: it
    was begun, and neither the database nor a progress tells so yet.
    """

    job: Job
    progress: JobProgress | None
    failed: list[Item]
    missing: int = 0
    is_coming: bool = False

    @property
    def now(self) -> Job:
        return self.progress or self.job

    @property
    def state(self) -> str:
        return "running" if self.is_coming else self.now.state


@dataclass
class _Begun:
    """A job that has a thread. run: None until it begins. again: it goes on when it has ended.
    stop_state: what the user wants it to be, where its run is not there yet or heeds nobody now."""

    run: JobRun | None = None
    stop_state: str = ""
    again: bool = False

    def stop(self, state: str) -> None:
        self.again = False
        if self.run is None or self.run.is_ending:
            self.stop_state = state
        if self.run is not None:
            self.run.stop(state)

    def go_on(self) -> None:
        self.stop_state = ""
        if self.run is not None:
            self.run.hurry()
            self.again = self.run.is_ending

    def is_coming(self, is_told: bool) -> bool:
        if self.run is None:
            return not self.stop_state
        wants_more = self.again or self.stop_state != ""
        return wants_more or not (is_told or self.run.is_ending)

    def begin(self, run: JobRun) -> None:
        self.run, self.again = run, False
        if self.stop_state:
            run.stop(self.stop_state)
        self.stop_state = ""


class JobService:
    """All methods may be called from any thread. Raises DiskError when the database is unusable.

    notice: a sentence for the user, of what happened to the database at the start.
    """

    def __init__(self, client: Callable[[], Any]) -> None:
        """client: gives the HTTP client, anew for each job."""
        self._client, self.notice = client, ""
        self._lock = threading.Lock()
        self._runs: dict[int, _Begun] = {}
        self._progress: dict[int, JobProgress] = {}

    def download_gallery(
        self, query: ImageQuery, wanted: int, facts: Facts, verify: bool = False
    ) -> int:
        """A new job of up to `wanted` pictures of a gallery, called after its model; its number.

        verify: see `Options`. Raises InputError where the setting of names makes none.
        """
        folder, options = _saving(facts)
        options = replace(options, verify=verify)
        with self.store() as store:
            job_id = store.add(facts.model, query, folder, wanted, options=options)
        self.resume(job_id)
        return job_id

    def read_gallery(
        self, query: ImageQuery, wanted: int, facts: Facts, cursor: str | None = None
    ) -> int:
        """A new job that reads up to `wanted` records from `cursor` on, to be kept; its number."""
        with self.store() as store:
            options = Options(facts=facts, reads_only=True)
            job_id = store.add(facts.model, query, "", wanted, options=options, cursor=cursor)
        self.resume(job_id)
        return job_id

    def download_chosen(self, images: Sequence[Image], facts: Facts, again: bool = False) -> int:
        """A new job of just these; its number. again: fetch what was saved before."""
        folder, options = _saving(facts)
        with self.store() as store:
            job_id = store.add_chosen(facts.model, images, folder, again, options)
        self.resume(job_id)
        return job_id

    def go_on_after_start(self) -> None:
        """What was at work when the program ended goes on; so does what waits for room, or for the
        network."""
        with self.store() as store:
            if store.set_aside:
                util.printD(f"[gallery] {store.set_aside}")
                self.notice = store.set_aside
            left = [job for job in store.jobs(_MOST_JOBS) if _goes_on_by_itself(job)]
            left = [job for job in left if not store.is_worked_on(job.id)]
        for job in reversed(left):
            self.resume(job.id)

    def stop(self, job_id: int, state: str) -> None:
        """`cancelled` or `paused`; either way `resume` goes on with it.

        Raises InputError when another program works on it: it heeds only its own user.
        """
        with self._lock:
            if job_id in self._runs:
                return self._runs[job_id].stop(state)
        with self.store() as store:
            if not store.job(job_id).is_over:
                with store.held(job_id):
                    store.set_state(job_id, state)

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

    def shown(self, limit: int = 12) -> list[ShownJob]:
        """The newest first."""
        with self.store() as store:
            with self._lock:
                progress = dict(self._progress)
                coming = {job_id for job_id in self._runs if self._is_coming(job_id)}
            jobs = store.jobs(limit)
            return [
                ShownJob(
                    job,
                    progress.get(job.id),
                    store.failed(job.id, _FAILED_SHOWN) if job.failed else [],
                    len(store.missing_paths(job.id)) if job.skipped else 0,
                    job.id in coming,
                )
                for job in jobs
            ]

    def _is_coming(self, job_id: int) -> bool:
        return self._runs[job_id].is_coming(job_id in self._progress)

    def store(self) -> JobStore:
        return JobStore(setting.database_file())

    def resume(self, job_id: int) -> None:
        """Begin it, or go on with what is paused or cancelled; at once, if it waits to."""
        with self._lock:
            if job_id in self._runs:
                return self._runs[job_id].go_on()
            begun = self._runs[job_id] = _Begun()
        name, words = f"gallery-job-{job_id}", (job_id, begun)
        threading.Thread(target=self._work, args=words, name=name, daemon=True).start()

    def _work(self, job_id: int, begun: _Begun) -> None:
        try:
            with self.store() as store:
                while self._runs.get(job_id) is begun:
                    self._run(store, job_id, begun)
        except CivitaiShortcutError as error:
            util.printD(f"[gallery] job {job_id}: {error}")
        finally:
            with self._lock:
                if self._runs.get(job_id) is begun:
                    del self._runs[job_id]

    def _run(self, store: JobStore, job_id: int, begun: _Begun) -> None:
        run = JobRun(
            store,
            job_id,
            network_of(self._client()),
            setting.gallery_max_concurrent_downloads,
            reserve(),
            self._told,
            goes_on_by_itself=True,
        )
        with self._lock:
            begun.begin(run)
        try:
            run.run()
        finally:
            with self._lock:
                self._progress.pop(job_id, None)
                begun.run = None
                if not begun.again:  # in the same step: who wants it now begins it anew
                    if begun.stop_state and not store.job(job_id).is_over:
                        store.set_state(job_id, begun.stop_state)
                    del self._runs[job_id]

    def _told(self, progress: JobProgress) -> None:
        with self._lock:
            self._progress[progress.id] = progress


def _saving(facts: Facts) -> tuple[str, Options]:
    folder, name = place_for(facts)
    return folder, Options(name, facts, width=saved_width())


def _goes_on_by_itself(job: Job) -> bool:
    waits = job.state == "paused" and job.reason in ("busy", "disk", "network")
    return waits or job.state in ("queued", "running")
