"""Untrusted JSON: limits before it is parsed, and checks of single values."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

__all__ = ["as_id", "as_mapping", "as_whole_number", "clean_date", "clean_line", "clean_lines"]
__all__ += ["has_too_many_parts", "html_to_text", "is_deeply_nested", "LAST_ID"]

LAST_ID = 2**31 - 1  # the largest id of a model, version, post or user on Civitai
_MAX_INTEGER = 2**63 - 1  # what SQLite can hold
_MAX_DEPTH = 100
_MAX_LINES = 100  # entries of a list
_SEPARATORS = (b",", b":", b"[", b"{")  # one for each value, name and list
_DIGITS = re.compile(r"[0-9]{1,19}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.A)
_TAG = re.compile(r"(<[^<>]*>)")  # no nested quantifier: linear, whatever a stranger wrote
_TAG_NAME = re.compile(r"</?([a-z][a-z0-9]*)", re.I)
_BLOCKS = set("p br div li ul ol tr table h1 h2 h3 h4 h5 h6 hr pre blockquote".split())
_HIDDEN = {"script", "style", "template"}
_MAX_HTML, _MAX_TEXT = 100_000, 10_000  # characters of a description: read, returned


def has_too_many_parts(body: bytes, max_parts: int, max_separators: int) -> bool:
    """Return whether a JSON text has so many separators that parsing would take too much memory.

    The separators are `,` `:` `[` and `{`. max_parts: how many are allowed outside strings.
    max_separators: how many are allowed in all, with those in strings.
    """
    separators = sum(map(body.count, _SEPARATORS))
    if not max_parts < separators <= max_separators:
        return separators > max_separators
    bare = body.replace(rb"\\", b"").replace(rb"\"", b"")
    return sum(map(re.sub(rb'"[^"]*"', b"", bare).count, _SEPARATORS)) > max_parts


def is_deeply_nested(value: Any) -> bool:
    """Return whether a JSON value has 100 levels or more, so that recursion could fail."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object unchanged, {} for all other values."""
    return value if isinstance(value, dict) else {}


def as_whole_number(value: Any, low: int = 0, high: int = _MAX_INTEGER) -> int | None:
    """Return a whole number from `low` to `high`, such as `12`, `12.0` or `"12"`, as an int.

    Return None for all other values.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if _DIGITS.fullmatch(value) else None
    elif isinstance(value, float):  # NaN and infinities are not whole
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and low <= value <= high else None


def as_id(value: Any) -> int | None:
    """Return a whole number from 1 to 2**31 - 1, as Civitai's ids are, as an int; else None."""
    return as_whole_number(value, 1, LAST_ID)


def clean_line(value: Any, limit: int = 200) -> str:
    """Return a string as one line of at most `limit` printable characters, "" for other types."""
    if not isinstance(value, str):
        return ""
    spaced = " ".join(value[: 8 * limit].split())
    kept = "".join(c for c in spaced if unicodedata.category(c)[0] != "C")
    return kept[:limit].strip()


def clean_lines(value: Any, limit: int = 200) -> tuple[str, ...]:
    """Return the strings of a list as lines of printable characters; () for other values.

    Entries that are empty or no strings are left out. Only the first 100 entries are read. limit:
    the largest number of characters in a line.
    """
    entries = value[:_MAX_LINES] if isinstance(value, list) else ()
    return tuple(line for entry in entries if (line := clean_line(entry, limit)))


def clean_date(value: Any) -> str:
    """Return an ISO 8601 date or timestamp unchanged, "" for all other values."""
    return value if isinstance(value, str) and _DATE.fullmatch(value) else ""


def html_to_text(value: Any) -> str:
    """Return the plain text of HTML, one line for each block, cut to 10,000 characters.

    Return "" for a value that is no string. The text may contain `<`: escape it before showing it.
    """
    if not isinstance(value, str):
        return ""
    if len(value) > _MAX_HTML:
        value = value[:_MAX_HTML].rpartition("<")[0]  # the cut may be within a tag
    parts, hidden = [], ""
    for part in _TAG.split(value):
        tag = _TAG_NAME.match(part)
        name = tag[1].lower() if tag else ""
        if hidden:
            hidden = "" if name == hidden and part.startswith("</") else hidden
        elif name in _HIDDEN and not part.startswith("</"):
            hidden = name
        elif not part.startswith("<") or not part.endswith(">"):
            parts.append(part)
        elif name in _BLOCKS:
            parts.append("\n")
    rows = (clean_line(row, _MAX_TEXT) for row in html.unescape("".join(parts)).splitlines())
    return "\n".join(row for row in rows if row)[:_MAX_TEXT]
