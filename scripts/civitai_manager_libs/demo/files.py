"""Files of the image host: originals with their embedded metadata, thumbnails, posters, videos.

URL path: /<account>/<uuid>/<key=value,...>/<name>.<extension>; the last part is ignored for images.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
from typing import Any, NamedTuple

from .gallery import choose_art, choose_clip, choose_size, DemoImage, find_demo_image
from .gallery import make_exif, make_graphs, make_infotext, make_meta, mix_bits, read_clip
from .scenes import draw_art

__all__ = ["ACCOUNT", "File", "make_url", "find_file", "draw_original", "get_size"]

ACCOUNT = "xG1nkqKTMzGDvpLrqFT7WA"
_MIMES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_RATINGS = {1: "", 2: "PG-13", 4: "R", 8: "X", 16: "XXX"}
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ADDRESS = re.compile(rf"/{ACCOUNT}/({_UUID})(?:/([a-z]+=[^/]*))?(?:/([^/]*))?")
_SPREAD = 0x9E3779B1  # odd, so it has an inverse: the UUID contains the id


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
    return _draw_thumbnail(image, width or 450, "WEBP" if "optimized" in options else "JPEG")


@functools.lru_cache(maxsize=24)  # so that a resumed download is not drawn again
def draw_original(image: DemoImage) -> File:
    """Return the original file of an image or video."""
    body, mime = _encode_original(image)
    return _make_file(image, body, mime)


def _make_file(image: DemoImage, body: bytes, mime: str) -> File:
    tag = hashlib.blake2b(body, digest_size=12).hexdigest()
    return File(body, mime, f'"{tag}"', image.uploaded)


def _encode_original(image: DemoImage) -> tuple[bytes, str]:
    """Return (bytes, MIME type) of an original file, in which its generation data is embedded."""
    if image.type == "video":
        return read_clip(image), choose_clip(image).mime
    from PIL.PngImagePlugin import PngInfo

    drawing = draw_art(choose_art(image), choose_size(image), _RATINGS[image.level])
    texts, out, kind = _make_texts(image), io.BytesIO(), choose_format(image)
    options: dict[str, Any] = {"quality": 90} if kind == "JPEG" else {"quality": 84, "method": 1}
    if kind == "PNG":
        options = {"compress_level": 1, "pnginfo": PngInfo()}
        for name, text in texts.items():
            options["pnginfo"].add_text(name, text)
    elif "parameters" in texts:
        artist = "ai" if image.kind == "onsite" else ""
        options["exif"] = make_exif(texts["parameters"], artist)
    drawing.save(out, kind, **options)
    return out.getvalue(), _MIMES[kind]


def _make_texts(image: DemoImage) -> dict[str, str]:
    """Return the texts that the program of an image writes into a PNG, by name."""
    meta = make_meta(image)
    if meta and "comfy" in meta:
        return dict(zip(("prompt", "workflow"), make_graphs(meta)))
    return {"parameters": make_infotext(meta)} if meta else {}


def choose_format(image: DemoImage) -> str:
    """Return the format of an image's original file: "PNG", "JPEG" or "WEBP"."""
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
    drawing, out = draw_art(choose_art(image), size, _RATINGS[image.level]), io.BytesIO()
    options = {"quality": 80, "method": 1} if kind == "WEBP" else {"quality": 85}
    drawing.save(out, kind, **options)
    return _make_file(image, out.getvalue(), _MIMES[kind])
