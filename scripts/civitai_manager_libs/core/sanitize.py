"""One value of somebody else's JSON as what it ought to be, or as nothing."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

__all__ = [
    "has_too_many_parts",
    "is_deeply_nested",
    "clean_lines",
    "as_mapping",
    "clean_date",
    "clean_line",
]
__all__ += ["html_to_text", "as_whole_number"]

_MAX_ID = 2**63 - 1  # what SQLite can hold
_MAX_DEPTH = 100
_SIGNS = (b",", b":", b"[", b"{")  # what stands between the parts of JSON
_DIGITS = re.compile(r"[0-9]{1,19}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.A)
_TAG = re.compile(r"(<[^<>]*>)")  # no nested quantifier: linear, whatever a stranger wrote
_TAG_NAME = re.compile(r"</?([a-z][a-z0-9]*)", re.I)
_BLOCKS = set("p br div li ul ol tr table h1 h2 h3 h4 h5 h6 hr pre blockquote".split())
_UNREAD = {"script", "style", "template"}
_MAX_HTML = 100_000  # characters read of a description


def has_too_many_parts(body: bytes, most: int, most_signs: int) -> bool:
    """Return whether JSON has more than `most` values, names and lists, before it is parsed.

    most_signs: how often what separates them may stand in all, also inside of strings.
    """
    signs = sum(map(body.count, _SIGNS))
    if not most < signs <= most_signs:
        return signs > most_signs
    bare = body.replace(rb"\\", b"").replace(rb"\"", b"")
    return sum(map(re.sub(rb'"[^"]*"', b"", bare).count, _SIGNS)) > most


def is_deeply_nested(value: Any) -> bool:
    """Whether it is nested beyond all use: to write or walk such a one could end the program."""
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
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_whole_number(value: Any, low: int = 0, high: int = _MAX_ID) -> int | None:
    """A whole number in bounds, also from `12.0` and `"12"`; None for all else, also booleans."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if _DIGITS.fullmatch(value) else None
    elif isinstance(value, float):  # NaN and infinities are not whole
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and low <= value <= high else None


def clean_line(value: Any, limit: int = 200) -> str:
    """A text fit for one line, without control or direction marks; "" for all else."""
    if not isinstance(value, str):
        return ""
    spaced = " ".join(value[: 8 * limit].split())
    kept = "".join(c for c in spaced if unicodedata.category(c)[0] != "C")
    return kept[:limit].strip()


def clean_lines(value: Any, limit: int = 200, most: int = 100) -> tuple[str, ...]:
    """The texts of a list, each as `clean_line`; empty ones and non-texts are left out."""
    found = (clean_line(entry, limit) for entry in value[:most]) if isinstance(value, list) else ()
    return tuple(entry for entry in found if entry)


def clean_date(value: Any) -> str:
    """An ISO 8601 date or date with time as it was sent, "" for all else."""
    return value if isinstance(value, str) and _MOMENT.fullmatch(value) else ""


def html_to_text(value: Any, limit: int = 10_000) -> str:
    """What an HTML text says, without its tags. What comes out is text: it may hold `<` again."""
    if not isinstance(value, str):
        return ""
    if len(value) > _MAX_HTML:
        value = value[:_MAX_HTML].rpartition("<")[0]  # the cut may have gone through a tag
    parts, unread = [], ""
    for part in _TAG.split(value):
        found = _TAG_NAME.match(part)
        name = found.group(1).lower() if found else ""
        if unread:
            unread = "" if name == unread and part.startswith("</") else unread
        elif name in _UNREAD and not part.startswith("</"):
            unread = name
        elif not part.startswith("<") or not part.endswith(">"):
            parts.append(part)
        elif name in _BLOCKS:
            parts.append("\n")
    rows = (clean_line(row, limit) for row in html.unescape("".join(parts)).splitlines())
    return "\n".join(row for row in rows if row)[:limit]
