"""Range requests of RFC 9110."""

from __future__ import annotations

import re
from email.message import Message
from email.utils import formatdate

from .files import File

__all__ = ["select_part"]


def select_part(file: File, headers: Message[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Return (status, headers, body) of the response to a request for a file.

    headers: those of the request. Range and If-Range decide between the whole file (200), a part of
    it (206), and 416 for a part outside the file.
    """
    modified = formatdate(file.modified // 1000, usegmt=True)
    about = {"ETag": file.tag, "Last-Modified": modified, "Accept-Ranges": "bytes"}
    total = len(file.body)
    span = _parse_range(headers.get("Range"), total)
    if span is None or headers.get("If-Range", file.tag) not in (file.tag, modified):
        return 200, about, file.body
    start, end = span
    if start >= end:
        return 416, {**about, "Content-Range": f"bytes */{total}"}, b""
    about["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
    return 206, about, file.body[start:end]


def _parse_range(header: str | None, total: int) -> tuple[int, int] | None:
    """Return (start, end) of the part that a Range header asks for, None for the whole file.

    `end` is the position after the last byte. total: size of the file in bytes. For a part outside
    the file, `start` is not below `end`.
    """
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", (header or "").replace(" ", ""))
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(0, total - int(last)), total if int(last) else 0
    if last and int(last) < int(first):
        return None
    return int(first), min(total, int(last) + 1) if last else total
