"""Thumbnails, image files and the page's own code."""

from __future__ import annotations

import re

from starlette.responses import Response

from ...core import detect_media_extension, Image, open_to_read, thumbnail_url
from ...core import translate_disk_errors
from ...errors import NetworkError, NotAnImage, NotFound, ServerError
from ...library import bookmarks, image_cache, image_records, pages
from .. import bundle
from ..http import ApiError, make_bytes_response, make_file_response, RemoteWork, RequestContext
from ..http import route
from .dependencies import get_client, require_image

_WIDTHS, _USUAL = (320, 450, 800), 450
_KINDS = {
    "avif": "image/avif",
    "gif": "image/gif",
    "heic": "image/heic",
    "jpg": "image/jpeg",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "png": "image/png",
    "webm": "video/webm",
    "webp": "image/webp",
}
_CODE_KINDS = {"js": "text/javascript", "css": "text/css"}


@route("GET", "thumb/{image_id:civitai_id}", "images")
def get_thumbnail(context: RequestContext) -> Response | RemoteWork[Response]:
    """Return a response with an image's thumbnail, which is 320, 450 or 800 pixels wide.

    The query parameter `w` selects the smallest of these widths that is at least `w`, and 800 if
    `w` is larger. Without a number, the width is 450.
    """
    image = require_image(context)
    given = context.query_param("w")
    wanted = int(given) if re.fullmatch("[0-9]{1,5}", given) else _USUAL
    width = next((width for width in _WIDTHS if width >= wanted), _WIDTHS[-1])
    cached = _respond_from_cache(context, thumbnail_url(image, width), f"{image.id}-{width}")
    return cached or RemoteWork(lambda: _respond_with_thumbnail(context, image, width), "files")


@route("GET", "file/{image_id:civitai_id}", "images")
def get_file(context: RequestContext) -> Response | RemoteWork[Response]:
    """Return a response with an image's full-size file.

    The file is the downloaded one, or else the cached one; if there is neither, it is fetched.
    """
    image = require_image(context)
    saved = image_records.find_saved_file(image.id)
    if saved:
        return respond_with_file(context, saved, f"{image.id}")
    return _respond_from_cache(context, image.url, f"{image.id}") or RemoteWork(
        lambda: _respond_with_full_file(context, image), "files"
    )


def get_page_file(context: RequestContext) -> Response:
    """Return a response with a script or stylesheet of the page.

    Browsers cache a bundled file permanently. Raises ApiError if there is no such file, or if the
    page that requests a bundled file is outdated.
    """
    version, name = context.path_param("version"), context.path_param("name")
    stem, _, ending = name.rpartition(".")
    if ending not in _CODE_KINDS or not re.fullmatch("[a-z_]+", stem):
        raise ApiError(404, "not_there")
    body = bundle.read_bundled_file(version, name)
    is_current = version == bundle.CURRENT
    if body is None:
        raise ApiError(404, "not_there") if is_current else ApiError(410, "outdated")
    cache_control = "no-cache" if is_current else "private, max-age=31536000, immutable"
    return make_bytes_response(body, _CODE_KINDS[ending], cache_control)


def _respond_from_cache(context: RequestContext, url: str, etag: str) -> Response | None:
    with image_cache.hold_file(url):
        path = image_cache.find_cached(url)
        return None if path is None else respond_with_file(context, path, etag)


def _respond_with_thumbnail(context: RequestContext, image: Image, width: int) -> Response:
    try:
        with pages.open_image_file(get_client(), thumbnail_url(image, width)) as path:
            return respond_with_file(context, path, f"{image.id}-{width}")
    except (NotFound, NetworkError, ServerError):
        thumbnail = bookmarks.find_thumbnail(image)
        if thumbnail is None:
            raise
        return respond_with_file(context, thumbnail, f"{image.id}-kept")


def _respond_with_full_file(context: RequestContext, image: Image) -> Response:
    try:
        with pages.open_image_file(get_client(), image.url) as path:
            return respond_with_file(context, path, f"{image.id}")
    except NotFound:
        image_records.mark_deleted(image.id)
        raise


def respond_with_file(context: RequestContext, path: str, etag: str) -> Response:
    """Return a response with a media file; its type is detected from its first bytes.

    etag: an id that changes with the file's content. Raises NotAnImage if the file is no image,
    video or sound.
    """
    with translate_disk_errors(path):
        opened = open_to_read(path)
    try:
        media_type = find_media_type(opened.read(16))
    except NotAnImage:
        opened.close()
        raise
    return make_file_response(opened, media_type, etag, context.request, context.run_local)


def find_media_type(start: bytes) -> str:
    """Return the media type of a file from its first 16 bytes, such as "image/png".

    Raises NotAnImage if the file is no image, video or sound.
    """
    media_type = _KINDS.get(detect_media_extension(start) or "")
    if media_type is None:
        raise NotAnImage("The file is neither an image nor a video.")
    return media_type
