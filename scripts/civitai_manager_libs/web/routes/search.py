"""Routes of searches in the library."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from typing_extensions import TypedDict

from ...core import as_id, LEVELS
from ...errors import HttpStatusError, InvalidResponse, NetworkError
from ...i18n import messages
from ...library import gallery_stats, image_records, pages, search, tags, wait_for_writes
from ...model_files import filter_by_models
from ..http import ApiError, MB, Note, remote_route, RemoteWork, RequestContext, route
from .dependencies import find_shown_levels, GalleryQuery, get_client, parse_gallery_query
from .dependencies import parse_image_query, parse_level_mask, parse_page_position
from .views import ImagePage, make_page_view


class MonthCount(TypedDict):
    """A month, such as 2025-03, and how many images of it are in the library."""

    month: str
    count: int


class SearchCount(TypedDict):
    """How many images match. is_more: counting stopped early, so there may be more matches."""

    count: int
    is_more: bool


class Suggestion(TypedDict):
    """A completion or an author, and what its search finds in the library; None for a key alone."""

    text: str
    found: SearchCount | None


class SearchPreview(TypedDict):
    """What a search would find in each place, without a request to Civitai.

    suggestions: completions of the word. authors: names in the library that begin with the text.
    loaded, gallery, library: matches among the loaded images, in the open gallery (None if none is
    open) and in the whole library. More of the loaded images may match a tag: the tags of some are
    not known yet. pictures: the first matches of the library that may be shown without blur.
    kind: "keys" if the search has a `key:value`, valid or not, "words" for plain words only,
    "nothing" if nothing of it can be searched. message: which parts are ignored, and why; or "".
    correction: the text with its misspelled keys corrected, or "".
    """

    suggestions: list[Suggestion]
    authors: list[Suggestion]
    loaded: SearchCount
    gallery: SearchCount | None
    library: SearchCount
    pictures: list[int]
    kind: Literal["nothing", "words", "keys"]
    message: str
    correction: str


class LoadedFilterResult(TypedDict):
    """The loaded images that match a search. ids: their ids.

    message: which parts of the search are ignored, and why; or "".
    """

    ids: list[int]
    message: str


class TagReading(TypedDict):
    """How far tags are read. next: `below` of the next request or None. left: images to read."""

    next: int | None
    left: int


_MOST_LETTERS = 1000
_MOST_COUNTED, _MOST_LISTED = 1000, 20_000  # images
_MOST_AUTHORS = 3
_MOST_PICTURES = 6
_MOST_LOOKED_AT = 30  # images, for those that may be shown
_PATIENCE = 2.0  # seconds to wait until new records are written
_STORED = 30.0  # the same while nobody waits for a page


def search_images(context: RequestContext) -> ImagePage:
    """Return a page of images in the library that match a search."""
    query = search.parse_query(context.query_param("search")[:_MOST_LETTERS])
    context.cancelled.check()  # the browser may have disconnected
    (cursor, limit), sort = parse_page_position(context), context.query_param("sort")
    if sort == search.RANDOM and cursor is None:
        wait_for_writes(
            _PATIENCE, includes_later=False
        )  # pages fetched just now belong to the result
    found = search.run_search(
        query,
        _parse_scope(context.request.query_params),
        sort=sort,
        seed=context.query_id("seed"),
        cursor=cursor,
        limit=limit,
        leaves_out_hidden=not context.query_param("hidden"),
    )
    ids = filter_by_models(found.ids, query, context.query_id("model"))
    images = image_records.list_page_images(ids)
    problems = _list_problem_texts(query, context.language)
    notes: list[Note] = [{"code": "search", "message": " ".join(problems)}] if problems else []
    return make_page_view(images, found.cursor, time.time(), notes, found.hidden_count)


def search_ids(params: GalleryQuery) -> list[int]:
    """Return the ids of at most 20,000 images in the library that match a search, newest first."""
    query = search.parse_query((params.get("search") or "")[:_MOST_LETTERS])
    scope = _parse_scope(params)
    ids = search.run_search(query, scope, limit=_MOST_LISTED).ids
    return filter_by_models(ids, query, as_id(params.get("model")))


@route("GET", "months", "counts")
def get_months(context: RequestContext) -> list[MonthCount]:
    """Return the number of stored images per month, newest month first.

    If the query parameters name a gallery, only the images of this gallery are counted. Images that
    the user hides are not counted.
    """
    wait_for_writes(_PATIENCE, includes_later=False)
    scope, shows_hidden = _parse_scope(context.request.query_params), context.query_param("hidden")
    found = search.count_by_month(scope, leaves_out_hidden=not shows_hidden)
    return [{"month": month, "count": count} for month, count in found]


@route("POST", "search_preview", "counts", max_bytes=2 * MB)
def preview_search(
    context: RequestContext,
    text: str,
    ids: list[int],
    word: str = "",
    where: GalleryQuery | None = None,
) -> SearchPreview:
    """Return how many images a search would find, and how its text could be completed.

    text: the search as the user has typed it so far. word: the part of `text` to complete. The
    images are counted among those that the page has loaded, `ids`, in the open gallery, `where`,
    and in the whole library.
    """
    text, where = text[:_MOST_LETTERS], where or {}
    query, scope = search.parse_query(text), _parse_scope(where)
    everywhere = replace(scope, gallery="")
    model_id = as_id(where.get("model"))
    matching = image_records.filter_matching(ids, query)
    context.cancelled.check()  # the browser disconnects when the next letter is typed
    hides = not context.query_param("hidden")
    library, library_ids = _count_matches(query, everywhere, model_id, hides)
    keys = [*(term.key for term in query.terms), *(one.key for one in query.problems)]
    can_search = bool(query.terms) or query.is_by_models
    has_keys = any(keys) or query.is_by_models

    def count(shown: str, words: str) -> Suggestion:
        context.cancelled.check()
        counted = search.parse_query(words)
        can_count = counted.terms or counted.is_by_models
        found = _count_matches(counted, everywhere, model_id, hides)[0] if can_count else None
        return {"text": shown, "found": found}

    def finds_any(one: Suggestion) -> bool:  # not so a value of images that a filter leaves out
        return one["found"] is None or "=" not in one["text"] or one["found"]["count"] > 0

    # With all filters, the search for eight values could take seconds where they leave few images.
    rated = search.SearchScope(level=scope.level)
    suggested = search.suggest_values(word[:_MOST_LETTERS], rated, hides)
    authors = search.find_authors(text, _MOST_AUTHORS, hides)
    return {
        "suggestions": list(filter(finds_any, (count(one, one) for one in suggested))),
        "authors": [count(one, f"author={search.quote_value(one)}") for one in authors],
        "loaded": {
            "count": len(filter_by_models(matching, query, model_id)),
            "is_more": bool(_list_untagged(query, ids)),
        },
        "gallery": _count_matches(query, scope, model_id, hides)[0] if scope.gallery else None,
        "library": library,
        "pictures": _choose_pictures(library_ids) if query.terms else [],
        "kind": "nothing" if not can_search else "keys" if has_keys else "words",
        "message": " ".join(_list_problem_texts(query, context.language)),
        "correction": search.correct_query(text),
    }


def _choose_pictures(image_ids: Sequence[int]) -> list[int]:
    levels = find_shown_levels()
    tiles = [one.tile for one in image_records.list_page_images(image_ids[:_MOST_LOOKED_AT])]
    return [tile["id"] for tile in tiles if LEVELS[tile["level"]] & levels][:_MOST_PICTURES]


def _count_matches(
    query: search.SearchQuery,
    scope: search.SearchScope,
    open_model: int | None,
    leaves_out_hidden: bool,
) -> tuple[SearchCount, Sequence[int]]:
    """Return how many images in the library match, at most 1000, and the ids of these images."""
    found = search.run_search(
        query, scope, limit=_MOST_COUNTED, leaves_out_hidden=leaves_out_hidden
    )
    ids = filter_by_models(found.ids, query, open_model)
    return {"count": len(ids), "is_more": found.cursor is not None}, ids


@route("POST", "loaded_filter", "counts", max_bytes=2 * MB)
def filter_loaded(
    context: RequestContext, ids: list[int], words: str, model: int | None = None
) -> LoadedFilterResult | RemoteWork[LoadedFilterResult]:
    """Return the ids of those images that match the search in `words`.

    For a search by tag, tags that are not known yet are fetched. model: the open model's id.
    """
    query = search.parse_query(words[:_MOST_LETTERS])
    problems = _list_problem_texts(query, context.language)

    def match() -> LoadedFilterResult:
        found = image_records.filter_matching(ids, query)
        fitting = filter_by_models(found, query, as_id(model))
        return {"ids": fitting, "message": " ".join(problems)}

    def fetch_and_match() -> LoadedFilterResult:
        try:
            tags.fetch_tags(get_client(), untagged)
        except (NetworkError, HttpStatusError, InvalidResponse):
            problems.append(messages.translate("search_tags_unread", context.language))
        wait_for_writes(_PATIENCE, includes_later=False)
        return match()

    untagged = _list_untagged(query, ids)
    return RemoteWork(fetch_and_match, find_stored=match) if untagged else match()


def _list_untagged(query: search.SearchQuery, image_ids: Sequence[int]) -> list[int]:
    """Return the images that may match a search by tag once their tags are fetched."""
    if not any(term.key == "tag" for term in query.terms):
        return []
    known = tags.find_tags(image_ids)
    return [image_id for image_id in image_ids if image_id not in known]


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


@route("GET", "stats", "counts", 60)
def get_stats(context: RequestContext) -> gallery_stats.Stats:
    """Return the statistics of those images of a model, version or list that the library has.

    The query parameters `model` and `version` are ids, and `images` names a list; ApiError is
    raised if all are missing. Images above the browsing level `level`, by default the one in the
    settings, are not counted.
    """
    model_id, version_id = context.query_id("model"), context.query_id("version")
    listed = pages.list_gallery_names(parse_image_query({"images": context.query_param("images")}))
    if model_id is None and version_id is None and not listed:
        raise ApiError(400, "bad_input", "name_a_model")
    level = parse_level_mask(context.query_param("level"))
    return gallery_stats.compute_gallery_stats(model_id, version_id, level, "".join(listed))


@remote_route("POST", "tags")
def read_tags(context: RequestContext, where: GalleryQuery, below: int | None = None) -> TagReading:
    """Fetch the tags of up to 100 images of a gallery that the library has; return what is left.

    below: only images with a smaller id, None at the beginning. ApiError is raised if `where` names
    no gallery.
    """
    [gallery, *_] = pages.list_gallery_names(parse_gallery_query(where))
    wait_for_writes(_STORED, includes_later=False)
    last = tags.fetch_more_tags(get_client(), gallery, below)
    wait_for_writes(_STORED, includes_later=False)  # the statistics are read next
    left = 0 if last is None else tags.count_untagged(gallery, last)
    return {"next": last if left else None, "left": left}
