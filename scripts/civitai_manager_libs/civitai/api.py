"""Requests to Civitai's REST API; the HTTP client is an argument.

Errors of the client pass through: `HttpStatusError` for an error status, `NetworkError` for no
response, `Cancelled`. A response that the API's documentation does not allow raises
`InvalidResponse`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from .. import setting
from ..core import Cancellation, Image, never_cancelled
from ..errors import CivitaiShortcutError, NotFound
from . import records, urls
from .files import RemoteFile
from .pagination import adjust_cursor, ImageQuery, may_be_cut, Page
from .records import Model, ModelPage, Version
from .urls import Reference

__all__ = ["Client", "fetch_image", "fetch_images", "fetch_model", "fetch_username"]
__all__ += ["fetch_version", "fetch_version_by_hash", "find_user", "make_download_url"]
__all__ += ["parse_image", "parse_page", "parse_reference", "search_models"]

_MAX_IMAGES, _MAX_MODELS = 200, 100  # a page; the site answers 400 beyond them
# The SQL path has one row for each version that an image was made with: a page shorter than an
# image's rows would lead to itself for ever.
_MIN_IMAGES = 20
_PG, _ALL_LEVELS = 1, 31


class Client(Protocol):
    """The client for requests to Civitai's API."""

    def fetch_json(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        cancelled: Cancellation | None = None,
    ) -> Any:
        """Return the parsed JSON body of a response."""


def parse_reference(text: str, takes_words: bool = True) -> Reference:
    """Parse what a user typed: a URL, an id, an AIR (`civitai:123@456`) or search words.

    Raises InputError with a message that says what to type instead. takes_words: whether that
    message may suggest search words.
    """
    return urls.resolve_reference(text, setting.base_url(), takes_words)


def fetch_model(client: Client, model_id: int, cancelled: Cancellation | None = None) -> Model:
    """Fetch a model with all its versions."""
    return records.model_from_json(
        client.fetch_json(_api_url(f"models/{model_id}"), cancelled=cancelled)
    )


def fetch_version(
    client: Client, version_id: int, cancelled: Cancellation | None = None
) -> Version:
    """Fetch one version of a model, with the model's id and name."""
    body = client.fetch_json(_api_url(f"model-versions/{version_id}"), cancelled=cancelled)
    return records.version_from_json(body)


def fetch_version_by_hash(
    client: Client, code: str, cancelled: Cancellation | None = None
) -> Version:
    """Fetch the version that has a file with this hash. Raises NotFound if there is none.

    code: AutoV1, AutoV2, AutoV3 or SHA256 in hexadecimal digits.
    """
    url = _api_url(f"model-versions/by-hash/{code.upper()}")
    return records.version_from_json(client.fetch_json(url, cancelled=cancelled))


def make_download_url(version_id: int, file: RemoteFile) -> str:
    """Return the URL of a file's download on the site that the settings name.

    The URL in the file's record is used only if it is on this site or on civitai.com, since a
    stored record may name another site.
    """
    if file.url and urls.is_image_url(file.url, setting.base_url()):
        return file.url
    return f"{setting.base_url()}/api/download/models/{version_id}?fileId={file.id}"


def search_models(
    client: Client,
    words: str,
    level: int = _PG,
    limit: int = 20,
    cursor: str | None = None,
    cancelled: Cancellation | None = None,
) -> ModelPage:
    """Fetch a page of the models that best match search words.

    level: bit mask of the browsing levels that a model's cover may have. limit: number of models, 1
    to 100. cursor: the previous page's `next_cursor`, None for the first page.
    """
    params: dict[str, str | int] = {"query": words, "limit": max(1, min(limit, _MAX_MODELS))}
    if level & _ALL_LEVELS & ~_PG:
        params["nsfw"] = "true"  # the site then answers with everything, so covers are chosen here
    if cursor is not None:
        params["cursor"] = cursor
    body = client.fetch_json(_api_url("models"), params=params, cancelled=cancelled)
    return records.models_from_json(body, level, _allowed_url_check())


