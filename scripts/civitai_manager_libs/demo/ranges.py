"""Which part of a file a request is for: conditions and ranges of RFC 9110."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import formatdate

from .files import File

__all__ = ["part_of"]


def part_of(file: File, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body: 200, 206, 304 or 416. `headers` are the request's."""
    modified = formatdate(file.modified // 1000, usegmt=True)
    about = {"ETag": file.tag, "Last-Modified": modified, "Accept-Ranges": "bytes"}
    if _names(headers.get("If-None-Match"), file.tag):
        return 304, about, b""
    total = len(file.body)
    span = _span(headers.get("Range"), total)
    if span is None or headers.get("If-Range", file.tag) not in (file.tag, modified):
        return 200, about, file.body
    start, end = span
    if start >= end:
        return 416, {**about, "Content-Range": f"bytes */{total}"}, b""
    about["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
    return 206, about, file.body[start:end]


def _names(header: str | None, tag: str) -> bool:
    if header is None:
        return False
    return header.strip() == "*" or tag in re.findall(r'"[^"]*"', header)


def _span(header: str | None, total: int) -> tuple[int, int] | None:
    """Start and end of one range; an empty one if it lies outside; None: send everything."""
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", (header or "").replace(" ", ""))
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(0, total - int(last)), total if int(last) else 0
    if last and int(last) < int(first):
        return None
    return int(first), min(total, int(last) + 1) if last else total
