"""Requests to Civitai's REST API, whose HTTP client is an argument.

Errors of the client pass through: `HttpStatusError` for an error status, `NetworkError` for no
response, `Cancelled`. A response that the API's documentation does not allow raises
`InvalidResponse`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from .. import setting
from ..core import find_cancellation, Image
from ..errors import CivitaiShortcutError, InvalidResponse, NotFound
from . import records
from .image_query import ImageQuery, Page
from .pagination import adjust_cursor, walk_pages
from .records import Model, Post, Version

_MAX_IMAGES, _MAX_MODELS = 200, 100  # a page; the site answers 400 beyond them
# The SQL path has one row for each version that an image was made with: a page shorter than an
# image's rows would lead to itself for ever.
_MIN_IMAGES = 20
_PG, _ALL_LEVELS = 1, 31


class Client(Protocol):
    """The HTTP client that the functions of this module take as their first argument."""

    def fetch_json(self, url: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Send a GET request; return its JSON. Raises HttpStatusError, NetworkError, Cancelled."""


def fetch_model(client: Client, model_id: int) -> Model:
    """Fetch a model with all its versions. Raises NotFound if Civitai has no such model."""
    body = client.fetch_json(_api_url(f"models/{model_id}"))
    return records.model_from_json(body)


def fetch_models(client: Client, model_ids: Sequence[int]) -> dict[int, Model]:
    """Return {id: model} of up to 100 models, without deleted, unpublished and archived ones."""
    params: dict[str, str | int] = {
        "ids": ",".join(map(str, model_ids)),
        "limit": _MAX_MODELS,
        "nsfw": "true",
    }
    body = client.fetch_json(_api_url("models"), params=params)
    found, _ = records.models_from_json(body)
    return {model.id: model for model in found if model.id in model_ids}


def fetch_version(client: Client, key: int | str) -> Version:
    """Fetch a model version, with its model's id and name.

    key: the version's id, or the hash of one of its files (AutoV1, AutoV2, AutoV3 or SHA256 in
    hexadecimal digits). Raises NotFound if Civitai has no such version.
    """
    path = f"model-versions/{key if isinstance(key, int) else f'by-hash/{key.upper()}'}"
    return records.version_from_json(client.fetch_json(_api_url(path)))


def fetch_post(client: Client, post_id: int) -> Post:
    """Fetch a post without its images. Raises NotFound and, for another post, InvalidResponse."""
    body = client.fetch_json(_api_url(f"posts/{post_id}"))
    post = records.post_from_json(body)
    if post.id != post_id:
        raise InvalidResponse("Civitai sent another post.")
    return post


def search_models(
    client: Client, words: str, level: int = _PG, limit: int = 20, cursor: str | None = None
) -> tuple[tuple[Model, ...], str | None]:
    """Search models by words; return (a page of models, cursor of the next page, None at the end).

    The best matches come first. level: bit mask of the allowed browsing levels. PG alone asks
    Civitai for models without mature content. A model without an example image of an allowed level
    gets no cover. limit: number of models, 1 to 100. cursor: that of the page, None for the first
    page.
    """
    params: dict[str, str | int] = {"query": words, "limit": max(1, min(limit, _MAX_MODELS))}
    if level & _ALL_LEVELS & ~_PG:
        params["nsfw"] = "true"  # the site then answers with everything, so covers are chosen here
    if cursor is not None:
        params["cursor"] = cursor
    body = client.fetch_json(_api_url("models"), params=params)
    return records.models_from_json(body, level)


