"""What a response says: its headers, its errors; the API key masked in both."""

from __future__ import annotations

import html
import json
import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

from ..core import detect_media_extension, has_too_many_parts, is_text, is_web_page
from ..errors import Blocked, CivitaiShortcutError, HttpStatusError, InvalidResponse, NeedsKey
from ..errors import NetworkError, NotAnImage, NotFound, RegionBlocked, ServerError


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
    """Return whether the body comes in chunks. Raises NetworkError for another transfer coding."""
    coding = headers.get("Transfer-Encoding", "identity").strip().lower()
    if coding not in ("chunked", "identity"):
        raise NetworkError("The response has an unsupported transfer encoding.")
    return coding == "chunked"


MAX_JSON = 32 * 1024 * 1024  # bytes; 200 images with large ComfyUI graphs stay well under it
# Values, names and lists; a million are parsed in a second. A ComfyUI graph is one string.
_MAX_PARTS, _MAX_SIGNS = 1_500_000, 8_000_000
_MAX_DIGITS = 400  # of an integer; Python raises ValueError for one of 4,300
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504, *range(520, 528)}
_TOO_MANY_PAGES = "too many pages"  # the 429 for the API's page= parameter, which no waiting helps


def error_from_response(
    status: int, headers: Mapping[str, str], body: bytes, key: str = ""
) -> CivitaiShortcutError:
    """Return the error for a response of status 300 or above: an HttpStatusError, or Blocked.

    body: the first bytes of the body, which may contain an error message. key: the API key,
    replaced by `***` in the error's message.
    """
    message = redact(_error_message(body), key)
    message = "".join(c if c.isprintable() else " " for c in message)
    message = " ".join(message.split())[:200]
    if status in (404, 410):
        return NotFound(message or f"It was not found, or no longer exists ({status}).", status)
    is_challenge = b"<title>Just a moment" in body or headers.get("cf-mitigated") == "challenge"
    if status == 403 and is_challenge:
        return Blocked("Cloudflare refuses us for now: it wants to see a person's browser (403).")
    if status in (401, 403):
        return NeedsKey(
            f"It needs an API key with access to it ({_error_detail(status, message)}).", status
        )
    if status == 451:
        return RegionBlocked(message or "It is not available in your region.", status)
    if status in _TEMPORARY and _TOO_MANY_PAGES not in message:
        wait = parse_retry_after(headers)
        return ServerError(
            f"The server has a problem ({_error_detail(status, message)}).", status, wait
        )
    return HttpStatusError(
        f"The server refused the request ({_error_detail(status, message)}).", status
    )


def detect_extension(content_type: str, start: bytes, images_only: bool) -> str | None:
    """Return a media file's extension by its first bytes, None for another binary file.

    content_type: the response's header; a file is text if the header or the first bytes say so.
    Raises NotAnImage for text and for an empty file. images_only: also raise NotAnImage for another
    binary file, and NeedsKey for a web page.
    """
    extension = detect_media_extension(start)
    if extension is not None:
        return extension
    if images_only and is_web_page(content_type, start):
        raise NeedsKey(
            "The server sent a web page instead of the picture: an API key may be needed.", 401
        )
    if not start or is_text(content_type, start):
        what = "an empty file" if not start else "text"
        raise NotAnImage(f"The server sent {what} instead of the file.")
    if images_only:
        raise NotAnImage("The file is neither an image nor a video.")
    return None


def parse_json(body: bytes, key: str = "") -> Any:
    """Parse a response's body as JSON and return the value.

    NaN and numbers too large to represent become None. key: the API key, replaced by `***` in the
    value. Raises InvalidResponse if the body is not JSON, is a web page, or has too many values.
    """
    if has_too_many_parts(body, _MAX_PARTS, _MAX_SIGNS):
        raise InvalidResponse("Civitai's response has too many values to be read.")
    if is_web_page("", body[:1024]):
        raise InvalidResponse("Civitai sent a web page instead of data. Try again later.")
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        value = json.loads(
            text, parse_constant=lambda _: None, parse_float=_parse_float, parse_int=_parse_int
        )
        return redact_json(value, text, key)
    except (ValueError, RecursionError) as error:
        raise InvalidResponse("Civitai's response is damaged. Try again later.") from error


def _parse_float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _parse_int(text: str) -> int | None:
    return int(text) if len(text) <= _MAX_DIGITS else None


def _error_detail(status: int, message: str) -> str:
    return f"{status}: {message}" if message else str(status)


def _error_message(body: bytes) -> str:
    """Return the message of an error, in JSON (also of Zod) or as text, "" for a web page."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace").strip()
        return "" if text.startswith("<") else text
    if not isinstance(value, dict):
        return ""
    error = value.get("error")
    error = value.get("message") if error is None else error
    if isinstance(error, dict):
        issues, message = error.get("issues"), error.get("message")
        if issues is None and isinstance(message, str):
            try:
                issues = json.loads(message)
            except (ValueError, RecursionError):
                return message
        if not isinstance(issues, list):
            return ""
        messages = []
        for issue in (issue for issue in issues if isinstance(issue, dict)):
            path, message = issue.get("path"), issue.get("message")
            field = ".".join(map(str, path)) if isinstance(path, list) else ""
            is_named = field and isinstance(message, str)
            messages.append(f"{field}: {message}" if is_named else str(message or ""))
        return "; ".join(filter(None, messages))
    return error if isinstance(error, str) else ""


_MASK = "***"
_MIN_KEY = 6  # characters; a shorter text is no key, and occurs in many sentences
_MESSAGE_FIELDS = ("error", "message")  # of Civitai's error responses
_ESCAPE = re.compile(r"(?<!\\)\\+(?:u00|x)([2-7][0-9a-f])", re.I)  # of an ASCII character
_ESCAPED_SIGN = re.compile(r'(?<!\\)\\+(["/])')
_UNESCAPED = re.compile(r"[\w.~-]+", re.A)  # what JSON, URLs and HTML write as it is


def redact(text: str, key: str) -> str:
    """Return the text with the API key, if it has 6 characters or more, replaced by `***`.

    The key is also found if it is escaped for JSON, URLs or HTML.
    """
    if len(key) < _MIN_KEY:
        return text
    text = text.replace(key, _MASK)
    for unescape in (_unescape_json, unquote, html.unescape):
        if key in (plain := unescape(text)):
            text = plain.replace(key, _MASK)
    return text


def redact_json(value: Any, text: str, key: str) -> Any:
    """Return a parsed JSON value with the API key replaced by `***`.

    text: the JSON text from which the value was parsed. If it contains the key, all strings of the
    value are searched. If not, the key may still be escaped for a URL or HTML; only the fields
    `error` and `message` are searched for that.
    """
    if len(key) < _MIN_KEY:
        return value
    if key in text or _ESCAPE.search(text) or not _UNESCAPED.fullmatch(key):
        return _redact_value(value, key)
    if isinstance(value, dict):
        messages = {n: _redact_value(value[n], key) for n in _MESSAGE_FIELDS if n in value}
        return {**value, **messages}
    return value


def _redact_value(value: Any, key: str) -> Any:
    if isinstance(value, str):
        return redact(value, key)
    if isinstance(value, list):
        return [_redact_value(entry, key) for entry in value]
    if isinstance(value, dict):
        return {redact(name, key): _redact_value(entry, key) for name, entry in value.items()}
    return value


def _unescape_json(text: str) -> str:
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return _ESCAPED_SIGN.sub(r"\1", text)
