"""Headers of an HTTP response: how long to wait, and how long the body is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from ..errors import NetworkError

__all__ = ["is_chunked", "parse_content_length", "parse_retry_after"]


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds to wait by the Retry-After header, None if missing or invalid.

    The header holds a number of seconds or a date (RFC 9110); a past date gives 0.
    """
    value = headers.get("Retry-After", "").strip()
    value = value.partition(",")[0].strip() if value[:1].isdigit() else value  # sent twice
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - _server_time(headers))
    except (TypeError, ValueError, OverflowError):
        return None


def _server_time(headers: Mapping[str, str]) -> float:
    """Return the time of the Date header as a timestamp, by default this machine's time."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return time.time()


def parse_content_length(headers: Mapping[str, str]) -> int | None:
    """Return the body's length in bytes by the Content-Length header.

    Return None if the header is missing or the body is sent in chunks. Raises NetworkError for an
    invalid length.
    """
    if is_chunked(headers):
        return None
    value, *others = {part.strip() for part in headers.get("Content-Length", "").split(",")}
    # With a bad length, a body that broke off could pass for a whole one.
    if others or value and not (value.isascii() and value.isdigit()):
        raise NetworkError("The length of the response is not valid.")
    return int(value[:18]) if value else None


def is_chunked(headers: Mapping[str, str]) -> bool:
    """Return whether the body is sent in chunks, by the header Transfer-Encoding.

    Raises NetworkError for a transfer coding other than `chunked`.
    """
    coding = headers.get("Transfer-Encoding", "identity").strip().lower()
    if coding not in ("chunked", "identity"):
        raise NetworkError("The response has an unsupported transfer encoding.")
    return coding == "chunked"
