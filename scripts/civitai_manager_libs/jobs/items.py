"""Which pictures of a job are to be fetched now: pages read as needed, nothing fetched twice."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from .. import util
from ..civitai import ImageQuery, Page
from ..core import Cancellation, complete_file_type, Image, prefetch
from ..errors import Cancelled, CivitaiShortcutError, DiskFull, InvalidResponse
from ..http_client import FetchedFile
from .pagination import walk_gallery
from .records import Claim, failed_outcome, Item, Outcome, WalkedPage
from .states import WalkState
from .store import JobStore

__all__ = ["JobItems", "Network", "current_size"]

_BATCH = 32  # items claimed at a time
_LOOK_EVERY = 0.3  # seconds between two looks at what another job has claimed
_LATER = 5.0  # seconds after which an empty last page is asked for once more
_EXTENSIONS = ("png", "jpg", "webp", "gif", "avif", "heic", "mp4", "webm", "mp3")


@dataclass(frozen=True)
class Network:
    """What a job needs of the world.

    read_page(query, cursor, rows to ask for, cancelled): a page. fetch(url, true extension -> path,
    (bytes, bytes in all) told on the way, cancelled): a file. write_beside(path, record, whether we
    saved it) keeps what the user wants next to a picture, or in it. resting(url): seconds until its
    host may be asked again.
    """

    read_page: Callable[[ImageQuery, str | None, int, Cancellation], Page]
    fetch: Callable[
        [str, Callable[[str], str], Callable[[int, int], None], Cancellation], FetchedFile
    ]
    write_sidecars: Callable[[str, str, bool], None]
    resting: Callable[[str], float]


class JobItems:
    """One way through what is left of a job; `failure` is why it could not go to the end.

    settle is called with the outcome of an item that needs no fetching. on_wait is called five
    times a second while a page is read, and between two looks at what others do.
    """

    def __init__(
        self,
        store: JobStore,
        job_id: int,
        network: Network,
        settle: Callable[[Outcome], None],
        on_wait: Callable[[], None],
        halt: Cancellation,
    ) -> None:
        self._store, self._job, self._network = store, store.get_job(job_id), network
        self._settle, self._on_wait, self._halt = settle, on_wait, halt
        self._known_in_row = 0
        self._place = 0  # of the last one that was listed
        # Their places: the records of a whole gallery would be too much to keep.
        self._tried: list[int] = []  # what failed in an earlier go and waits again
        self._others: list[int] = []  # what other jobs are about to fetch
        self.failure: CivitaiShortcutError | None = None

    def __iter__(self) -> Iterator[Item]:
        """In the gallery's order, but last what was tried before: it must not bar the way."""
        try:
            yield from self._iter_listed()
            yield from self._iter_retried()
            yield from self._iter_released()
            yield from self._iter_reread()
            yield from self._iter_second_walk()
        except Cancelled:
            return
        except CivitaiShortcutError as error:
            self.failure = error

    def _iter_listed(self) -> Iterator[Item]:
        with closing(
            self._iter_pages()
        ) as pages:  # an error's traceback would keep it, and its thread
            while not self._halt.is_set():
                batch = self._store.list_waiting(self._job.id, self._place, _BATCH)
                if batch:
                    self._place = batch[-1].place
                    self._tried += [item.place for item in batch if item.reason]
                    yield from self._claim_batch([item for item in batch if not item.reason])
                elif next(pages, None) is None:
                    return

    def _iter_retried(self) -> Iterator[Item]:
        while self._tried and not self._halt.is_set():
            places, self._tried = self._tried[:_BATCH], self._tried[_BATCH:]
            yield from self._claim_batch(self._filter_waiting(places))

    def _iter_released(self) -> Iterator[Item]:
        """What they did not save after all. What they saved is skipped."""
        while self._others and not self._halt.is_set():
            places, self._others = self._others[:_BATCH], self._others[_BATCH:]
            yield from self._claim_batch(self._filter_waiting(places))
            if self._others[-len(places) :] == places:  # not one of them has come
                self._on_wait()
                self._halt.sleep(_LOOK_EVERY)

    def _iter_reread(self) -> Iterator[Item]:
        """Once more, and later, for a last page that was empty: Civitai may have been too slow."""
        if not self._store.get_job(self._job.id).ended_empty:
            return
        again_at = time.monotonic() + _LATER
        while time.monotonic() < again_at and not self._halt.is_set():
            self._on_wait()
            self._halt.sleep(_LOOK_EVERY)
        if not self._halt.is_set():
            self._store.reread_last_page(self._job.id)
            self._job = self._store.get_job(self._job.id)
            yield from self._iter_listed()
            yield from self._iter_released()

    def _iter_second_walk(self) -> Iterator[Item]:
        """Yield what only a second walk finds, from the gallery's other end, if that is wanted."""
        if self._halt.is_set() or not self._store.get_job(self._job.id).needs_second_walk:
            return
        self._store.begin_verifying(self._job.id)
        self._job = self._store.get_job(self._job.id)
        yield from self._iter_listed()
        yield from self._iter_released()
        yield from self._iter_reread()

    def _filter_waiting(self, places: list[int]) -> list[Item]:
        found = [self._store.list_waiting(self._job.id, place - 1, 1) for place in places]
        return [item for items in found for item in items if item.place in places]

    # Pages

    def _iter_pages(self) -> Generator[tuple[Image, ...], None, None]:
        """Each page once it is in the database, the next one read while its pictures are fetched.

        What is listed is fetched though a page cannot be read.
        """
        if not self._job.walk.is_under_way:
            return
        try:
            with closing(prefetch(self._walk_pages(), self._halt, self._on_wait)) as pages:
                for page in map(self._cut_at_known, pages):
                    self._store.add_page(self._job.id, page)
                    yield page.images
                    if page.report.end == "known":
                        return
            self._halt.check()
        except CivitaiShortcutError as error:
            self.failure = error

    def _cut_at_known(self, page: WalkedPage) -> WalkedPage:
        """Where so many in a row were saved before as end the walk, it ends with the last of them.

        Here, and not while the page is read: that is in a thread which has no database.
        """
        most = 0 if page.walk == 2 else self._job.options.stop_at_known
        saved = self._store.find_saved_paths([image.id for image in page.images]) if most else {}
        for at, image in enumerate(page.images if most else (), start=1):
            self._known_in_row = self._known_in_row + 1 if image.id in saved else 0
            if self._known_in_row == most:
                report = replace(page.report, end="known")
                return replace(page, images=page.images[:at], cursor=None, report=report)
        return page

    def _walk_pages(self) -> Iterator[WalkedPage]:
        return walk_gallery(self._job, self._store.list_image_ids(self._job.id), self._fetch_page)

    def _fetch_page(self, cursor: str | None, rows: int) -> Page:
        query = self._job.query
        query = query.reverse if self._job.walk is WalkState.SECOND else query
        return self._network.read_page(query, cursor, rows, self._halt)

    # Who fetches what

    def _claim_batch(self, batch: list[Item]) -> Iterator[Item]:
        """Those of `batch` to fetch now."""
        if self._job.options.reads_only:
            for item in batch:
                self._settle(Outcome(item.image_id, "saved"))
            return
        if not batch:
            return
        claims = self._store.claim_images(self._job.id, [item.image_id for item in batch])
        for item in batch:
            claim = claims[item.image_id]
            outcome = None if self._job.again else self._find_existing(item, claim)
            if outcome is not None:
                self._settle(outcome)
            elif claim.other_job:
                self._others.append(item.place)
            else:
                yield item
        for other_job in {claim.other_job for claim in claims.values()} - {0}:
            self._store.free_claims(other_job)

    def _find_existing(self, item: Item, claim: Claim) -> Outcome | None:
        """What becomes of an item that needs no fetching."""
        path, size = self._find_in_folder(item, claim.saved_bytes)
        if claim.saved_path:
            return _skip_saved(item, path, claim)
        if path and not claim.other_job:
            return self._adopt_file(item, path, size, claim.ours_before)
        return None

    def _find_in_folder(self, item: Item, known_size: int) -> tuple[str, int]:
        """A whole picture of this id that lies in the folder."""
        for extension in _EXTENSIONS:
            path = item.path(self._job.folder, extension)
            found = _check_complete(path, known_size)
            if found is not None and found[0] == extension:
                return path, found[1]
        return "", 0

    def _adopt_file(self, item: Item, path: str, size: int, ours: bool) -> Outcome:
        """It lay there already: from this job before it was killed, or from elsewhere."""
        try:
            self._network.write_sidecars(path, item.record, ours)
        except InvalidResponse as error:  # no fault of the picture's
            util.printD(f"[gallery] {item.image_id}: {error}")
        except DiskFull:
            raise
        except CivitaiShortcutError as error:
            return failed_outcome(item, error)
        state, size = "saved" if ours else "skipped", current_size(path, size)
        return Outcome(item.image_id, state, path, size)


def current_size(path: str, size: int) -> int:
    """The file's bytes now: an infotext may have been put into it. `size` where it is gone."""
    try:
        return os.path.getsize(path)
    except OSError:
        return size


def _skip_saved(item: Item, path: str, claim: Claim) -> Outcome:
    """path: of one that lies in the job's own folder."""
    path, gone = path or claim.saved_path, ""
    if not os.path.isfile(path):
        gone = f"It was saved before as {path}, which is not there now."
    elif _check_complete(path, claim.saved_bytes) is None:
        gone = f"It was saved before as {path}, which is not whole now."
    return Outcome(item.image_id, "skipped", path, message=gone)


def _check_complete(path: str, known_size: int) -> tuple[str, int] | None:
    """The true extension and the bytes of a picture that is whole; known_size: 0 when it is not."""
    try:
        kind = complete_file_type(path, known_size)
        return None if kind is None else (kind, os.path.getsize(path))
    except OSError:  # not there, or not to be read: to fetch it will say what is wrong
        return None
