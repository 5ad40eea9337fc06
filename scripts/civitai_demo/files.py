"""Files of the image host: originals with their embedded metadata, thumbnails, posters, videos.

URL path: /<account>/<uuid>/<key=value,...>/<name>.<extension>; the last part is ignored for images.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
from email.message import Message
from typing import Any, NamedTuple

from .gallery import choose_art, choose_clip, choose_size, DemoImage, find_demo_image
from .gallery import make_exif, make_graphs, make_infotext, make_meta, read_clip
from .params import ErrorResponse
from .scenes import draw_art

__all__ = ["ACCOUNT", "File", "draw_original", "find_file", "get_size", "make_url", "make_uuid"]
__all__ += ["select_part"]

ACCOUNT = "xG1nkqKTMzGDvpLrqFT7WA"
_MIMES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_PATH = re.compile(rf"/{ACCOUNT}/([0-9a-f]{{8}})-[0-9a-f-]{{27}}(?:/([a-z]+=[^/]*))?(?:/([^/]*))?")
_FACTOR = 0x9E3779B1  # odd, so that it has an inverse; URLs in older data folders need it


class File(NamedTuple):
    """A file to serve. etag: the ETag header, with its quotes."""

    body: bytes
    mime: str
    etag: str


def make_uuid(image_id: int) -> str:
    """Return the UUID that stands for an image in its URLs; its first 8 digits encode the id."""
    return f"{image_id * _FACTOR % 2**32:08x}-0000-4000-a000-000000000000"


def make_url(server_url: str, image: DemoImage) -> str:
    """Return the URL of an image's or video's original file, as the API states it.

    The extension is `jpeg` for every image, whatever its format.
    """
    code, extension = make_uuid(image.id), "mp4" if image.type == "video" else "jpeg"
    return f"{server_url}/{ACCOUNT}/{code}/original=true/{code}.{extension}"


def get_size(image: DemoImage) -> tuple[int, int]:
    """Return (width, height) of an image's or video's original in pixels."""
    return choose_clip(image).size if image.type == "video" else choose_size(image)


def find_file(path: str) -> File:
    """Return the original or thumbnail at a path of the image host.

    path: percent-decoded, without the query. Raises ErrorResponse if no file has this path.
    """
    found = _PATH.fullmatch(path)
    code = int(found[1], 16) if found else 0
    image = find_demo_image(code * pow(_FACTOR, -1, 2**32) % 2**32)
    if found is None or image is None:
        raise ErrorResponse(404, "Not found")
    options = dict(pair.partition("=")[::2] for pair in (found[2] or "").split(","))
    width = int(options["width"]) if re.fullmatch(r"\d{1,6}", options.get("width", "")) else 0
    is_moving = image.type == "video" and options.get("anim") != "false"
    is_still = (found[3] or "").endswith((".jpeg", ".jpg", ".webp", ".png")) and width > 0
    if is_moving and not is_still or image.type == "image" and not width:
        return draw_original(image)
    return _draw_thumbnail(image, width or 450, "WEBP" if "optimized" in options else "JPEG")


def select_part(file: File, headers: Message[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Return (status, headers, body) of the response to a request for a file.

    headers: those of the request. The body is the part that Range asks for, or the whole file
    without Range or if If-Range names another ETag. A part after the file's end gives 416 and no
    body.
    """
    about, total = {"ETag": file.etag, "Accept-Ranges": "bytes"}, len(file.body)
    found = re.fullmatch(r"bytes=(\d{1,18})-(\d{0,18})", headers.get("Range", ""))
    if not found or headers.get("If-Range", file.etag) != file.etag:
        return 200, about, file.body
    start, end = int(found[1]), min(total, int(found[2] or total) + 1)
    if start >= end:
        return 416, {**about, "Content-Range": f"bytes */{total}"}, b""
    about["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
    return 206, about, file.body[start:end]


@functools.lru_cache(maxsize=24)  # so that a resumed download is not drawn again
def draw_original(image: DemoImage) -> File:
    """Return the original file of an image or video, in which its generation data is embedded."""
    if image.type == "video":
        clip = choose_clip(image)
        return _make_file(read_clip(clip), clip.mime)
    from PIL.PngImagePlugin import PngInfo

    drawing = draw_art(choose_art(image), choose_size(image))
    texts, out, kind = _make_texts(image), io.BytesIO(), _choose_format(image)
    options: dict[str, Any] = {"quality": 90} if kind == "JPEG" else {"quality": 84, "method": 1}
    if kind == "PNG":
        options = {"compress_level": 1, "pnginfo": PngInfo()}
        for name, text in texts.items():
            options["pnginfo"].add_text(name, text)
    elif "parameters" in texts:
        options["exif"] = make_exif(texts["parameters"])
    drawing.save(out, kind, **options)
    return _make_file(out.getvalue(), _MIMES[kind])


def _make_file(body: bytes, mime: str) -> File:
    return File(body, mime, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')


def _make_texts(image: DemoImage) -> dict[str, str]:
    """Return the metadata that an image's program writes into a PNG, as {name of chunk: text}."""
    meta = make_meta(image)
    if meta and "comfy" in meta:
        return dict(zip(("prompt", "workflow"), make_graphs(meta)))
    return {"parameters": make_infotext(meta)} if meta else {}


def _choose_format(image: DemoImage) -> str:
    if image.kind == "onsite":
        return "JPEG"
    return ("PNG", "JPEG", "PNG", "WEBP", "JPEG")[image.id // 11 % 5]


@functools.lru_cache(maxsize=1_000)
def _draw_thumbnail(image: DemoImage, width: int, kind: str) -> File:
    """Return a thumbnail of an image or video, at most as wide as the original.

    width: in pixels. kind: "JPEG" or "WEBP".
    """
    full = get_size(image)
    width = min(width, full[0])
    size = (width, max(1, round(width * full[1] / full[0])))
    drawing, out = draw_art(choose_art(image), size), io.BytesIO()
    options = {"quality": 80, "method": 1} if kind == "WEBP" else {"quality": 85}
    drawing.save(out, kind, **options)
    return _make_file(out.getvalue(), _MIMES[kind])
