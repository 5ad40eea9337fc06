"""Pictures as bytes: small ones, the files themselves, and the page's own code."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from ... import util
from ...core import disk_errors, Image, thumbnail_url
from ...errors import Gone, NetworkError, NotAnImage, ServerTrouble
from ...library import bookmarks, cache, deletions, pages
from .. import bundle
from ..http import Asked, Far, file_answer, Refusal
from .dependencies import client, known_image, saved_files

__all__ = ["file", "page_file", "thumb"]

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


def thumb(asked: Asked) -> Any:
    """`thumb/<id>?w=`."""
    image = known_image(asked)
    width = _width(asked.text("w"))
    near = _near(asked, thumbnail_url(image, width), f"{image.id}-{width}")
    return near or Far(lambda: _small(asked, image, width), "files")


def file(asked: Asked) -> Any:
    """`file/<id>`: what a job has saved, else from the cache, else from Civitai."""
    image = known_image(asked)
    saved = saved_files([image.id]).get(image.id)
    if saved:
        return _answer(asked, saved, f"{image.id}")
    return _near(asked, image.url, f"{image.id}") or Far(lambda: _large(asked, image), "files")


def page_file(asked: Asked) -> Any:
    """Answer `page/<version>/<name>` with a file of the page's own code, which browsers keep."""
    version, name = asked.path("version"), asked.path("name")
    stem, _, ending = name.rpartition(".")
    if ending not in _CODE_KINDS or not re.fullmatch(r"([a-z]+/)?[a-z_]+", stem):
        raise Refusal(404, "not_there")
    is_module = version == bundle.MODULES
    body = bundle.module_file(name) if is_module else bundle.bundled_file(version, name)
    if body is None:
        raise Refusal(404, "not_there") if is_module else Refusal(410, "outdated")
    keep = "no-cache" if is_module else "private, max-age=31536000, immutable"
    headers = {"Cache-Control": keep, "X-Content-Type-Options": "nosniff"}
    headers["Content-Type"] = f"{_CODE_KINDS[ending]}; charset=utf-8"
    return Response(body, headers=headers)


def _width(given: str) -> int:
    """The least of those that the image host keeps which is as wide, or the widest."""
    wanted = int(given) if re.fullmatch("[0-9]{1,5}", given) else _USUAL
    return next((width for width in _WIDTHS if width >= wanted), _WIDTHS[-1])


def _near(asked: Asked, url: str, tag: str) -> Any:
    """From the cache; None where it is not there."""
    with cache.held(url):
        path = cache.cached(url)
        return None if path is None else _answer(asked, path, tag)


def _small(asked: Asked, image: Image, width: int) -> Any:
    try:
        with pages.file(client(), thumbnail_url(image, width), asked.cancelled) as path:
            return _answer(asked, path, f"{image.id}-{width}")
    except (Gone, NetworkError, ServerTrouble):
        kept = bookmarks.kept_thumb(image)
        if kept is None:
            raise
        return _answer(asked, kept, f"{image.id}-kept")


def _large(asked: Asked, image: Image) -> Any:
    try:
        with pages.file(client(), image.url, asked.cancelled) as path:
            return _answer(asked, path, f"{image.id}")
    except Gone:
        deletions.note_gone(image.id)
        raise


def _answer(asked: Asked, path: str, tag: str) -> Any:
    """What the bytes are decides how the browser takes them, whatever they are called."""
    with disk_errors(path):
        opened = open(path, "rb")
    kind = _KINDS.get(util.extension_of(opened.read(16)) or "")
    if kind is None:
        opened.close()
        raise NotAnImage("It is neither an image nor a video.")
    headers, method = asked.request.headers, asked.request.method
    return file_answer(opened, kind, tag, headers, method, asked.near)
