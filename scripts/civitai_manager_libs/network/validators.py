"""Of which version of a file an answer is, and which part of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from .body import ResponseBody

__all__ = ["FileVersion", "is_start", "parse_content_range"]

_TELLING = ("ETag", "Last-Modified")


@dataclass(frozen=True)
class FileVersion:
    """validator: what tells it from others byte for byte, "" where nothing does: what is here of it
    cannot be gone on with. told: all that its first answer said of it, strong or not."""

    validator: str = ""
    validators: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], is_packed: bool) -> FileVersion:
        told = {name: headers[name] for name in _TELLING if name in headers}
        return cls("" if is_packed else _strong_validator(headers), told)

    @classmethod
    def from_note(cls, validator: str) -> FileVersion:
        """As an earlier run has kept it."""
        return cls(validator, {_TELLING[0 if validator.startswith('"') else 1]: validator})

    def is_other_than(self, headers: Mapping[str, str]) -> bool:
        """Whether an answer says itself that it is of another version."""
        return any(headers.get(name, value) != value for name, value in self.validators.items())


def is_start(answer: ResponseBody) -> bool:
    """Whether this is the file from its first byte, be it only a part of it."""
    if answer.status == 206:
        start, total = parse_content_range(answer.headers)
        return start == 0 and bool(total)
    return answer.status != 416


def parse_content_range(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Start and total of a Content-Range: `bytes 5-9/10` is (5, 10), `bytes */10` (None, 10)."""
    found = re.match(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", headers.get("Content-Range", ""))
    if found is None:
        return None, None
    start, total = found.groups()
    return (int(start) if start else None), (int(total) if total else None)


def _strong_validator(headers: Mapping[str, str]) -> str:
    """What tells two versions of a file apart byte for byte: neither does a weak ETag, nor the date
    of a file that may have changed twice in that second (RFC 9110, 8.8.2.2)."""
    etag = headers.get("ETag", "").strip()
    if etag.startswith('"'):
        return etag
    changed = headers.get("Last-Modified", "").strip()
    try:
        age = parsedate_to_datetime(headers.get("Date", "")) - parsedate_to_datetime(changed)
    except (TypeError, ValueError, OverflowError):
        return ""
    return changed if age.total_seconds() >= 1 else ""
