"""Small helpers: the log line, and short texts for people."""

from __future__ import annotations

import re
import sys


def printD(message: str) -> None:
    """Log one line to stderr; replace line ends and other unprintable characters by spaces."""
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
    """Return a URL without its query, fragment, user name and password, for a log."""
    return re.sub(r"//[^/]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])


def short_time(seconds: float) -> str:
    """Return seconds as `minutes:seconds`, such as `1:15`, or with hours, such as `1:01:40`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def short_bytes(count: float) -> str:
    """Return a number of bytes as text, such as `1.5 KB`; a KB is 1024 bytes."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")
