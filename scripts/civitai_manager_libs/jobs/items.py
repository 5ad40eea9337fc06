"""Which pictures of a job are to be fetched now: pages read as needed, nothing fetched twice."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from ..civitai import ImageQuery, Page, walk
from ..errors import Cancelled, CivitaiShortcutError, DiskFull, HttpStatusError
from ..ground import Cancellation, Image, one_ahead
from ..network import whole_kind
from .records import Claim, failure, Item, Outcome, WalkedPage
from .store import JobStore

__all__ = ["JobItems", "ReadPage"]

_BATCH = 32  # items claimed at a time
_PAGE = 100  # images asked for at a time; 200 are allowed, but large ComfyUI graphs make them slow
_LOOK_EVERY = 0.3  # seconds between two looks at what another job has claimed
_NO_SUCH_CURSOR = (400, 404, 410, 422)  # what Civitai says of one, but also of much else
_EXTENSIONS = ("png", "jpg", "webp", "gif", "avif", "heic", "mp4", "webm", "mp3")

# (query, cursor, rows to ask for, cancelled) -> the page
ReadPage = Callable[[ImageQuery, "str | None", int, Cancellation], Page]


class JobItems:
    """One way through what is left of a job; `trouble` is why it could not go to the end.

    settle is called with the outcome of an item that needs no fetching. write_beside(path,
    record) keeps what the user wants next to a picture. on_wait is called five times a second
    while a page is read, and between two looks at what others do.
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
        # Their places: the records of a whole gallery would be too much to keep.
        self._tried: list[int] = []  # what failed in an earlier go and waits again
        self._others: list[int] = []  # what other jobs are about to fetch
        self.trouble: CivitaiShortcutError | None = None
        self.dropped = 0  # rows of the pages read, of which nothing can be fetched

    def __iter__(self) -> Iterator[Item]:
        """In the gallery's order, but last what was tried before: it must not bar the way."""
        try:
            yield from self._listed()
            yield from self._tried_before()
            yield from self._left_by_others()
        except Cancelled:
            return
        except CivitaiShortcutError as error:
            self.trouble = error

    def _listed(self) -> Iterator[Item]:
        place = 0
        with closing(self._pages()) as pages:  # an error's traceback would keep it, and its thread
            while not self._halt.is_set():
                batch = self._store.waiting(self._job.id, place, _BATCH)
                if batch:
                    place = batch[-1].place
                    self._tried += [item.place for item in batch if item.reason]
                    yield from self._claimed([item for item in batch if not item.reason])
                elif next(pages, None) is None:
                    return

    def _tried_before(self) -> Iterator[Item]:
        while self._tried and not self._halt.is_set():
            places, self._tried = self._tried[:_BATCH], self._tried[_BATCH:]
            yield from self._claimed(self._still_waiting(places))

    def _left_by_others(self) -> Iterator[Item]:
        """What they did not save after all. What they saved is skipped."""
        while self._others and not self._halt.is_set():
            places, self._others = self._others[:_BATCH], self._others[_BATCH:]
            yield from self._claimed(self._still_waiting(places))
            if self._others[-len(places) :] == places:  # not one of them has come
                self._on_wait()
                self._halt.sleep(_LOOK_EVERY)

    def _still_waiting(self, places: list[int]) -> list[Item]:
        found = [self._store.waiting(self._job.id, place - 1, 1) for place in places]
        return [item for items in found for item in items if item.place in places]

    # Pages

    def _pages(self) -> Generator[tuple[Image, ...], None, None]:
        """Each page once it is in the database, the next one read while its pictures are fetched.

        What is listed is fetched though a page cannot be read.
        """
        if self._job.walked:
            return
        known = self._store.image_ids(self._job.id)
        try:
            with closing(one_ahead(self._read(known), self._halt, self._on_wait)) as pages:
                for page in pages:
                    self._store.add_page(self._job.id, page)
                    yield page.images
            self._halt.check()
        except CivitaiShortcutError as error:
            self.trouble = error

    def _read(self, known: set[int]) -> Iterator[WalkedPage]:
        """The pages that are wanted.

        A cursor of an earlier go that Civitai does not take any more is no way on: then it is
        walked anew, past what is known.
        """
        is_begun = False
        try:
            for read in self._walked(self._job.cursor, known):
                is_begun = True
                yield read
        except HttpStatusError as error:
            if is_begun or self._job.cursor is None or error.status not in _NO_SUCH_CURSOR:
                raise
            yield from self._walked(None, known)

    def _walked(self, start: str | None, known: set[int]) -> Iterator[WalkedPage]:
        missing, limit = self._job.wanted - len(known), min(_PAGE, self._job.wanted)
        blank_at: list[str | None] = []  # where the page that was read last was empty

        def ask(cursor: str | None) -> Page:
            page = self._ask_page(self._job.query, cursor, limit, self._halt)
            blank_at[:] = [] if page.ids or page.dropped else [cursor]
            return page

        for page, cursor in walk(ask, start, known, sys.maxsize):
            images = page.images[:missing]
            self.dropped += page.dropped
            missing -= len(images)
            if cursor is None and blank_at and blank_at[0] is not None:
                yield WalkedPage((), blank_at[0], is_empty_end=True)
                return
            yield WalkedPage(images, cursor if missing else None)
            if not missing:
                return

    # Who fetches what

    def _claimed(self, batch: list[Item]) -> Iterator[Item]:
        """Those of `batch` to fetch now."""
        if not batch:
            return
        claims = self._store.claim(self._job.id, [item.image_id for item in batch])
        for item in batch:
            claim = claims[item.image_id]
            outcome = None if self._job.again else self._there(item, claim)
            if outcome is not None:
                self._settle(outcome)
            elif claim.other_job:
                self._others.append(item.place)
            else:
                yield item
        for other_job in {claim.other_job for claim in claims.values()} - {0}:
            self._store.free_claims(other_job)

    def _there(self, item: Item, claim: Claim) -> Outcome | None:
        """What becomes of an item that needs no fetching."""
        path, size = self._file_here(item, claim.saved_bytes)
        if claim.saved_path:
            return _saved_before(item, path, claim)
        if path and not claim.other_job:
            return self._adopted(item, path, size, claim.ours_before)
        return None

    def _file_here(self, item: Item, known_size: int) -> tuple[str, int]:
        """A whole picture of this id that lies in the folder."""
        for extension in _EXTENSIONS:
            path = os.path.join(self._job.folder, f"{item.image_id}.{extension}")
            found = _found(path, known_size)
            if found is not None and found[0] == extension:
                return path, found[1]
        return "", 0

    def _adopted(self, item: Item, path: str, size: int, ours: bool) -> Outcome:
        """It lay there already: from this job before it was killed, or from elsewhere."""
        try:
            self._write_beside(path, item.record)
        except DiskFull:
            raise
        except CivitaiShortcutError as error:
            return failure(item, error)
        return Outcome(item.image_id, "saved" if ours else "skipped", path, size)


def _saved_before(item: Item, path: str, claim: Claim) -> Outcome:
    """path: of one that lies in the job's own folder."""
    path, gone = path or claim.saved_path, ""
    if not os.path.isfile(path):
        gone = f"It was saved before as {path}, which is not there now."
    elif _found(path, claim.saved_bytes) is None:
        gone = f"It was saved before as {path}, which is not whole now."
    return Outcome(item.image_id, "skipped", path, message=gone)


def _found(path: str, known_size: int) -> tuple[str, int] | None:
    """The true extension and the bytes of a picture that is whole; known_size: 0 when it is not."""
    try:
        kind = whole_kind(path, known_size)
        return None if kind is None else (kind, os.path.getsize(path))
    except OSError:  # not there, or not to be read: to fetch it will say what is wrong
        return None
