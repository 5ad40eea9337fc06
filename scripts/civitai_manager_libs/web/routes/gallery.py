"""Routes of galleries: their pages, and what the search field finds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, cast, Literal

from typing_extensions import TypedDict

from ... import civitai
from ...civitai import ImageQuery, make_page_url, may_have_timed_out, Model, Page, Post, Reference
from ...civitai import seem_unrelated, walk_pages
from ...core import as_id, Image, log_disk_errors
from ...errors import HttpStatusError, InputError, InvalidResponse, NetworkError, NotFound
from ...i18n import messages
from ...library import image_records, models, PageImage, pages, posts, search, watches
from ..http import ApiError, MB, Most, Note, remote_route, RemoteWork, RequestContext, route
from .bootstrap import is_demo
from .dependencies import find_shown_levels, GalleryQuery, get_client, parse_gallery_query
from .dependencies import parse_image_query, parse_level_mask, parse_page_position
from .search import search_ids, search_images
from .views import ImagePage, make_model_card, make_model_view, make_page_view, ModelCard, ModelView


class ModelCardPage(TypedDict):
    """A page of models that match words. cursor: the next page's cursor, None at the end."""

    models: list[ModelCard]
    cursor: str | None


class LookupResult(TypedDict, total=False):
    """What a text names: a model, an image, a post or a user; or the models that match its words.

    models: a page of models that match `query`. model: the named model, or one that the named image
    was made with and that Civitai still has. version_id: the version of the model that a URL names,
    if there is one. post_id: the named post, or the image's. title: the post's.
    """

    query: str
    models: ModelCardPage
    model: ModelView | None
    version_id: int | None
    image_id: int
    post_id: int | None
    title: str
    username: str


_MOST_POPULAR = 40  # images on the home page
_MOST_BLANK = 3  # pages in a row without an image that passes the filters
_MOST_PAGES = 50  # of Civitai that are read for one response; most are empty


class ListOpened(TypedDict):
    """A list of images. images: names it in queries (see `GalleryQuery`). first: the first id."""

    images: str
    count: int
    first: int


class _NotInMemory(Exception):
    pass


@route("GET", "images", "images")
def get_images(context: RequestContext) -> ImagePage | RemoteWork[ImagePage]:
    """Return a page of a gallery, or a page of a search of the library.

    The library is searched if there is a query parameter `search`, or if `sort` is random, which
    Civitai does not offer; lists have their own order. For a gallery, `from_library` requests the
    stored page, and `fresh` a page that Civitai sends now. The other parameters are those of
    `GalleryQuery`, `cursor` and `limit`.
    """
    params = context.request.query_params
    is_random = params.get("sort") == search.RANDOM and not params.get("images")
    if "search" in params or is_random:
        return search_images(context)
    query = parse_gallery_query(params)
    cursor, size = parse_page_position(context)
    notes = list[Note]()
    if query.ignores_sort:
        notes, query = [_make_note("sort_dropped", context)], replace(query, sort="Newest")
    if context.query_param("from_library"):
        found = _view_stored_page(context, query, cursor, size, notes)
        if found is None:
            raise ApiError(404, "not_known")
        return found
    # A stored page lacks the new images of a watched gallery.
    is_unseen = cursor is None and watches.has_new_images(query)
    read_page = partial(_read_page, context, query, cursor, size, notes)
    if is_unseen or context.query_param("fresh"):
        return RemoteWork(lambda: read_page("Civitai"))
    with suppress(_NotInMemory):
        return read_page("memory")
    return RemoteWork(
        lambda: read_page("both"),
        find_stored=lambda: _view_stored_page(context, query, cursor, size, notes),
    )


@route("POST", "lists", "images", max_bytes=21 * MB)
def open_list(context: RequestContext, text: Annotated[str, Most(20 * MB)]) -> ListOpened:
    """Return the list of images that a text names. Raises InputError for 0 or over 20,000."""
    ids = civitai.parse_image_ids(text)
    return {"images": pages.store_list(ids), "count": len(ids), "first": ids[0]}


