"""Tells from a response's headers which version and which part of a file it contains."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

__all__ = ["FileVersion", "is_from_start", "parse_content_range"]

_VALIDATORS = ("ETag", "Last-Modified")
# Up to 18 digits: Python raises ValueError for a number of some thousands.
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-\d+|\*)/(?:(\d{1,18})(?!\d)|\*)")


@dataclass(frozen=True)
class FileVersion:
    """One version of a file on the server.

    validator: a value for the If-Range header to resume a download; "" if the server sent no
    reliable ETag or date. headers: ETag and Last-Modified of the first response.
    """

    validator: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], is_compressed: bool) -> FileVersion:
        """Return the version of a file from the ETag and Last-Modified headers of a response.

        is_compressed: whether the body is compressed. If so, the validator is left empty, because a
        compressed download is never resumed.
        """
        known = {name: headers[name] for name in _VALIDATORS if name in headers}
        return cls("" if is_compressed else _strong_validator(headers), known)

    @classmethod
    def from_validator(cls, validator: str) -> FileVersion:
        """Return the version of an unfinished file from the ETag or date stored with the file."""
        name = "ETag" if validator.startswith('"') else "Last-Modified"
        return cls(validator, {name: validator})

    def is_changed(self, headers: Mapping[str, str]) -> bool:
        """Return whether a response has an ETag or Last-Modified that this version does not have.

        A header that the response lacks is not compared.
        """
        return any(headers.get(name, value) != value for name, value in self.headers.items())


def is_from_start(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether a response's body begins with the first byte of the file.

    Return False for the status 416, and for a partial response that does not state the file's total
    length.
    """
    if status == 206:
        start, total = parse_content_range(headers)
        return start == 0 and bool(total)
    return status != 416


def parse_content_range(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return (position of the first byte, total bytes) from a Content-Range header.

    `bytes 5-9/10` gives (5, 10), and `bytes */10` gives (None, 10). If the header is missing or
    invalid, both are None.
    """
    found = _CONTENT_RANGE.match(headers.get("Content-Range", ""))
    if found is None:
        return None, None
    start, total = found.groups()
    return (int(start) if start else None), (int(total) if total else None)


def _strong_validator(headers: Mapping[str, str]) -> str:
    """Return a response's ETag if it is reliable, else a reliable Last-Modified date, else "".

    Weak ETags are not reliable. A date is reliable if it is at least a second older than the
    response (RFC 9110, 8.8.2.2).
    """
    etag = headers.get("ETag", "").strip()
    if etag.startswith('"'):
        return etag
    changed = headers.get("Last-Modified", "").strip()
    try:
        age = parsedate_to_datetime(headers.get("Date", "")) - parsedate_to_datetime(changed)
    except (TypeError, ValueError, OverflowError):
        return ""
    return changed if age.total_seconds() >= 1 else ""
