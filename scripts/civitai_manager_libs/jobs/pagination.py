"""Reading a gallery page by page for a job, with a report on each page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from ..civitai import count_unrelated, may_be_time_limit, Page, walk_pages
from ..errors import HttpStatusError
from .records import Job, WalkedPage, WalkReport
from .states import WalkState

__all__ = ["count_requests_to_verify", "walk_gallery"]

_PAGE = 100  # images per request; Civitai allows 200, but large ComfyUI graphs make that slow
_SECOND_PAGE = 89  # images per request of the second walk, so that its pages end elsewhere
_BAD_CURSOR = (400, 404, 410, 422)  # HTTP statuses of an expired cursor, but also of other errors

FetchPage = Callable[["str | None", int], Page]  # (cursor, limit) -> page


def count_requests_to_verify(count: int) -> int:
    """Return how many requests a second walk through a gallery of `count` images needs."""
    return max(1, -(-count // _SECOND_PAGE))


def walk_gallery(job: Job, known: set[int], fetch_page: FetchPage) -> Iterator[WalkedPage]:
    """Yield the gallery pages that a job has yet to read, beginning at the job's cursor.

    known: ids of the images that the job has already. fetch_page: returns a page, given its cursor
    and the number of images. If Civitai rejects the job's cursor, begin again at the first page.
    """
    has_begun, walk = False, _walk_second if job.walk is WalkState.SECOND else _walk_first
    try:
        for page in walk(job.cursor, job, known, fetch_page):
            has_begun = True
            yield page
    except HttpStatusError as error:
        if has_begun or job.cursor is None or error.status not in _BAD_CURSOR:
            raise
        yield from walk(None, job, known, fetch_page)


def _walk_first(
    start: str | None, job: Job, known: set[int], fetch_page: FetchPage
) -> Iterator[WalkedPage]:
    """Yield the gallery's pages from its start until the job has enough images.

    start: cursor of the first page to read, None for the gallery's start. known: ids of images to
    leave out, because the job has them already.
    """
    missing, last = job.wanted - len(known), _LastPage(job, bool(known), fetch_page)
    for page, cursor in walk_pages(last.fetch, start, known, sys.maxsize, _PAGE):
        images = page.images[:missing]
        missing -= len(images)
        end = "" if missing and cursor is not None else last.end
        if len(images) < len(page.images) or (not missing and cursor is not None):
            end = "limit"
        report, is_first = last.report(end), last.cursor is None
        if end == "empty":
            yield WalkedPage((), last.cursor, report, is_first)
            return
        yield WalkedPage(images, cursor if missing else None, report, is_first)
        if not missing:
            return


def _walk_second(
    start: str | None, job: Job, known: set[int], fetch_page: FetchPage
) -> Iterator[WalkedPage]:
    """Yield the gallery's pages from its end backwards until the job has enough images.

    start: cursor of the first page to read, None for the gallery's end. known: ids of images that
    the job has already; these images are yielded too, but do not count as new.
    """
    missing, last = job.wanted - len(known), _LastPage(job, bool(known), fetch_page)
    for page, cursor in walk_pages(last.fetch, start, (), sys.maxsize, _SECOND_PAGE):
        new = [image.id for image in page.images if image.id not in known]
        unwanted, is_full = set(new[missing:]), len(new) > missing
        missing -= len(new) - len(unwanted)
        images = tuple(image for image in page.images if image.id not in unwanted)
        end = "limit" if is_full else "" if cursor is not None else last.end
        next_cursor = last.cursor if end == "empty" else None if is_full else cursor
        yield WalkedPage(images, next_cursor, WalkReport(end=end), walk=2)
        if is_full:
            return


class _LastPage:
    """The page that a walk through a gallery has fetched last.

    cursor: the page's cursor, None for the first page. has_images: whether the gallery is known to
    have images.
    """

    def __init__(self, job: Job, has_images: bool, fetch_page: FetchPage) -> None:
        self._job, self._has_images, self._fetch_page = job, has_images, fetch_page
        self._version_ids = {*job.options.facts.versions, job.query.version_id or 0} - {0}
        self.cursor: str | None = None
        self._page = Page()
        self._seen: set[int] = set()

    def fetch(self, cursor: str | None) -> Page:
        """Fetch the page at a cursor, remember it as the last page, and return it."""
        limit = _PAGE if cursor is not None else min(_PAGE, self._job.wanted)
        limit = _SECOND_PAGE if self._job.walk is WalkState.SECOND else limit
        self.cursor, self._page = cursor, self._fetch_page(cursor, limit)
        return self._page

    @property
    def end(self) -> str:
        """Return a code for why the gallery ends with this page, as in `WalkReport.end`."""
        if self.is_empty and may_be_time_limit(self._job.query, self.cursor, self._has_images):
            return "empty"
        return "end" if self._page.next_cursor is None else "blank"

    def report(self, end: str) -> WalkReport:
        """Return a report on the page's images, without images that were on earlier pages too.

        end: the code for why the walk ends with this page, "" if it goes on.
        """
        new_ids = set(self._page.ids) - self._seen
        self._seen |= new_ids
        others = len(new_ids.intersection(self._page.other_ids))
        without_data = min(self._page.without_data, others)
        is_odd = self._page.next_cursor is not None or self.end == "empty"
        new_images = (image for image in self._page.images if image.id in new_ids)
        return WalkReport(
            seen=len(new_ids) + self._page.dropped,
            kept_back=others - without_data,
            without_data=without_data,
            unrelated=count_unrelated(new_images, self._version_ids),
            dropped=self._page.dropped,
            empty_pages=int(self.is_empty and is_odd),
            end=end,
        )

    @property
    def is_empty(self) -> bool:
        return not self._page.ids and not self._page.dropped
