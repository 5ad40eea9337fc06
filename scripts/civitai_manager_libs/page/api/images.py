"""Galleries page by page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...civitai import ImageQuery
from ...errors import Gone, HttpStatusError
from ...library import pages, watched
from ..wire import Asked, Far, Refusal
from .kept import kept_images
from .tools import client, gallery_query, page_view, place_of

__all__ = ["images"]

_MOST_BLANK = 3  # pages in a row on which nothing fits the filters


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
    is_unseen = cursor is None and watched.has_news(query)  # what was read a moment ago lacks it
    fresh, dropped = is_unseen or bool(asked.text("fresh")), 0
    for _ in range(_MOST_BLANK):
        read = _page(asked, query, cursor, size, fresh)
        page, dropped = read.page, dropped + read.page.dropped
        at, cursor = cursor, None if page.next_cursor == cursor else page.next_cursor
        if page.images or cursor is None:
            break
    is_blank = not page.ids and not page.dropped and cursor is None
    if is_blank and not read.kept and (at is not None or query.takes_sql_path):
        notes = [*notes, _note("empty_end", asked)]
    if dropped:
        notes = [*notes, _note("unreadable_rows", asked, n=dropped)]
    if not asked.text("cursor") and not read.kept:
        watched.visit(query, page)
    return _answer(query, read, cursor, notes)


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
    told = {"new_above": watched.new_above(query), "kept": read.kept}
    return page_view(read.page.images, cursor, read.read_at, notes, **told)


def _note(code: str, asked: Asked, **values: Any) -> dict[str, str]:
    return {"code": code, "message": asked.words(code, **values)}
