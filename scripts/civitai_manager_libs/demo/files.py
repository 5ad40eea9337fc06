"""The image host's files: originals with what is embedded in them, thumbnails, posters, clips.

Their addresses: /<account>/<uuid>/<key=value,...>/<name>.<extension>; the last part is cosmetic.
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
    art,
    clip_bytes,
    clip_of,
    exif,
    file_size,
    graphs,
    infotext,
    meta_of,
    mixed,
    Row,
    row_of,
)
from .scenes import draw

__all__ = ["ACCOUNT", "File", "address", "file_at", "original", "size_of"]

ACCOUNT = "xG1nkqKTMzGDvpLrqFT7WA"
_MIMES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_RATINGS = {1: "", 2: "PG-13", 4: "R", 8: "X", 16: "XXX"}
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ADDRESS = re.compile(rf"/{ACCOUNT}/({_UUID})(?:/([a-z]+=[^/]*))?(?:/([^/]*))?")
_SPREAD = 0x9E3779B1  # odd, so that it has an inverse: the id can be read off the uuid
_KEPT = 64 * 1024 * 1024  # bytes of drawn files, so that a resumed download is not drawn anew


class File(NamedTuple):
    """modified: ms since 1970. tag: the entity tag with its quotes."""

    body: bytes
    mime: str
    tag: str
    modified: int


def uuid_of(image_id: int) -> str:
    bits = f"{image_id * _SPREAD % 2**32:08x}{mixed(image_id, 7):016x}{mixed(image_id, 8):016x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:32]}"


def address(base: str, row: Row, name: str | None = None) -> str:
    """The original's URL as the API writes it: `.jpeg` for every image, whatever its bytes are."""
    uuid = uuid_of(row.id)
    extension = "mp4" if row.type == "video" else "jpeg"
    return f"{base}/{ACCOUNT}/{uuid}/original=true/{name or uuid}.{extension}"


def size_of(row: Row) -> tuple[int, int]:
    return clip_of(row).size if row.type == "video" else file_size(row)


def file_at(path: str) -> File | None:
    """What lies at a path (percent-decoded, without query); None: nothing."""
    found = _ADDRESS.fullmatch(path)
    if not found:
        return None
    uuid, segment, name = found.groups()
    image_id = int(uuid[:8], 16) * pow(_SPREAD, -1, 2**32) % 2**32
    row = row_of(image_id)
    if row is None or uuid_of(image_id) != uuid:
        return None
    wants = dict(pair.partition("=")[::2] for pair in (segment or "").split(","))
    width = int(wants["width"]) if re.fullmatch(r"\d{1,6}", wants.get("width", "")) else 0
    moving = row.type == "video" and wants.get("anim") != "false"
    still_named = (name or "").endswith((".jpeg", ".jpg", ".webp", ".png")) and width > 0
    if moving and not still_named or row.type == "image" and not width:
        return original(row)
    return _kept((row.id, width or 450, "optimized" in wants), functools.partial(_reduced, row))


def original(row: Row) -> File:
    return _kept((row.id, 0, False), lambda key: _original(row))


def _original(row: Row) -> tuple[bytes, str]:
    if row.type == "video":
        return clip_bytes(row), clip_of(row).mime
    image = draw(art(row), file_size(row), _RATINGS[row.level])
    meta, out, kind = meta_of(row), io.BytesIO(), true_format(row)
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        chunks = PngInfo()
        if meta and "comfy" in meta:
            for key, text in zip(("prompt", "workflow"), graphs(meta)):
                chunks.add_text(key, text)
        elif meta:
            chunks.add_text("parameters", infotext(meta))
        image.save(out, "PNG", compress_level=1, pnginfo=chunks)
    else:
        options = {"quality": 90} if kind == "JPEG" else {"quality": 84, "method": 1}
        image.save(out, kind, exif=_comment(row), **options)
    return out.getvalue(), _MIMES[kind]


def _comment(row: Row) -> bytes:
    """EXIF as the WebUIs write it; some other programs have the other byte order."""
    meta = meta_of(row)
    if not meta or "comfy" in meta:
        return b""
    return exif(infotext(meta), "ai" if row.kind == "onsite" else "", row.id % 4 > 0)


def true_format(row: Row) -> str:
    """PNG, JPEG or WEBP: what the bytes are, though every URL says `.jpeg`."""
    if row.kind == "onsite":
        return "JPEG"
    return ("PNG", "JPEG", "PNG", "WEBP", "JPEG")[row.id // 11 % 5]


def _reduced(row: Row, key: tuple[int, int, bool]) -> tuple[bytes, str]:
    """Drawn small at once, so never larger than the original; nothing is embedded."""
    _, width, webp = key
    full = size_of(row)
    width = min(width, full[0])
    image = draw(art(row), (width, max(1, round(width * full[1] / full[0]))), _RATINGS[row.level])
    out = io.BytesIO()
    if webp:
        image.save(out, "WEBP", quality=80, method=1)
        return out.getvalue(), "image/webp"
    image.save(out, "JPEG", quality=85)
    return out.getvalue(), "image/jpeg"


_shelf: OrderedDict[tuple[int, int, bool], File] = OrderedDict()
_shelf_lock = threading.Lock()


def _kept(
    key: tuple[int, int, bool], make: Callable[[tuple[int, int, bool]], tuple[bytes, str]]
) -> File:
    """From the shelf, or made and put there; what was asked for longest ago goes first."""
    with _shelf_lock:
        if key in _shelf:
            _shelf.move_to_end(key)
            return _shelf[key]
    body, mime = make(key)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    row = row_of(key[0])
    file = File(body, mime, tag, row.uploaded if row else 0)
    with _shelf_lock:
        _shelf[key] = file
        while sum(len(kept.body) for kept in _shelf.values()) > _KEPT:
            _shelf.popitem(last=False)
    return file
