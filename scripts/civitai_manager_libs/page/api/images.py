"""Galleries page by page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ...civitai import ImageQuery, Page
from ...errors import Gone, HttpStatusError
from ...ground import whole
from ...library import own, pages, watched
from ...words import messages
from ..wire import Asked, Far, image_view, Refusal
from .finding import highest_level
from .kept import kept_images
from .tools import client, saved_files

__all__ = ["images", "query_of"]

_MOST_BLANK = 3  # pages in a row on which nothing fits the filters
_LAST_ID = 2**31 - 1


def images(asked: Asked) -> Any:
    """`images?...`; with `search=` of what was kept."""
    if "search" in asked.request.query_params:
        return kept_images(asked)
    given = {name: asked.text(name) for name in asked.request.query_params}
    query = query_of({**given, "level": highest_level(asked)}, asked.language)
    cursor, size = asked.text("cursor") or None, whole(asked.text("limit"), 1, 200) or 100
    notes = [_note("sort_dropped", asked)] if query.drops_sort else []
    if query.drops_sort:
        query = replace(query, sort="Newest")
    if asked.text("kept"):
        read = pages.read_kept(query, cursor, size)
        if read is None:
            raise Refusal(404, "not_known")
        return _answer(asked, query, read, read.page, notes)
    return Far(lambda: _read(asked, query, cursor, size, notes))


def query_of(given: dict[str, Any], language: str) -> ImageQuery:
    """What the page asks for by its own names. `level`: a mask. Raises Refusal."""
    numbers = {
        name: whole(given.get(short) or None, 1, _LAST_ID)
        for name, short in (("model_id", "model"), ("version_id", "version"), ("post_id", "post"))
    }
    username = str(given.get("user") or "")
    base = [name.strip() for name in str(given.get("base") or "").split(",")]
    query = ImageQuery.from_json(
        {
            **numbers,
            "username": username,
            "sort": given.get("sort") or "Newest",
            "period": given.get("period") or "AllTime",
            "level": given["level"],
            "type": given.get("type") or None,
            "with_meta": str(given.get("meta") or "0") in ("1", "true", "True"),
            "base_models": [name for name in base if name],
        }
    )
    if not any(numbers.values()) and not query.username:
        raise Refusal(400, "bad_input", messages.text("name_a_model", language))
    return query


def _read(
    asked: Asked, query: ImageQuery, cursor: str | None, size: int, notes: list[dict[str, str]]
) -> dict[str, Any]:
    is_unseen = cursor is None and watched.has_news(query)  # what was read a moment ago lacks it
    fresh, others, dropped = is_unseen or bool(asked.text("fresh")), 0, 0
    for _ in range(_MOST_BLANK):
        read = _page(asked, query, cursor, size, fresh)
        page = read.page
        others, dropped = others + len(page.other_ids), dropped + page.dropped
        at, cursor = cursor, None if page.next_cursor == cursor else page.next_cursor
        if page.images or cursor is None:
            break
    is_blank = not page.ids and not page.dropped and cursor is None
    if is_blank and not read.kept and (at is not None or query.takes_sql_path):
        notes = [*notes, _note("empty_end", asked)]
    if dropped:
        notes = [*notes, _note("unreadable_rows", asked, n=dropped)]
    whole_page = Page(page.images, cursor, dropped, page.other_ids)
    if not asked.text("cursor") and not read.kept:
        watched.visit(query, whole_page)
    return _answer(asked, query, read, whole_page, notes, others)


def _page(
    asked: Asked, query: ImageQuery, cursor: str | None, size: int, fresh: bool
) -> pages.Read:
    try:
        return pages.read_page(client(), query, cursor, size, asked.cancelled, fresh)
    except Gone as error:
        raise Refusal(404, "gone", messages.text("no_gallery", asked.language)) from error
    except HttpStatusError as error:
        if error.status != 400 or not query.base_models:
            raise
        words = messages.text("no_base_model", asked.language, names=", ".join(query.base_models))
        raise Refusal(400, "bad_input", words, "base") from error


def _answer(
    asked: Asked,
    query: ImageQuery,
    read: pages.Read,
    page: Page,
    notes: list[dict[str, str]],
    others: int = 0,
) -> dict[str, Any]:
    ids = [image.id for image in page.images]
    saved, marked, new_above = saved_files(ids), own.marks.of(ids), watched.new_above(query)
    return {
        "images": [image_view(image, saved, marked, new_above) for image in page.images],
        "cursor": page.next_cursor,
        "dropped": page.dropped,
        "others": others,
        "notes": notes,
        "read_at": datetime.fromtimestamp(read.read_at, timezone.utc).isoformat("T", "seconds"),
        "kept": read.kept,
    }


def _note(code: str, asked: Asked, **values: Any) -> dict[str, str]:
    return {"code": code, "message": messages.text(code, asked.language, **values)}