@route("GET", "addresses", "counts", 60)
def get_addresses(context: RequestContext) -> str:
    """Return the addresses on Civitai of all images of a list or a search of the library.

    The text has one address a line. The query parameters are those of `GalleryQuery`.
    """
    params = cast(GalleryQuery, context.request.query_params)
    is_search = "search" in context.request.query_params
    ids = search_ids(params) if is_search else pages.find_listed_ids(parse_gallery_query(params))
    return "\n".join(make_page_url("images", one) for one in ids)


@route("GET", "popular", "images")
def get_popular_images(context: RequestContext) -> RemoteWork[ImagePage]:
    """Return the images with the most reactions of this week that are shown without blur."""
    query = ImageQuery(sort="Most Reactions", period="Week", level=find_shown_levels())
    return RemoteWork(
        lambda: _read_page(context, query, None, _MOST_POPULAR, [], "both"),
        find_stored=lambda: _view_stored_page(context, query, None, _MOST_POPULAR, []),
    )


def _view_stored_page(
    context: RequestContext, query: ImageQuery, cursor: str | None, size: int, notes: list[Note]
) -> ImagePage | None:
    stored, post = pages.find_stored_page(query, cursor, size), None
    if stored is not None and query.post_id is not None and cursor is None:
        post = posts.load_post(None, query.post_id)
        if post and (page := stored.read()).images:
            page = posts.read_rest(page, query, post, partial(_read_stored_page, query, size))
            stored = stored._replace(next_cursor=page.next_cursor, ids=list(page.ids))
    images = image_records.list_page_images(stored.ids if stored is not None else [])
    # Without images, their files are at another address than Civitai's, such as a demo's.
    if stored is None or stored.ids and not images:
        return None
    shown = _leave_out_hidden(context, images)
    hidden_count = len(images) - len(shown)
    cursor, read_at = stored.next_cursor, stored.fetched_at
    return make_page_view(
        shown, cursor, read_at, notes, hidden_count, query, post=post, from_library=True
    )


def _read_stored_page(query: ImageQuery, size: int, cursor: str | None) -> Page:
    stored = pages.find_stored_page(query, cursor, size)
    if stored is None:
        raise NotFound("The library does not have this page.", 404)
    return stored.read()


def _read_page(
    context: RequestContext,
    query: ImageQuery,
    cursor: str | None,
    size: int,
    notes: list[Note],
    source: Literal["memory", "Civitai", "both"],
) -> ImagePage:
    """Return a page of a gallery; of a post whose order is known, its first pages as one.

    source: where pages come from. Raises _NotInMemory if this is "memory" and a page is not there.
    """
    reads, post = list[Page](), None

    def read_page(page_cursor: str | None) -> Page:
        if source != "memory":
            return _fetch_page(query, size, source == "Civitai", page_cursor)
        found = pages.find_recent_page(query, page_cursor, size)
        if found is None:
            raise _NotInMemory
        return found

    def fetch(page_cursor: str | None) -> Page:
        nonlocal post
        page = read_page(page_cursor)
        if query.post_id is not None and page_cursor is None:
            client = None if source == "memory" else get_client()
            post = posts.load_post(client, query.post_id)
            page = posts.read_rest(page, query, post, read_page) if post else page
        reads.append(page)
        return page

    start, blank, hidden_count, shown = cursor, 0, 0, list[PageImage]()
    for page, following in walk_pages(fetch, start, max_pages=_MOST_PAGES, page_size=size):
        cursor, blank = following, blank + bool(page.ids or page.missing_ids)
        ids = [image.id for image in page.images]
        images = image_records.list_page_images(ids, page.images)
        shown = _leave_out_hidden(context, images)
        hidden_count += len(images) - len(shown)
        if shown or blank == _MOST_BLANK:
            break
    read = reads[-1]
    if not read.is_stored:
        notes = [*notes, *_list_notes(context, query, reads, start is None, cursor is None)]
    if start is None and not read.is_stored:
        watches.record_visit(query, read)
        if query.username and read.images:
            with log_disk_errors("gallery"):
                models.add_recent_gallery(query.username, query.username)
    missing = [i for page in reads for i in page.missing_ids if i not in page.ids]
    return make_page_view(
        shown, cursor, read.fetched_at, notes, hidden_count, query, missing, post, read.is_stored
    )