def fetch_images(
    client: Client,
    query: ImageQuery,
    cursor: str | None = None,
    limit: int = 100,
    patience: float | None = None,
) -> Page:
    """Fetch one page of the images that match a query. An empty page may have a next page.

    cursor: `next_cursor` of the previous page, None for the first page. limit: number of images to
    request, 20 to 200. If Civitai may have left out images and the limit is at most 100, the page
    is fetched again with twice the limit. patience: if this second request fails or takes more
    seconds, the first page is returned; with None, smaller limits are tried, and the error is
    raised if the smallest fails too.
    """
    rows = max(_MIN_IMAGES, min(limit, _MAX_IMAGES))
    page = _fetch_rows(client, query, cursor, rows)
    # The BitDex path (cursors `offset|bdx:...`, None at the end) fills a short page from the next
    # page, cuts it to `rows`, and then goes on after the *whole* next page.
    is_full = len(page.ids) + page.dropped >= rows and not query.uses_sql_database
    may_lack_images = is_full and (page.next_cursor is None or "|bdx:" in page.next_cursor)
    if 2 * rows > _MAX_IMAGES or not may_lack_images:
        return page
    cancelled, is_smallest = find_cancellation(), rows < 2 * _MIN_IMAGES
    try:
        with cancelled.with_timeout(patience) as bounded, bounded.as_current():
            uncut = _fetch_rows(client, query, cursor, 2 * rows)
    except CivitaiShortcutError:
        cancelled.check()
        if patience is None and is_smallest:
            raise
    else:
        if set(page.ids) <= set(uncut.ids):
            return replace(uncut, next_cursor=page.next_cursor)
    if patience is not None or is_smallest:
        return page
    return fetch_images(client, query, cursor, rows // 2)


def _fetch_rows(client: Client, query: ImageQuery, cursor: str | None, rows: int) -> Page:
    params: dict[str, str | int | None] = {
        # With both ids the site ignores the model's.
        "modelId": query.model_id if query.version_id is None else None,
        "modelVersionId": query.version_id,
        "postId": query.post_id,
        "username": query.username or None,
        "imageId": query.image_id,
        "baseModels": ",".join(query.base_models) or None,
        "tags": query.tag_id,
        "sort": query.sort,
        "period": query.period,
        "browsingLevel": query.level,
        "type": query.type,
        "limit": rows,
        "withMeta": "true",
        "flatMeta": "true",
        # Of a page they would be about a third of its bytes.
        "withTags": "true" if query.image_id is not None else None,
        "cursor": adjust_cursor(query, cursor),
    }
    known = {name: value for name, value in params.items() if value is not None}
    try:
        body = client.fetch_json(_api_url("images"), params=known)
    except NotFound:  # which some of the site's paths send for an author who does not exist
        if not query.username or cursor is not None:
            raise
        return Page()
    return records.page_from_json(body, query)


def parse_page(body: Any) -> Page:
    """Parse a response of Civitai's `GET /images`; keep images of all browsing levels."""
    return records.page_from_json(body, ImageQuery(level=_ALL_LEVELS))


def fetch_image(client: Client, image_id: int) -> Image | None:
    """Fetch one image by its id, with its tags; return None if Civitai does not send it."""
    page = _fetch_page_of_one(client, image_id)
    return next((image for image in page.images if image.id == image_id), None)


def _fetch_page_of_one(client: Client, image_id: int) -> Page:
    """Fetch an image by its id. Raises InvalidResponse if a server sends others in its place."""
    page = fetch_images(client, ImageQuery(image_id=image_id, level=_ALL_LEVELS), None, 1)
    if page.ids and image_id not in page.ids:
        raise InvalidResponse("Civitai sent another image.")
    return page


def fetch_images_by_id(
    client: Client, image_ids: Sequence[int], with_tags: bool = False
) -> dict[int, Image] | None:
    """Fetch up to 100 images by their ids; return {id: image}, without those that are not sent.

    Civitai sends no image that is gone, and none that it does not show to this user, and does not
    tell them apart. Return None if the server is of an older version, which does not know the
    parameter `ids` and sends other images. with_tags: whether to request the images' tags too.
    """
    extra = {"withTags": "true"} if with_tags else {}
    found: dict[int, Image] = {}
    for page in _iter_pages_by_id(client, image_ids, {"withMeta": "true", **extra}):
        if not set(page.ids) <= set(image_ids):
            return None
        found |= {image.id: image for image in page.images}
    return found


def _iter_pages_by_id(
    client: Client, image_ids: Sequence[int], extra: Mapping[str, str]
) -> Iterator[Page]:
    """Yield pages until all images were sent, another image was sent, or no page is left.

    extra: more query parameters.
    """
    params: dict[str, str | int] = {
        "ids": ",".join(map(str, image_ids)),
        # The ids come from the site's SQL database, which skips an image before the next page with
        # every other sort; see `adjust_cursor`.
        "sort": "Oldest",
        "browsingLevel": _ALL_LEVELS,
        "limit": _MAX_IMAGES,
        "flatMeta": "true",
        **extra,
    }

    def read_page(cursor: str | None) -> Page:
        more = {} if cursor is None else {"cursor": cursor}
        return parse_page(client.fetch_json(_api_url("images"), {**params, **more}))

    sent = set[int]()
    for page, _ in walk_pages(read_page, page_size=_MAX_IMAGES):
        yield page
        sent |= set(page.ids)
        if not sent < set(image_ids):
            return


def find_unsent_ids(
    client: Client, image_ids: Sequence[int], known_ids: Sequence[int], is_single: bool = False
) -> set[int]:
    """Return those of the image ids that Civitai does not send although it sends known images.

    image_ids, known_ids: up to 100 together. is_single: whether to request each image by itself,
    from a server that does not know the parameter `ids`. Raises InvalidResponse if no known image
    comes: if Civitai runs out of time, its response is empty.
    """
    wanted = [*image_ids, *known_ids]
    pages: Iterable[Page] = _iter_pages_by_id(client, wanted, {})
    if is_single:
        pages = (_fetch_page_of_one(client, image_id) for image_id in wanted)
    sent, is_whole = set[int](), True
    for page in pages:
        sent |= set(page.ids)
        is_whole &= not page.dropped  # images whose ids may be unknown
    if sent.isdisjoint(known_ids) or not sent <= set(wanted):
        raise InvalidResponse("Civitai did not send the images that were requested.")
    return set(image_ids) - sent if is_whole else set()


def find_user(client: Client, name: str) -> str:
    """Return a user's name as Civitai spells it, "" if no user of this name has posted images.

    Civitai has no endpoint for users, so the first page of the user's images is requested.
    """
    query = ImageQuery(username=name, level=_ALL_LEVELS)
    page = _fetch_rows(client, query, None, _MIN_IMAGES)
    if page.images:
        return page.images[0].username
    return name if page.ids or page.next_cursor is not None else ""


def fetch_username(client: Client) -> str:
    """Return the name of the user who owns the client's API key; raise NeedsKey for a wrong key."""
    return records.username_from_json(client.fetch_json(_api_url("me")))


def _api_url(path: str) -> str:
    return f"{setting.base_url()}/api/v1/{path}"
