"""Galleries page by page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...civitai import ImageQuery, may_be_time_limit, Page, seem_unrelated, walk
from ...errors import Gone, HttpStatusError
from ...i18n import messages
from ...library import models, pages, watches
from ..http import Asked, Far, Refusal
from .dependencies import client, gallery_query, page_view, place_of
from .library import kept_images

__all__ = ["images"]

_MOST_BLANK = 3  # pages in a row on which nothing fits the filters
_MOST_PAGES = 50  # that are read for one; most of them empty


def images(asked: Asked) -> Any:
    """`images?...`; with `search=` of what was kept."""
    if "search" in asked.request.query_params:
        return kept_images(asked)
    query = gallery_query(asked.request.query_params)
    cursor, size = place_of(asked)
    notes = [_note("sort_dropped", asked)] if query.drops_sort else []
    if query.drops_sort:
        query = replace(query, sort="Newest")
    if asked.text("kept"):
        read = pages.read_kept(query, cursor, size)
        if read is None:
            raise Refusal(404, "not_known")
        return _answer(query, read, read.page.next_cursor, notes)
    return Far(lambda: _read(asked, query, cursor, size, notes))


def _read(
    asked: Asked, query: ImageQuery, cursor: str | None, size: int, notes: list[dict[str, str]]
) -> dict[str, Any]:
    is_unseen = cursor is None and watches.has_news(query)  # what was read a moment ago lacks it
    fresh, reads = is_unseen or bool(asked.text("fresh")), list[pages.Read]()

    def ask(at: str | None) -> Page:
        reads.append(_page(asked, query, at, size, fresh))
        return reads[-1].page

    start, at, blank = cursor, cursor, 0
    for page, following in walk(ask, start, max_pages=_MOST_PAGES, page_rows=size):
        at, cursor, blank = cursor, following, blank + bool(page.ids)
        if page.images or blank == _MOST_BLANK:
            break
    read = reads[-1]
    if not read.kept:
        notes = [*notes, *_notes(asked, query, reads, at, cursor)]
    if start is None and not read.kept:
        watches.visit(query, read.page)
    return _answer(query, read, cursor, notes)


def _notes(
    asked: Asked, query: ImageQuery, reads: list[pages.Read], at: str | None, cursor: str | None
) -> list[dict[str, str]]:
    """Return what is to be said of the pages that were read; `at` led to the last of them."""
    page, notes = reads[-1].page, []
    if not page.ids and not page.dropped and cursor is None:
        if may_be_time_limit(query, at):
            message = messages.reason("empty_end", asked.language)
            notes.append({"code": "empty_end", "message": message})
        elif query.username:
            notes.append(_note("no_author", asked, user=query.username))
    if at is None and seem_unrelated(page.images, _version_ids(query)):
        notes.append(_note("unrelated", asked))
    dropped = sum(read.page.dropped for read in reads)
    return [*notes, _note("unreadable_rows", asked, n=dropped)] if dropped else notes


def _version_ids(query: ImageQuery) -> set[int]:
    """Return the ids of all versions whose images belong to the gallery, as far as is known."""
    kept = models.kept_model(query.model_id) if query.model_id else None
    own = {query.version_id} if query.version_id else set()
    return own | {version.id for version in (kept.versions if kept else ())}


def _page(
    asked: Asked, query: ImageQuery, cursor: str | None, size: int, fresh: bool
) -> pages.Read:
    try:
        return pages.read_page(client(), query, cursor, size, asked.cancelled, fresh)
    except Gone as error:
        raise Refusal(404, "gone", "no_gallery") from error
    except HttpStatusError as error:
        if error.status != 400 or not query.base_models:
            raise
        names = ", ".join(query.base_models)
        raise Refusal(400, "bad_input", "no_base_model", "base", names=names) from error


def _answer(
    query: ImageQuery, read: pages.Read, cursor: str | None, notes: list[dict[str, str]]
) -> dict[str, Any]:
    told = {"news": watches.news_of(query), "kept": read.kept}
    return page_view(read.page.images, cursor, read.read_at, notes, **told)


def _note(code: str, asked: Asked, **values: Any) -> dict[str, str]:
    return {"code": code, "message": asked.words(code, **values)}