def _leave_out_hidden(context: RequestContext, images: Sequence[PageImage]) -> list[PageImage]:
    shows_hidden = bool(context.query_param("hidden"))
    return [image for image in images if shows_hidden or not image.is_hidden]


def _list_notes(
    context: RequestContext, query: ImageQuery, reads: list[Page], from_start: bool, to_end: bool
) -> list[Note]:
    """Return what the user should know about these pages, such as an unexpectedly empty end."""
    page, notes = reads[-1], list[Note]()
    if query.images and (page.next_cursor or "").endswith("s"):
        notes.append(_make_note("list_slow", context))
    is_first = from_start and len(reads) == 1
    if not page.ids and not page.dropped and to_end:
        if may_have_timed_out(query, has_images=not is_first):
            message = messages.explain_reason("empty_end", context.language)
            notes.append({"code": "empty_end", "message": message})
        elif query.username:
            notes.append(_make_note("no_author", context, user=query.username))
    model = models.find_stored_model(query.model_id) if is_first and query.model_id else None
    version_ids = {version.id for version in (model.versions if model else ())}
    version_ids |= {query.version_id} if query.version_id else set()
    if is_first and seem_unrelated(page.images, version_ids):
        notes.append(_make_note("unrelated", context))
    dropped = sum(read.dropped for read in reads)
    return [*notes, _make_note("unreadable_rows", context, n=dropped)] if dropped else notes


def _fetch_page(query: ImageQuery, size: int, fresh: bool, cursor: str | None) -> Page:
    try:
        return pages.load_page(get_client(), query, cursor, size, fresh)
    except NotFound as error:
        raise ApiError(404, "gone", "no_gallery") from error
    except HttpStatusError as error:
        if error.status != 400 or not query.base_models:
            raise
        names = ", ".join(query.base_models)
        raise ApiError(400, "bad_input", "no_base_model", "base", names=names) from error


def _make_note(code: str, context: RequestContext, **values: Any) -> Note:
    return {"code": code, "message": context.translate(code, **values)}


_MOST_VERSIONS = 3  # versions of an image that are requested to find its model


@remote_route("GET", "lookup")
def look_up(context: RequestContext) -> LookupResult:
    """Return the model, image, post or user that the query parameter `text` names.

    `text` is a URL or an id; a bare id is looked up as a model's, then as an image's. For any other
    text, return the models that match it as search words.
    """
    try:
        reference = civitai.parse_reference(context.query_param("text"))
    except InputError as error:
        raise InputError(str(error), "bad_reference") from error
    if reference.collection_id is not None:
        raise ApiError(400, "bad_input", "no_collections")
    if reference.words:
        found = _search_models(context, reference.words, None)
        return {"query": reference.words, "models": found}
    if reference.post_id is not None:
        title = context.translate("post_number", id=reference.post_id)
        return {"post_id": reference.post_id, "title": title}
    if reference.username:
        return {"username": reference.username}
    if reference.image_id is None:
        return _open_model(context, reference)
    image_id = reference.image_id
    image = _fetch_image(image_id) or image_records.find_image(image_id)
    if image is None:
        raise ApiError(404, "gone", "no_image")
    named = () if reference.version_id is None else (reference.version_id,)
    return _image_result(context, image, (*named, *image.version_ids))


@remote_route("GET", "models")
def search_by_words(context: RequestContext) -> ModelCardPage:
    """Return a page of the models that match the words in the query parameter `q`.

    Raises ApiError if there are no words; the offline demo returns all its models instead.
    """
    words = " ".join(context.query_param("q").split())
    if not words and not is_demo():
        raise ApiError(400, "bad_input", "bad_reference")
    return _search_models(context, words, context.query_param("cursor") or None)


