"""A walk: the reading of a whole gallery, page by page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from ..civitai import count_unrelated, may_have_timed_out, Page, walk_pages
from ..errors import HttpStatusError
from .job_records import Job, WalkedPage, WalkReport, WalkState

_PAGE = 100  # images per request; Civitai allows 200, but large ComfyUI graphs make that slow
_SECOND_PAGE = 89  # images per request of the second walk, so that its pages end elsewhere
_BAD_CURSOR = (400, 404, 410, 422)  # HTTP statuses of an expired cursor, but also of other errors

FetchPage = Callable[["str | None", int], Page]  # (cursor, limit) -> page


def count_requests_to_verify(count: int) -> int:
    """Return how many requests it takes to read a gallery of `count` images a second time."""
    return max(1, -(-count // _SECOND_PAGE))


def walk_gallery(job: Job, known: set[int], fetch_page: FetchPage) -> Iterator[WalkedPage]:
    """Yield the gallery pages that a job has yet to read, beginning at the job's cursor.

    known: ids of the images that the job has already. fetch_page: returns a page, given its cursor
    and the number of images. If Civitai rejects the job's cursor, begin again at the first page.
    Other errors of `fetch_page` are passed on.
    """
    has_begun = False
    try:
        for page in _walk_from(job.cursor, job, known, fetch_page):
            has_begun = True
            yield page
    except HttpStatusError as error:
        if has_begun or job.cursor is None or error.status not in _BAD_CURSOR:
            raise
        yield from _walk_from(None, job, known, fetch_page)


def _walk_from(
    start: str | None, job: Job, known: set[int], fetch_page: FetchPage
) -> Iterator[WalkedPage]:
    """Yield pages from a cursor on until the job has enough; a second walk yields `known` too."""
    is_second = job.walk is WalkState.SECOND
    rows = _SECOND_PAGE if is_second else _PAGE
    missing, last = job.wanted - len(known), _LastPage(job, bool(known), rows, fetch_page)
    for page, cursor in walk_pages(
        last.fetch, start, () if is_second else known, sys.maxsize, rows
    ):
        new = [image.id for image in page.images if image.id not in known]
        unwanted = set(new[missing:])
        missing -= len(new) - len(unwanted)
        images = tuple(image for image in page.images if image.id not in unwanted)
        # A second walk goes on, to count the images that both walks find.
        is_full = bool(unwanted) or (not is_second and not missing and cursor is not None)
        end = "limit" if is_full else "" if cursor is not None else last.end_code
        next_cursor = last.cursor if end == "empty" else None if is_full else cursor
        if is_second:
            yield WalkedPage(images, next_cursor, WalkReport(end=end), walk=2)
        else:
            yield WalkedPage(images, next_cursor, last.make_report(end), last.cursor is None)
        if is_full:
            return


class _LastPage:
    """The page that a walk through a gallery has fetched last.

    cursor: the page's cursor, None for the first page. has_images: whether the gallery is known to
    have images. rows: the number of images to request for a page.
    """

    def __init__(self, job: Job, has_images: bool, rows: int, fetch_page: FetchPage) -> None:
        self._job, self._fetch_page = job, fetch_page
        self._has_images, self._rows = has_images, rows
        self._version_ids = {*job.options.facts.versions, job.query.version_id or 0} - {0}
        self.cursor: str | None = None
        self._page = Page()
        self._seen: set[int] = set()
        self._is_feed = False

    def fetch(self, cursor: str | None) -> Page:
        """Fetch the page at a cursor, remember it as the last page, and return it."""
        limit = self._rows if cursor is not None else min(self._rows, self._job.wanted)
        self.cursor, self._page = cursor, self._fetch_page(cursor, limit)
        # Only the site's feed sends a cursor with an empty page; it has no time limit.
        self._is_feed |= self.is_empty and self._page.next_cursor is not None
        return self._page

    @property
    def end_code(self) -> str:
        """Return the code for why no page is read after this one.

        `empty`: this page is empty, perhaps because Civitai has timed out. `end`: there is no next
        page. `blank`: there is one, but the last pages brought nothing new.
        """
        has_images = self._has_images or self.cursor is not None
        may_go_on = may_have_timed_out(self._job.query, has_images) and not self._is_feed
        if self.is_empty and may_go_on:
            return "empty"
        return "end" if self._page.next_cursor is None else "blank"

    def make_report(self, end: str) -> WalkReport:
        """Return the numbers of images that no earlier page had. end: why the walk ends."""
        new_ids = set(self._page.ids) - self._seen
        self._seen |= new_ids
        others = len(new_ids.intersection(self._page.other_ids))
        without_data = min(self._page.without_data, others)
        is_odd = self._page.next_cursor is not None or self.end_code == "empty"
        new_images = (image for image in self._page.images if image.id in new_ids)
        return WalkReport(
            seen=len(new_ids) + self._page.dropped,
            kept_back=others - without_data,
            without_data=without_data,
            unrelated=count_unrelated(new_images, self._version_ids),
            dropped=self._page.dropped,
            empty_pages=int(self.is_empty and is_odd),
            gone=len(self._page.missing_ids),
            end=end,
        )

    @property
    def is_empty(self) -> bool:
        return not (self._page.ids or self._page.dropped or self._page.missing_ids)
