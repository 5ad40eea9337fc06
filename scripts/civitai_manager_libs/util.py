"""Small helpers: the log line, file types, safe file names, short texts for people."""

from __future__ import annotations

import re
import sys
import unicodedata

__all__ = ["detect_media_extension", "is_text", "is_web_page", "printD", "safe_name", "short_bytes"]
__all__ += ["short_time", "without_query"]

_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"}
_RESERVED |= {f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"}
# A tag, or an object or array with its first value: any binary file may begin with `<` or `{`.
_MARKUP = re.compile(rb"""\s*(<[!?]?[a-z-]|\{\s*["}]|\[\s*(["{\[\]\d-]|null|true|false))""", re.I)
_WEB_PAGE = re.compile(rb"\s*<(?:.{0,1000}?<)?(?:!doctype html|html|head|body)\b", re.I | re.S)
_TEXT_TYPES = ("text/html", "application/xhtml", "application/json", "application/xml", "text/xml")
_BOM = b"\xef\xbb\xbf"
_FTYP_EXTENSIONS = {b"avif": "avif", b"avis": "avif", b"heic": "heic"}
_FTYP_EXTENSIONS |= {b"heix": "heic", b"mif1": "heic"}


def printD(message: str) -> None:
    """Log one line to stderr; replace unprintable characters by spaces."""
    # stdout is for `--json`.
    line = "".join(c if c.isprintable() else " " for c in f"Civitai Shortcut: {message}")
    # Not by print's `end`: that is a second write, and other threads may write in between.
    try:
        print(f"{line}\n", end="", file=sys.stderr, flush=True)
    except UnicodeEncodeError:  # a console of another code page
        page = getattr(sys.stderr, "encoding", None) or "ascii"
        line = line.encode(page, "backslashreplace").decode(page)
        print(f"{line}\n", end="", file=sys.stderr, flush=True)


def without_query(url: str) -> str:
    """Return a URL without its query, fragment and password, for a log."""
    return re.sub(r"//[^/]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])


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


def safe_name(name: str, fallback: str = "unnamed", limit: int = 100) -> str:
    """Turn a text into a file name that is valid on Windows, macOS and Linux.

    Forbidden characters become spaces; a reserved name such as `con` gets a `_` in front. fallback:
    used if nothing is left. limit: the largest size in UTF-8 bytes.
    """
    visible = (c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C")
    text = re.sub(r'[<>:"/\\|?*\s]+', " ", "".join(visible)).strip(" .")
    text = text.encode("utf-8", "ignore")[:limit].decode("utf-8", "ignore").rstrip(" .")
    if text.split(".", 1)[0].rstrip().lower() in _RESERVED:
        text = f"_{text}"
    return text or fallback


def short_time(seconds: float) -> str:
    """Return a number of seconds as text, such as `1:15` or `1:01:40`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def short_bytes(count: float) -> str:
    """Return a number of bytes as text, such as `1.5 KB`."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")