@remote_route("GET", "authors")
def find_author(context: RequestContext) -> str:
    """Return Civitai's spelling of the user in the query parameter `name`, "" if it has none."""
    name = parse_image_query({"user": context.query_param("name")}).username
    return civitai.find_user(get_client(), name) if name else ""


@remote_route("GET", "posts/{post_id:civitai_id}")
def get_post(context: RequestContext) -> Post:
    """Return what is known about the post whose id is in the path; "" for what is not."""
    post_id = context.path_param("post_id")
    return posts.load_post(get_client(), post_id) or Post(0, "", "", "", ())


@route("GET", "models/{model_id:civitai_id}")
def get_model(context: RequestContext) -> ModelView | RemoteWork[ModelView]:
    """Return the JSON of the model whose id is in the path, and list the model as recently opened.

    An ApiError is raised if Civitai does not have the model.
    """
    model_id = context.path_param("model_id")
    if models.find_recent_model(model_id) is not None:
        return _require_model(context, model_id)
    stored = models.find_stored_model(model_id)
    return RemoteWork(
        lambda: _require_model(context, model_id),
        find_stored=lambda: make_model_view(stored, context.language) if stored else None,
    )


def _search_models(context: RequestContext, words: str, cursor: str | None) -> ModelCardPage:
    level = parse_level_mask(context.query_param("level"))
    found, following = civitai.search_models(get_client(), words, level, 24, cursor)
    covers = [model.cover for model in found if model.cover is not None]
    image_records.store_images(covers, is_complete=False)
    return {"models": [make_model_card(one) for one in found], "cursor": following}


def _require_model(context: RequestContext, model_id: int) -> ModelView:
    if as_id(model_id) is None:
        raise ApiError(404, "gone", "no_model")
    try:
        return make_model_view(_load_model(model_id), context.language)
    except NotFound as error:
        raise ApiError(404, "gone", "no_model") from error


def _open_model(context: RequestContext, reference: Reference) -> LookupResult:
    model_id, version_id = reference.model_id, reference.version_id
    try:
        if model_id is None:
            version = civitai.fetch_version(get_client(), version_id or 0)
            model_id = version.model_id
        opened = _load_model(model_id or 0)
    except NotFound as error:
        # A bare number may also be an image's id.
        image = _fetch_image(model_id or 0) if reference.is_bare else None
        if image is not None:
            return _image_result(context, image, image.version_ids)
        raise ApiError(404, "gone", "no_model") from error
    if version_id not in [version.id for version in opened.versions]:
        version_id = None
    return {"model": make_model_view(opened, context.language), "version_id": version_id}


def _load_model(model_id: int) -> Model:
    found = models.load_model(get_client(), model_id)
    with log_disk_errors("gallery"):
        models.add_recent_gallery(found.id, found.name)
    return found


def _fetch_image(image_id: int) -> Image | None:
    image = civitai.fetch_image(get_client(), image_id)
    if image is not None:
        image_records.store_images([image])
    elif image_records.find_image(image_id):
        with suppress(NetworkError, HttpStatusError, InvalidResponse):  # then it is not marked
            if pages.find_gone(get_client(), [image_id]):
                image_records.mark_deleted(image_id)
    return image


def _image_result(
    context: RequestContext, image: Image, version_ids: Sequence[int]
) -> LookupResult:
    """Return an image with the model of the first of these versions that Civitai has."""
    found: Model | None = None
    for version_id in version_ids[:_MOST_VERSIONS]:
        with suppress(NotFound):
            version = civitai.fetch_version(get_client(), version_id)
            found = _load_model(version.model_id) if version.model_id else None
            break
    return {
        "image_id": image.id,
        "post_id": image.post_id,
        "model": None if found is None else make_model_view(found, context.language),
    }
