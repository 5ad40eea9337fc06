"""Searches in the library: in a gallery, in everything, or in what the page has loaded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import cast

from ....core import as_whole_number
from ....i18n import messages
from ....library import gallery_stats, pages, records, search
from ...http import ApiError, LAST_ID, RequestContext
from ...schemas.images import ImagePage, Note
from ...schemas.library import LoadedFilterResult, Stats, Suggestion
from ..dependencies import (
    find_saved_files,
    level_up_to,
    list_saved_ids,
    page_view,
    parse_image_query,
    parse_page_position,
    require_ids,
)
from ..image import filter_reproducible

__all__ = ["get_stats", "search_images", "get_suggestions", "filter_loaded"]

_MOST_LETTERS = 1000
_MOST_IDS = 100_000


def search_images(context: RequestContext) -> ImagePage:
    """Return a page of images in the library that match a search.

    Each call searches a limited number of images, so an empty page may have a next page; then
    `search_progress` says how far the search has come.
    """
    query = search.parse_query(context.query_param("search")[:_MOST_LETTERS])
    context.cancelled.check()  # the browser may have hung up meanwhile
    (cursor, limit), sort = parse_page_position(context), context.query_param("sort")
    found = search.run_search(
        query, _parse_scope(context), sort=sort, cursor=cursor, limit=limit, saved=list_saved_ids
    )
    ids = _filter_local(query, found.ids, context.query_id("model"))
    is_short = len(ids) < limit
    images = records.find_images(ids).values()
    problems = _problem_texts(query, context.language)
    notes: list[Note] = [{"code": "search", "message": " ".join(problems)}] if problems else []
    return page_view(
        images, found.cursor, time.time(), notes, looked_at=found.looked_at if is_short else None
    )


def get_suggestions(context: RequestContext) -> list[Suggestion]:
    """Return suggestions that complete the query parameter `word`, the last word of a search."""
    found = search.suggest_values(context.query_param("word")[:_MOST_LETTERS])
    return [{"text": one.text, "count": one.count} for one in found]


def filter_loaded(context: RequestContext) -> LoadedFilterResult:
    """Return those of the image ids in the body that match the search in the body."""
    known, words = require_ids(context, _MOST_IDS), context.typed_field(
        "words", str, is_needed=True
    )
    query = search.parse_query(words[:_MOST_LETTERS])
    found = records.filter_matching(known, query, lambda: find_saved_files(known))
    fitting = _filter_local(query, found, as_whole_number(context.body_field("model"), 1, LAST_ID))
    return {"ids": list(fitting), "message": " ".join(_problem_texts(query, context.language))}


def _filter_local(
    query: search.SearchQuery, image_ids: Sequence[int], open_model: int | None
) -> Sequence[int]:
    """Keep the ids of images that this machine can make, or cannot make if `query.here` is False.

    All ids are kept if `query.here` is None.
    """
    if query.here is None:
        return image_ids
    can_be = set(filter_reproducible(image_ids, open_model))
    return [image_id for image_id in image_ids if (image_id in can_be) == query.here]


def _parse_scope(context: RequestContext) -> search.SearchScope:
    query = parse_image_query(context.request.query_params)
    return search.SearchScope(
        gallery="".join(pages.list_gallery_names(query)[:1]),
        level=query.level,
        type=query.type or "",
        base_models=query.base_models,
        with_data=query.with_meta,
    )


def _problem_texts(query: search.SearchQuery, language: str) -> list[str]:
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
    """Return the statistics of the images in the library that belong to a model or version."""
    model_id, version_id = context.query_id("model"), context.query_id("version")
    if model_id is None and version_id is None:
        raise ApiError(400, "bad_input", "name_a_model")
    level = level_up_to(context.query_param("level"))
    return cast(Stats, gallery_stats.compute_gallery_stats(model_id, version_id, level))