def fetch_images(
    client: Client,
    query: ImageQuery,
    cursor: str | None = None,
    limit: int = 100,
    cancelled: Cancellation | None = None,
    patience: float | None = None,
) -> Page:
    """Fetch one page of the images that match a query.

    cursor: the previous page's `next_cursor`, None for the first page. limit: number of images to
    request, 20 to 200. A page may have no images although more pages follow. If images may be
    missing at its end, the page is requested again with twice the limit. patience: seconds to wait
    for this second response, None for no limit. For an unknown user the page is empty.
    """
    rows = max(_MIN_IMAGES, min(limit, _MAX_IMAGES))
    page = _fetch_rows(client, query, cursor, rows, cancelled)
    if 2 * rows > _MAX_IMAGES or not may_be_cut(query, page, rows):
        return page
    cancelled, is_smallest = cancelled or never_cancelled(), rows < 2 * _MIN_IMAGES
    try:
        with cancelled.with_timeout(patience) as bounded:
            uncut = _fetch_rows(client, query, cursor, 2 * rows, bounded)
    except CivitaiShortcutError:
        cancelled.check()
        if patience is None and is_smallest:
            raise
    else:
        if set(page.ids) <= set(uncut.ids):
            return replace(uncut, next_cursor=page.next_cursor)
    if patience is not None or is_smallest:
        return page
    return fetch_images(client, query, cursor, rows // 2, cancelled)


def _fetch_rows(
    client: Client,
    query: ImageQuery,
    cursor: str | None,
    rows: int,
    cancelled: Cancellation | None,
) -> Page:
    params = _query_params(query, cursor, rows)
    try:
        body = client.fetch_json(_api_url("images"), params=params, cancelled=cancelled)
    except NotFound:  # which some of the site's paths send for an author who does not exist
        if not query.username or cursor is not None:
            raise
        return Page()
    return records.page_from_json(body, query, _allowed_url_check())


def parse_page(body: Any) -> Page:
    """Parse a response of `GET /images`, with images of all browsing levels."""
    return records.page_from_json(body, ImageQuery(level=_ALL_LEVELS), _allowed_url_check())


def parse_image(row: Any) -> Image | None:
    """Parse the stored record of an image; return None if its URL may not be fetched."""
    return records.image_from_json(row, _allowed_url_check())


def find_example_image(version: Mapping[str, Any], level: int) -> Image | None:
    """Return the first example image in a version's record, or else the first example video.

    level: bit mask of the browsing levels that it may have.
    """
    row, check = {"modelVersions": [version]}, _allowed_url_check()
    image = records.find_cover(row, level, check, "image")
    return image or records.find_cover(row, level, check)


def fetch_image(
    client: Client, image_id: int, cancelled: Cancellation | None = None
) -> Image | None:
    """Fetch one image by its id; return None if Civitai does not return the image."""
    query = ImageQuery(image_id=image_id, level=_ALL_LEVELS)
    page = fetch_images(client, query, None, 1, cancelled)
    return next((image for image in page.images if image.id == image_id), None)


def find_user(client: Client, name: str, cancelled: Cancellation | None = None) -> str:
    """Return the name of a user who has shown images, as Civitai writes it; "" if there is none.

    Civitai has no route for users: their images tell, with one request.
    """
    query = ImageQuery(username=name, level=_ALL_LEVELS)
    page = _fetch_rows(client, query, None, _MIN_IMAGES, cancelled)
    if page.images:
        return page.images[0].username
    return name if page.ids or page.next_cursor is not None else ""


def fetch_username(client: Client) -> str:
    """Fetch the name of the user to whom the client's API key belongs, in order to test the key.

    Raises NeedsKey for a wrong key.
    """
    return records.username_from_json(client.fetch_json(_api_url("me")))


def _api_url(path: str) -> str:
    return f"{setting.base_url()}/api/v1/{path}"


def _allowed_url_check() -> records.UrlCheck:
    return partial(urls.is_image_url, base_url=setting.base_url())


def _query_params(query: ImageQuery, cursor: str | None, rows: int) -> dict[str, str | int]:
    params: dict[str, str | int | None] = {
        # With both ids the site ignores the model's.
        "modelId": query.model_id if query.version_id is None else None,
        "modelVersionId": query.version_id,
        "postId": query.post_id,
        "username": query.username or None,
        "imageId": query.image_id,
        "baseModels": ",".join(query.base_models) or None,
        "sort": query.sort,
        "period": query.period,
        "browsingLevel": query.level,
        "type": query.type,
        "limit": rows,
        "withMeta": "true",
        "flatMeta": "true",
        "cursor": adjust_cursor(query, cursor),
    }
    return {name: value for name, value in params.items() if value is not None}
