"""Files of the image host: originals with their embedded metadata, thumbnails, posters, videos.

URL path: /<account>/<uuid>/<key=value,...>/<name>.<extension>; the last part is ignored for images.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from .gallery import (
    choose_art,
    read_clip,
    choose_clip,
    make_exif,
    choose_size,
    make_graphs,
    make_infotext,
    make_meta,
    mix_bits,
    DemoImage,
    find_demo_image,
)
from .scenes import draw_art

__all__ = ["ACCOUNT", "File", "make_url", "find_file", "draw_original", "get_size"]

ACCOUNT = "xG1nkqKTMzGDvpLrqFT7WA"
_MIMES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_RATINGS = {1: "", 2: "PG-13", 4: "R", 8: "X", 16: "XXX"}
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ADDRESS = re.compile(rf"/{ACCOUNT}/({_UUID})(?:/([a-z]+=[^/]*))?(?:/([^/]*))?")
_SPREAD = 0x9E3779B1  # odd, so it has an inverse: the UUID contains the id
_CACHE_LIMIT = 64 * 1024 * 1024  # bytes; a resumed download is not drawn again


class File(NamedTuple):
    """A file to serve. tag: the ETag with its quotes. modified: milliseconds since 1970."""

    body: bytes
    mime: str
    tag: str
    modified: int


def make_uuid(image_id: int) -> str:
    """Return the UUID that stands for an image in its URLs."""
    bits = f"{image_id * _SPREAD % 2**32:08x}"
    bits += f"{mix_bits(image_id, 7):016x}{mix_bits(image_id, 8):016x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}"


def make_url(server_url: str, image: DemoImage, name: str | None = None) -> str:
    """Return the URL of an image's original file, as the API states it.

    The extension is `jpeg` for every image, whatever its format. name: the file's name without
    extension, None for the image's UUID.
    """
    uuid = make_uuid(image.id)
    extension = "mp4" if image.type == "video" else "jpeg"
    return f"{server_url}/{ACCOUNT}/{uuid}/original=true/{name or uuid}.{extension}"


def get_size(image: DemoImage) -> tuple[int, int]:
    """Return (width, height) of an image's or video's original in pixels."""
    return choose_clip(image).size if image.type == "video" else choose_size(image)


def find_file(path: str) -> File | None:
    """Return the original or thumbnail at a path of the image host, None if there is none.

    path: percent-decoded, without the query.
    """
    found = _ADDRESS.fullmatch(path)
    if not found:
        return None
    uuid, segment, name = found.groups()
    image_id = int(uuid[:8], 16) * pow(_SPREAD, -1, 2**32) % 2**32
    image = find_demo_image(image_id)
    if image is None or make_uuid(image_id) != uuid:
        return None
    options = dict(pair.partition("=")[::2] for pair in (segment or "").split(","))
    width = int(options["width"]) if re.fullmatch(r"\d{1,6}", options.get("width", "")) else 0
    is_moving = image.type == "video" and options.get("anim") != "false"
    is_still = (name or "").endswith((".jpeg", ".jpg", ".webp", ".png")) and width > 0
    if is_moving and not is_still or image.type == "image" and not width:
        return draw_original(image)
    return _get_cached(
        (image.id, width or 450, "optimized" in options),
        functools.partial(_draw_thumbnail, image),
    )


def draw_original(image: DemoImage) -> File:
    """Return the original file of an image or video. An image is drawn, unless the cache has it."""
    return _get_cached((image.id, 0, False), lambda key: _encode_original(image))


def _encode_original(image: DemoImage) -> tuple[bytes, str]:
    if image.type == "video":
        return read_clip(image), choose_clip(image).mime
    drawing = draw_art(choose_art(image), choose_size(image), _RATINGS[image.level])
    meta, out, kind = make_meta(image), io.BytesIO(), choose_format(image)
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        chunks = PngInfo()
        if meta and "comfy" in meta:
            for key, text in zip(("prompt", "workflow"), make_graphs(meta)):
                chunks.add_text(key, text)
        elif meta:
            chunks.add_text("parameters", make_infotext(meta))
        drawing.save(out, "PNG", compress_level=1, pnginfo=chunks)
    else:
        options = {"quality": 90} if kind == "JPEG" else {"quality": 84, "method": 1}
        drawing.save(out, kind, exif=_make_exif(image), **options)
    return out.getvalue(), _MIMES[kind]


def _make_exif(image: DemoImage) -> bytes:
    """Return EXIF data with an image's infotext.

    Return b"" for an image without generation data, and for an image that ComfyUI made.
    """
    meta = make_meta(image)
    if not meta or "comfy" in meta:
        return b""
    return make_exif(make_infotext(meta), "ai" if image.kind == "onsite" else "", image.id % 4 > 0)


def choose_format(image: DemoImage) -> str:
    """Return the format of an image's original file: "PNG", "JPEG" or "WEBP"."""
    if image.kind == "onsite":
        return "JPEG"
    return ("PNG", "JPEG", "PNG", "WEBP", "JPEG")[image.id // 11 % 5]


def _draw_thumbnail(image: DemoImage, key: tuple[int, int, bool]) -> tuple[bytes, str]:
    """Draw a thumbnail, at most as wide as the original, and return (bytes, MIME type).

    key: (id of the image or video, width in pixels, True for WEBP or False for JPEG).
    """
    _, width, webp = key
    full = get_size(image)
    width = min(width, full[0])
    size = (width, max(1, round(width * full[1] / full[0])))
    drawing = draw_art(choose_art(image), size, _RATINGS[image.level])
    out = io.BytesIO()
    if webp:
        drawing.save(out, "WEBP", quality=80, method=1)
        return out.getvalue(), "image/webp"
    drawing.save(out, "JPEG", quality=85)
    return out.getvalue(), "image/jpeg"


_cache: OrderedDict[tuple[int, int, bool], File] = OrderedDict()
_cache_lock = threading.Lock()


def _get_cached(
    key: tuple[int, int, bool], make: Callable[[tuple[int, int, bool]], tuple[bytes, str]]
) -> File:
    """Return a file from the cache; if it is missing, make it and add it.

    key: (id of the image or video, width in pixels, True for WEBP or False for JPEG). make: returns
    (bytes, MIME type) for a key. When the cache is full, the least recently used files are removed.
    """
    with _cache_lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    body, mime = make(key)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    image = find_demo_image(key[0])
    file = File(body, mime, tag, image.uploaded if image else 0)
    with _cache_lock:
        _cache[key] = file
        while sum(len(cached.body) for cached in _cache.values()) > _CACHE_LIMIT:
            _cache.popitem(last=False)
    return file
