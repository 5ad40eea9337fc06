"""Which pictures of a job are to be fetched now: pages read as needed, nothing fetched twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from ..cancellation import Cancellation
from ..errors import Cancelled, CivitaiShortcutError
from .jobs import Item, JobStore, Outcome
from .paging import ImageQuery, Page, walk

__all__ = ["JobItems", "ReadPage"]

_BATCH = 32  # items claimed at a time
_PAGE = 100  # images asked for at a time; 200 are allowed, but large ComfyUI graphs make them slow
_LOOK_EVERY = 0.3  # seconds between two looks at what another job has claimed
_EXTENSIONS = ("png", "jpg", "webp", "gif", "avif", "heic", "mp4", "webm", "mp3")

# (query, cursor, rows to ask for, cancelled) -> the page
ReadPage = Callable[[ImageQuery, "str | None", int, Cancellation], Page]


class JobItems:
    """One way through what is left of a job; `trouble` is why pages could not be read to the end.

    settle is called with the outcome of an item that needs no fetching. write_beside(path,
    record) keeps what the user wants next to a picture. on_wait: called while nothing can be done.
    """

    def __init__(
        self,
        store: JobStore,
        job_id: int,
        read_page: ReadPage,
        write_beside: Callable[[str, str], None],
        settle: Callable[[Outcome], None],
        on_wait: Callable[[], None],
        halt: Cancellation,
    ) -> None:
        self._store, self._job = store, store.job(job_id)
        self._ask_page, self._write_beside = read_page, write_beside
        self._settle, self._on_wait, self._halt = settle, on_wait, halt
        self.trouble: CivitaiShortcutError | None = None

    def __iter__(self) -> Iterator[Item]:
        """In the gallery's order."""
        place, others = 0, list[Item]()
        pages = self._pages()
        while not self._halt.is_set():
            batch = self._store.waiting(self._job.id, place, _BATCH)
            if batch:
                place = batch[-1].place
                yield from self._claimed(batch, others)
            elif next(pages, None) is None:
                break
        while others and not self._halt.is_set():
            waiting, others = others[:_BATCH], others[_BATCH:]
            yield from self._claimed(waiting, others)
            if others:
                self._on_wait()
                self._halt.sleep(_LOOK_EVERY)

    def _pages(self) -> Iterator[Page]:
        """Each page once it is in the database. What is listed is fetched though one cannot be."""
        known = self._store.image_ids(self._job.id)
        missing = self._job.wanted - len(known)
        if self._job.walked:
            return
        try:
            for page, cursor in walk(self._read_page, self._job.cursor, known):
                images = page.images[: max(0, missing)]
                missing -= len(images)
                self._store.add_page(self._job.id, images, cursor if missing > 0 else None)
                yield page
                if missing <= 0:
                    return
        except Cancelled:
            return
        except CivitaiShortcutError as error:
            self.trouble = error

    def _read_page(self, cursor: str | None) -> Page:
        limit = min(_PAGE, self._job.wanted)
        return self._ask_page(self._job.query, cursor, limit, self._halt)

    def _claimed(self, batch: list[Item], others: list[Item]) -> Iterator[Item]:
        """Those of `batch` to fetch now; `others` gets what another job is about to fetch."""
        claims = self._store.claim(self._job.id, [item.image_id for item in batch])
        for item in batch:
            claim = claims[item.image_id]
            here = "" if self._job.again else self._path_here(item)
            if claim.saved_path and not self._job.again:
                self._settle(_skipped(item, claim.saved_path))
            elif here and not claim.other_job:
                self._settle(self._adopted(item, here, claim.ours_before))
            elif not claim.other_job:
                yield item
            else:
                others.append(item)
                if not self._store.is_worked_on(claim.other_job):
                    self._store.drop_claims(claim.other_job)

    def _path_here(self, item: Item) -> str:
        """A picture of this id that lies in the folder: under its name it is whole."""
        for extension in _EXTENSIONS:
            path = os.path.join(self._job.folder, f"{item.image_id}.{extension}")
            if os.path.isfile(path):
                return path
        return ""

    def _adopted(self, item: Item, path: str, ours: bool) -> Outcome:
        """It lay there already: from this job before it was killed, or from elsewhere."""
        try:
            self._write_beside(path, item.record)
        except CivitaiShortcutError as error:
            return Outcome(item.image_id, "failed", reason=error.reason, message=str(error))
        state = "saved" if ours else "skipped"
        return Outcome(item.image_id, state, path, os.path.getsize(path))


def _skipped(item: Item, path: str) -> Outcome:
    gone = "" if os.path.isfile(path) else f"It was saved before as {path}, which is not there now."
    return Outcome(item.image_id, "skipped", path, message=gone)
