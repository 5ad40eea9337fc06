"""The type of a file or response, by its first bytes."""

from __future__ import annotations

import re

__all__ = ["detect_media_extension", "is_text", "is_web_page"]

# A tag, or an object or array with its first value: any binary file may begin with `<` or `{`.
_MARKUP = re.compile(rb"""\s*(<[!?]?[a-z-]|\{\s*["}]|\[\s*(["{\[\]\d-]|null|true|false))""", re.I)
_WEB_PAGE = re.compile(rb"\s*<(?:.{0,1000}?<)?(?:!doctype html|html|head|body)\b", re.I | re.S)
_TEXT_TYPES = ("text/html", "application/xhtml", "application/json", "application/xml", "text/xml")
_BOM = b"\xef\xbb\xbf"
_FTYP_EXTENSIONS = {b"avif": "avif", b"avis": "avif", b"heic": "heic"}
_FTYP_EXTENSIONS |= {b"heix": "heic", b"mif1": "heic"}


def detect_media_extension(start: bytes) -> str | None:
    """Return a media file's extension, such as "png", by its first 16 bytes; None if unknown.

    Extensions in URLs cannot be trusted: a `.jpeg` may be a PNG.
    """
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if start.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start[4:8] == b"ftyp":
        return _FTYP_EXTENSIONS.get(start[8:12], "mp4")
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm"
    if start.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")):
        return "mp3"
    return None


def is_web_page(content_type: str, start: bytes) -> bool:
    """Return whether a response is an HTML page, by its Content-Type or the start of its body."""
    return "html" in content_type.lower() or bool(_WEB_PAGE.match(start.removeprefix(_BOM)))


def is_text(content_type: str, start: bytes) -> bool:
    """Return whether a response is HTML, XML or JSON, by its Content-Type or its body's start."""
    has_type = content_type.strip().lower().startswith(_TEXT_TYPES)
    return has_type or bool(_MARKUP.match(start.removeprefix(_BOM)))
