"""A gallery's pages as a job wants them, each with what it had."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from ..civitai import count_unrelated, may_be_time_limit, Page, walk_pages
from ..errors import HttpStatusError
from .records import Job, WalkedPage, WalkReport
from .states import WalkState

__all__ = ["count_requests_to_verify", "walk_gallery"]

_PAGE = 100  # images asked for at a time; 200 are allowed, but large ComfyUI graphs make them slow
_SECOND_PAGE = 89  # the same of a second walk: what cuts a page does so elsewhere
_NO_SUCH_CURSOR = (400, 404, 410, 422)  # what Civitai says of one, but also of much else

FetchPage = Callable[["str | None", int], Page]  # (cursor, rows to ask for) -> the page


def count_requests_to_verify(count: int) -> int:
    """Return how many requests a second walk makes through a gallery of so many images."""
    return max(1, -(-count // _SECOND_PAGE))


def walk_gallery(job: Job, known: set[int], fetch_page: FetchPage) -> Iterator[WalkedPage]:
    """Yield the pages that are wanted, from where the job was; `known`: the ids it has listed.

    `ask_page` asks from the gallery's other end once the job's second walk has begun. A cursor of
    an earlier go that Civitai does not take any more is no way on: then it is walked anew, past
    what is known.
    """
    is_begun, pages_from = False, _walk_second if job.walk is WalkState.SECOND else _walk_first
    try:
        for page in pages_from(job.cursor, job, known, fetch_page):
            is_begun = True
            yield page
    except HttpStatusError as error:
        if is_begun or job.cursor is None or error.status not in _NO_SUCH_CURSOR:
            raise
        yield from pages_from(None, job, known, fetch_page)


def _walk_first(
    start: str | None, job: Job, known: set[int], fetch_page: FetchPage
) -> Iterator[WalkedPage]:
    missing, sent = job.wanted - len(known), _LastPage(job, bool(known), _version_ids(job))

    def ask(cursor: str | None) -> Page:
        rows = min(_PAGE, job.wanted) if cursor is None else _PAGE
        return sent.record_page(cursor, fetch_page(cursor, rows))

    for page, cursor in walk_pages(ask, start, known, sys.maxsize, _PAGE):
        images = page.images[:missing]
        missing -= len(images)
        end = "" if missing and cursor is not None else sent.end
        if len(images) < len(page.images) or (not missing and cursor is not None):
            end = "limit"
        report, is_first = sent.report(end), sent.cursor is None
        if end == "empty":
            yield WalkedPage((), sent.cursor, report, is_first)
            return
        yield WalkedPage(images, cursor if missing else None, report, is_first)
        if not missing:
            return


def _walk_second(
    start: str | None, job: Job, known: set[int], fetch_page: FetchPage
) -> Iterator[WalkedPage]:
    """Yield the pages of the second walk: what is listed, and of the rest as much as is wanted."""
    missing, sent = job.wanted - len(known), _LastPage(job, bool(known), set())

    def ask(cursor: str | None) -> Page:
        return sent.record_page(cursor, fetch_page(cursor, _SECOND_PAGE))

    for page, cursor in walk_pages(ask, start, (), sys.maxsize, _SECOND_PAGE):
        fresh = [image.id for image in page.images if image.id not in known]
        unwanted, is_full = set(fresh[missing:]), len(fresh) > missing
        missing -= len(fresh) - len(unwanted)
        images = tuple(image for image in page.images if image.id not in unwanted)
        end = "limit" if is_full else "" if cursor is not None else sent.end
        following = sent.cursor if end == "empty" else None if is_full else cursor
        yield WalkedPage(images, following, WalkReport(end=end), walk=2)
        if is_full:
            return


def _version_ids(job: Job) -> set[int]:
    version_id = job.query.version_id
    return set(job.options.facts.versions) | ({version_id} if version_id else set())


class _LastPage:
    """The page that was read last, as Civitai sent it; `cursor` leads to it, None to the first.

    has_images: the gallery is known to have some. version_ids: those whose images the gallery has,
    empty where they are not known.
    """

    def __init__(self, job: Job, has_images: bool, version_ids: set[int]) -> None:
        self._query, self._has_images, self._version_ids = job.query, has_images, version_ids
        self.cursor: str | None = None
        self._page = Page()
        self._seen: set[int] = set()

    def record_page(self, cursor: str | None, page: Page) -> Page:
        self.cursor, self._page = cursor, page
        return page

    @property
    def end(self) -> str:
        """What it means where the walk is over by itself."""
        if self.is_empty and may_be_time_limit(self._query, self.cursor, self._has_images):
            return "empty"
        return "end" if self._page.next_cursor is None else "blank"

    def report(self, end: str) -> WalkReport:
        """What it had that no page before it had."""
        fresh = set(self._page.ids) - self._seen
        self._seen |= fresh
        others = len(fresh.intersection(self._page.other_ids))
        lacking = min(self._page.without_data, others)
        is_odd = self._page.next_cursor is not None or self.end == "empty"
        return WalkReport(
            seen=len(fresh) + self._page.dropped,
            kept_back=others - lacking,
            without_data=lacking,
            unrelated=count_unrelated(
                (image for image in self._page.images if image.id in fresh), self._version_ids
            ),
            dropped=self._page.dropped,
            empty_pages=int(self.is_empty and is_odd),
            end=end,
        )

    @property
    def is_empty(self) -> bool:
        return not self._page.ids and not self._page.dropped
