"""What an HTTP response means: its JSON, its file type, and the error of its status."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ..core import detect_media_extension, has_too_many_parts, is_text, is_web_page
from ..errors import (
    CivitaiShortcutError,
    HttpStatusError,
    InvalidResponse,
    NeedsKey,
    NotAnImage,
    NotFound,
    RegionBlocked,
    ServerError,
)
from .redaction import redact, redact_json
from .response_headers import parse_retry_after

__all__ = ["detect_extension", "error_from_response", "MAX_JSON", "parse_json"]

MAX_JSON = 32 * 1024 * 1024  # bytes; 200 images with large ComfyUI graphs stay well under it
# Values, names and lists; a million are parsed in a second. A ComfyUI graph is one string.
_MAX_PARTS, _MAX_SIGNS = 1_500_000, 8_000_000
_MAX_DIGITS = 400  # of an integer; Python raises ValueError for one of 4,300
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504, *range(520, 528)}
_TOO_MANY_PAGES = "too many pages"  # the 429 for the API's page= parameter, which no waiting helps


def error_from_response(
    status: int, headers: Mapping[str, str], body: bytes, key: str = ""
) -> CivitaiShortcutError:
    """Return the error for a response of status 300 or above: HttpStatusError or a subclass of it.

    body: the first bytes of the body, which may contain an error message. key: the API key,
    replaced by `***` in the error's message.
    """
    message = _clean_line(redact(_error_message(body), key))
    if status in (404, 410):
        return NotFound(message or f"It was not found, or no longer exists ({status}).", status)
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
    """Return the number in a text, None if it is too large for a float, such as 1e999."""
    number = float(text)
    return number if math.isfinite(number) else None


def _parse_int(text: str) -> int | None:
    return int(text) if len(text) <= _MAX_DIGITS else None


def _error_detail(status: int, message: str) -> str:
    return f"{status}: {message}" if message else str(status)


def _error_message(body: bytes) -> str:
    """Return the message in an error response's body, "" if there is none.

    A JSON body has the message in its field `error` or `message`, either as a string or as an error
    of the library Zod. Any other text is the message itself, unless it is a web page.
    """
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
        return _zod_message(error)
    return error if isinstance(error, str) else ""


def _zod_message(error: dict[str, Any]) -> str:
    """Return the messages in an error of the library Zod, joined by "; "."""
    issues, message = error.get("issues"), error.get("message")
    if issues is None and isinstance(message, str):
        try:
            issues = json.loads(message)
        except (ValueError, RecursionError):
            return message
    if not isinstance(issues, list):
        return ""
    messages = [_issue_message(issue) for issue in issues if isinstance(issue, dict)]
    return "; ".join(filter(None, messages))


def _issue_message(issue: dict[str, Any]) -> str:
    path, message = issue.get("path"), issue.get("message")
    field = ".".join(str(part) for part in path) if isinstance(path, list) else ""
    return f"{field}: {message}" if field and isinstance(message, str) else str(message or "")


def _clean_line(text: str) -> str:
    """Return the text as one printable line of at most 200 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
