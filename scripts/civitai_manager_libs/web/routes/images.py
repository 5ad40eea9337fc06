"""Pages of galleries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from ...civitai import ImageQuery, may_have_timed_out, Page, seem_unrelated, walk_pages
from ...core import Image, log_disk_errors
from ...errors import HttpStatusError, NotFound
from ...i18n import messages
from ...library import models, pages, recent_models, records, search, watches
from ..http import ApiError, RemoteWork, RequestContext
from ..schemas.images import ImagePage, Note
from .dependencies import get_client, make_page_view, parse_gallery_query, parse_page_position
from .library import read_hidden_terms, search_images

__all__ = ["get_images"]

_MOST_BLANK = 3  # pages in a row without an image that passes the filters
_MOST_PAGES = 50  # of Civitai that are read for one response; most are empty


class _NotInMemory(Exception):
    pass


def get_images(context: RequestContext) -> ImagePage | RemoteWork[ImagePage]:
    """Return a page of a gallery, or a page of a search of the library.

    The library is searched if there is a query parameter `search`, or if `sort` is random, which
    Civitai does not offer. For a gallery, `from_library` requests the stored page, and `fresh` a
    page that Civitai sends now. The other parameters are those of `GalleryQuery`, `cursor` and
    `limit`.
    """
    if "search" in context.request.query_params or context.query_param("sort") == search.RANDOM:
        return search_images(context)
    query = parse_gallery_query(context.request.query_params)
    cursor, size = parse_page_position(context)
    notes = list[Note]()
    if query.ignores_sort:
        notes, query = [_make_note("sort_dropped", context)], replace(query, sort="Newest")
    if context.query_param("from_library"):
        found = _view_page(context, query, pages.load_stored_page(query, cursor, size), notes)
        if found is None:
            raise ApiError(404, "not_known")
        return found
    # A stored page lacks the new images of a watched gallery.
    is_unseen = cursor is None and watches.has_new_images(query)
    read_pages = partial(_read_pages, context, query, cursor, size, notes)
    if is_unseen or context.query_param("fresh"):
        return RemoteWork(lambda: read_pages(partial(_fetch_page, context, query, size, True)))
    with suppress(_NotInMemory):
        return read_pages(partial(_find_page, query, size))
    return RemoteWork(
        lambda: read_pages(partial(_fetch_page, context, query, size, False)),
        find_stored=lambda: _view_page(
            context, query, pages.load_stored_page(query, cursor, size), notes
        ),
    )


def _view_page(
    context: RequestContext, query: ImageQuery, read: pages.DatedPage | None, notes: list[Note]
) -> ImagePage | None:
    if read is None:
        return None
    shown = _leave_out_hidden(context, read.page.images)
    hidden_count = len(read.page.images) - len(shown)
    return _images_view(query, read, shown, read.page.next_cursor, notes, hidden_count)


def _read_pages(
    context: RequestContext,
    query: ImageQuery,
    cursor: str | None,
    size: int,
    notes: list[Note],
    read_page: Callable[[str | None], pages.DatedPage],
) -> ImagePage:
    reads = list[pages.DatedPage]()

    def fetch(page_cursor: str | None) -> Page:
        reads.append(read_page(page_cursor))
        return reads[-1].page

    start, blank, hidden_count, shown = cursor, 0, 0, list[Image]()
    for page, following in walk_pages(fetch, start, max_pages=_MOST_PAGES, page_size=size):
        cursor, blank = following, blank + bool(page.ids)
        shown = _leave_out_hidden(context, page.images)
        hidden_count += len(page.images) - len(shown)
        if shown or blank == _MOST_BLANK:
            break
    read = reads[-1]
    if not read.is_stored:
        notes = [*notes, *_list_notes(context, query, reads, start is None, cursor is None)]
    if start is None and not read.is_stored:
        watches.record_visit(query, read.page)
        if query.username and read.page.images:
            with log_disk_errors("gallery"):
                recent_models.add_recent_gallery(query.username, query.username)
    return _images_view(query, read, shown, cursor, notes, hidden_count)


def _leave_out_hidden(context: RequestContext, images: Sequence[Image]) -> list[Image]:
    """Return these images without those that the user hides.

    Return all images if the query parameter `hidden` is set.
    """
    hidden_ids = records.find_hidden_ids([image.id for image in images], read_hidden_terms(context))
    return [image for image in images if image.id not in hidden_ids]


def _list_notes(
    context: RequestContext,
    query: ImageQuery,
    reads: list[pages.DatedPage],
    from_start: bool,
    to_end: bool,
) -> list[Note]:
    """Return notes that tell the user about problems with the pages in `reads`.

    Notes report an unexpectedly empty last page, an unknown author, images of other models, and
    unreadable images. from_start: whether `reads` begins with the gallery's first page. to_end:
    whether it ends with the gallery's last page.
    """
    page, notes = reads[-1].page, list[Note]()
    is_first = from_start and len(reads) == 1
    if not page.ids and not page.dropped and to_end:
        if may_have_timed_out(query, has_images=not is_first):
            message = messages.explain_reason("empty_end", context.language)
            notes.append({"code": "empty_end", "message": message})
        elif query.username:
            notes.append(_make_note("no_author", context, user=query.username))
    if is_first and seem_unrelated(page.images, _find_version_ids(query)):
        notes.append(_make_note("unrelated", context))
    dropped = sum(read.page.dropped for read in reads)
    return [*notes, _make_note("unreadable_rows", context, n=dropped)] if dropped else notes


def _find_version_ids(query: ImageQuery) -> set[int]:
    """Return the ids of the query's version and of all stored versions of the query's model."""
    model = models.find_stored_model(query.model_id) if query.model_id else None
    version_ids = {query.version_id} if query.version_id else set()
    return version_ids | {version.id for version in (model.versions if model else ())}


def _find_page(query: ImageQuery, size: int, cursor: str | None) -> pages.DatedPage:
    found = pages.find_recent_page(query, cursor, size)
    if found is None:
        raise _NotInMemory
    return found


def _fetch_page(
    context: RequestContext, query: ImageQuery, size: int, fresh: bool, cursor: str | None
) -> pages.DatedPage:
    try:
        return pages.load_page(get_client(), query, cursor, size, context.cancelled, fresh)
    except NotFound as error:
        raise ApiError(404, "gone", "no_gallery") from error
    except HttpStatusError as error:
        if error.status != 400 or not query.base_models:
            raise
        names = ", ".join(query.base_models)
        raise ApiError(400, "bad_input", "no_base_model", "base", names=names) from error


def _images_view(
    query: ImageQuery,
    read: pages.DatedPage,
    shown: Sequence[Image],
    cursor: str | None,
    notes: list[Note],
    hidden_count: int,
) -> ImagePage:
    new_ids, fetched_at = watches.find_new_images(query), read.fetched_at
    view = make_page_view(shown, cursor, fetched_at, notes, hidden_count, new_ids)
    view["from_library"] = read.is_stored
    return view


def _make_note(code: str, context: RequestContext, **values: Any) -> Note:
    return {"code": code, "message": context.translate(code, **values)}
