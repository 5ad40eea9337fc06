"""Helpers that need nothing of ours: the log line, signatures, names that are safe on a disk."""

from __future__ import annotations

import re
import sys
import unicodedata

__all__ = ["extension_of", "is_markup", "printD", "safe_name", "short_bytes"]
__all__ += ["short_time", "without_query"]

_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"}
_RESERVED |= {f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"}
# A tag, or an object or array with its first value: one byte alone may begin any binary file.
_MARKUP = re.compile(rb"""\s*(<[!?]?[a-z-]|\{\s*["}]|\[\s*(["{\[\]\d-]|null|true|false))""", re.I)
_FTYP_EXTENSIONS = {b"avif": "avif", b"avis": "avif", b"heic": "heic"}
_FTYP_EXTENSIONS |= {b"heix": "heic", b"mif1": "heic"}


def printD(message: str) -> None:
    """The log call: one line on stderr, with whatever could forge a line or a colour made harmless.

    stderr, since stdout belongs to `--json`.
    """
    line = "".join(c if c.isprintable() else " " for c in f"Civitai Shortcut: {message}")
    # The end of line within: print's own is a second write, and other threads come between.
    try:
        print(f"{line}\n", end="", file=sys.stderr, flush=True)
    except UnicodeEncodeError:  # a console of another code page, in a host's wrapper
        page = getattr(sys.stderr, "encoding", None) or "ascii"
        line = line.encode(page, "backslashreplace").decode(page)
        print(f"{line}\n", end="", file=sys.stderr, flush=True)


def without_query(url: str) -> str:
    """The URL as it may stand in a log: no query, no fragment, no user:password@."""
    return re.sub(r"//[^/]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])


def extension_of(start: bytes) -> str | None:
    """The true extension of an image, video or sound, from its first 16 bytes; None for all else.

    API file names say nothing about the bytes: a `.jpeg` may be a PNG.
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


def is_markup(start: bytes) -> bool:
    """Whether a body begins as HTML, XML or JSON does: an error page where a file was asked for."""
    return _MARKUP.match(start.removeprefix(b"\xef\xbb\xbf")) is not None


def safe_name(name: str, fallback: str = "unnamed", limit: int = 100) -> str:
    """`name` as one path part that Windows, macOS and Linux all take, at most `limit` UTF-8 bytes.

    Never empty, never `.` or `..`, no separator, no control or direction mark, no reserved name.
    """
    kept = (c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C")
    text = re.sub(r'[<>:"/\\|?*\s]+', " ", "".join(kept)).strip(" .")
    text = text.encode("utf-8", "ignore")[:limit].decode("utf-8", "ignore").rstrip(" .")
    if text.split(".", 1)[0].rstrip().lower() in _RESERVED:
        text = f"_{text}"
    return text or fallback


def short_time(seconds: float) -> str:
    """`75` as `1:15`, `3700` as `1:01:40`."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def short_bytes(count: float) -> str:
    """`1536` as `1.5 KB`, for people."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")
