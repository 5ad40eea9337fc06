"""Routes of searches in the library."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast, Literal

from ...core import as_id
from ...i18n import messages
from ...library import gallery_stats, image_records, pages, search, wait_for_writes
from ..http import ApiError, RequestContext
from ..schemas.images import ImagePage, Note
from ..schemas.library import LoadedFilterResult, MonthCount, SearchCount, SearchPreview, Stats
from .bookmarks import read_hidden_terms
from .dependencies import (
    find_saved_files,
    list_saved_ids,
    make_page_view,
    parse_image_query,
    parse_level_mask,
    parse_page_position,
    require_ids,
)
from .image import filter_reproducible

__all__ = ["filter_loaded", "get_months", "get_stats", "preview_search", "search_images"]

_MOST_LETTERS = 1000
_MOST_IDS = 100_000
_MOST_COUNTED = 1000  # images
_MOST_AUTHORS = 3
_PATIENCE = 2.0  # seconds to wait until new records are written


def search_images(context: RequestContext) -> ImagePage:
    """Return a page of images in the library that match a search."""
    query = search.parse_query(context.query_param("search")[:_MOST_LETTERS])
    context.cancelled.check()  # the browser may have disconnected
    (cursor, limit), sort = parse_page_position(context), context.query_param("sort")
    if sort == search.RANDOM and cursor is None:
        wait_for_writes(_PATIENCE)  # pages fetched just now belong to the result
    found = search.run_search(
        query,
        _parse_scope(context.request.query_params),
        sort=sort,
        cursor=cursor,
        limit=limit,
        hidden=read_hidden_terms(context),
        list_saved=list_saved_ids,
    )
    ids = _filter_by_is_here(query, found.ids, context.query_id("model"))
    images = image_records.find_images(ids).values()
    problems = _list_problem_texts(query, context.language)
    notes: list[Note] = [{"code": "search", "message": " ".join(problems)}] if problems else []
    return make_page_view(images, found.cursor, time.time(), notes, found.hidden_count)


def get_months(context: RequestContext) -> list[MonthCount]:
    """Return the number of stored images per month, newest month first.

    If the query parameters name a gallery, only the images of this gallery are counted. Images that
    the user hides are not counted.
    """
    wait_for_writes(_PATIENCE)
    found = search.count_by_month(
        _parse_scope(context.request.query_params), read_hidden_terms(context)
    )
    return [{"month": month, "count": count} for month, count in found]


def preview_search(context: RequestContext) -> SearchPreview:
    """Return how many images a search would find, and how its text could be completed.

    The images are counted among those that the page has loaded, in the open gallery, and in the
    whole library. The body is a `SearchPreviewBody`.
    """
    text = context.typed_field("text", str, is_required=True)[:_MOST_LETTERS]
    word = (context.typed_field("word", str) or "")[:_MOST_LETTERS]
    loaded, given = require_ids(context, _MOST_IDS), context.typed_field("where", dict) or {}
    query, scope = search.parse_query(text), _parse_scope(given)
    model_id = as_id(given.get("model"))
    matching = image_records.filter_matching(loaded, query, lambda: find_saved_files(loaded))
    context.cancelled.check()  # the browser disconnects when the next letter is typed
    whole, hidden = replace(scope, gallery=""), read_hidden_terms(context)
    return {
        "suggestions": search.suggest_values(word),
        "authors": search.find_authors(text, _MOST_AUTHORS),
        "loaded": len(_filter_by_is_here(query, matching, model_id)),
        "gallery": _count_matches(query, scope, model_id, hidden) if scope.gallery else None,
        "library": _count_matches(query, whole, model_id, hidden),
        "kind": _classify_search(query),
        "message": " ".join(_list_problem_texts(query, context.language)),
    }


def _classify_search(query: search.SearchQuery) -> Literal["nothing", "words", "keys"]:
    """Return what a search consists of."""
    if query.here is not None or any(term.key for term in query.terms):
        return "keys"
    return "words" if query.terms else "nothing"


def _count_matches(
    query: search.SearchQuery,
    scope: search.SearchScope,
    open_model: int | None,
    hidden: search.HiddenTerms,
) -> SearchCount:
    """Return how many images in the library match, at most 1000, and whether there may be more."""
    found = search.run_search(
        query, scope, limit=_MOST_COUNTED, hidden=hidden, list_saved=list_saved_ids
    )
    count = len(_filter_by_is_here(query, found.ids, open_model))
    return {"count": count, "is_more": found.cursor is not None}


def filter_loaded(context: RequestContext) -> LoadedFilterResult:
    """Return the ids of those images in the body's field `ids` that match the search in `words`."""
    known, words = require_ids(context, _MOST_IDS), context.typed_field(
        "words", str, is_required=True
    )
    query = search.parse_query(words[:_MOST_LETTERS])
    found = image_records.filter_matching(known, query, lambda: find_saved_files(known))
    fitting = _filter_by_is_here(query, found, as_id(context.body_field("model")))
    return {"ids": list(fitting), "message": " ".join(_list_problem_texts(query, context.language))}


def _filter_by_is_here(
    query: search.SearchQuery, image_ids: Sequence[int], open_model: int | None
) -> Sequence[int]:
    """Return the ids of the images that match a search's `is:here` or `-is:here`."""
    if query.here is None:
        return image_ids
    can_be = set(filter_reproducible(image_ids, open_model))
    return [image_id for image_id in image_ids if (image_id in can_be) == query.here]


def _parse_scope(params: Mapping[str, Any]) -> search.SearchScope:
    query = parse_image_query(params)
    return search.SearchScope(
        gallery="".join(pages.list_gallery_names(query)[:1]),
        level=query.level,
        type=query.type or "",
        base_models=query.base_models,
        with_data=query.with_meta,
    )


def _list_problem_texts(query: search.SearchQuery, language: str) -> list[str]:
    """Return sentences that tell the user which parts of a search are ignored, and why."""
    return [
        messages.translate(
            f"search_{one.kind}",
            language,
            text=one.text,
            name=one.key,
            choices=", ".join(search.FLAGS.get(one.key, ())),
        )
        for one in query.problems
    ]


def get_stats(context: RequestContext) -> Stats:
    """Return the statistics of those images of a model or version that the library has.

    The query parameters `model` and `version` are ids; ApiError is raised if both are missing.
    Images above the browsing level `level`, by default the one in the settings, are not counted.
    """
    model_id, version_id = context.query_id("model"), context.query_id("version")
    if model_id is None and version_id is None:
        raise ApiError(400, "bad_input", "name_a_model")
    level = parse_level_mask(context.query_param("level"))
    return cast(Stats, gallery_stats.compute_gallery_stats(model_id, version_id, level))
