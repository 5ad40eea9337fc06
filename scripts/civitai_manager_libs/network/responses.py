"""What an HTTP answer means: whether another try is worth it, and the sentence if not."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from .. import util
from ..core import has_too_many_parts
from ..errors import (
    CivitaiShortcutError,
    HttpStatusError,
    InvalidResponse,
    NeedsKey,
    NetworkError,
    NotAnImage,
    NotFound,
    RegionBlocked,
    ServerError,
)
from .redaction import redact, redact_json

__all__ = [
    "MAX_JSON",
    "check_file_start",
    "error_from_response",
    "is_chunked",
    "content_length",
    "parse_json",
]
__all__ += ["retry_after"]

MAX_JSON = 32 * 1024 * 1024  # bytes; 200 images with large ComfyUI graphs stay well under it
# Values, names and lists; a second reads a million. A graph is one of them: a text.
_MAX_PARTS, _MAX_SIGNS = 1_500_000, 8_000_000
_MAX_DIGITS = 400  # of a whole number; Python refuses the whole answer for one of 4,300
_ASK_AGAIN = {408, 425, 429, 500, 502, 503, 504, *range(520, 528)}
_TEXT_TYPES = ("text/html", "application/xhtml", "application/json", "application/xml", "text/xml")
_PAGE = re.compile(rb"<(!doctype html|html|head|body)\b", re.I)
_PAGE_CAP = "too many pages"  # a 429 that no waiting helps: only the API's page= parameter gets it


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks us to wait: RFC 9110's seconds or date; None if it does not."""
    value = headers.get("Retry-After", "").strip()
    value = value.partition(",")[0].strip() if value[:1].isdigit() else value  # told twice
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - _server_time(headers))
    except (TypeError, ValueError, OverflowError):
        return None


def _server_time(headers: Mapping[str, str]) -> float:
    """When the answer was made, by the clock of who made it: ours may be wrong."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return time.time()


def content_length(headers: Mapping[str, str]) -> int | None:
    """The body's bytes on the wire, None when they are not told.

    Raises NetworkError for what makes no sense: a cut body would pass for a whole one.
    """
    if is_chunked(headers):
        return None
    value, *others = {told.strip() for told in headers.get("Content-Length", "").split(",")}
    if others or value and not (value.isascii() and value.isdigit()):
        raise NetworkError("The answer's length makes no sense.")
    return int(value[:18]) if value else None


def is_chunked(headers: Mapping[str, str]) -> bool:
    """Raises NetworkError for codings that nobody asked for."""
    coding = headers.get("Transfer-Encoding", "identity").strip().lower()
    if coding not in ("chunked", "identity"):
        raise NetworkError("The answer is packed in a way that nobody asked for.")
    return coding == "chunked"


def error_from_response(
    status: int, headers: Mapping[str, str], body: bytes, key: str = ""
) -> CivitaiShortcutError:
    """The error that an answer of 400 or above is; `body` is its beginning.

    key: what must not be said, though the answer quotes it.
    """
    said = _shorten(redact(_error_sentence(body), key))
    if status in (404, 410):
        return NotFound(said or f"It is no longer there ({status}).", status)
    if status in (401, 403):
        return NeedsKey(
            f"It needs an API key that may see it ({_error_detail(status, said)}).", status
        )
    if status == 451:
        return RegionBlocked(said or "It is not available in your region.", status)
    if status in _ASK_AGAIN and _PAGE_CAP not in said:
        wait = retry_after(headers)
        return ServerError(
            f"The server is in trouble ({_error_detail(status, said)}).", status, wait
        )
    return HttpStatusError(f"The server refused it ({_error_detail(status, said)}).", status)


def check_file_start(status: int, content_type: str, start: bytes, picture: bool) -> str | None:
    """The true extension of a file that begins with `start`; None for a plain binary file.

    picture: whether only an image, video or sound will do. Raises NeedsKey for a web page in a
    picture's place, whatever its type says, and NotAnImage for all else that is no such file.
    """
    extension = util.extension_of(start)
    if extension is not None:
        return extension
    if picture and _is_page(content_type, start):
        raise NeedsKey("A web page came instead of the picture: it may need an API key.", status)
    if not start or util.is_markup(start) or _is_text(content_type):
        what = "An empty file" if not start else "Text"
        raise NotAnImage(f"{what} came instead of the file.")
    if picture:
        raise NotAnImage("What came is neither an image nor a video.")
    return None


def parse_json(body: bytes, key: str = "") -> Any:
    """The JSON of a 200 answer, NaN and endless numbers read as null. Raises UnreadableAnswer.

    key: what must not be said, though the answer quotes it.
    """
    if has_too_many_parts(body, _MAX_PARTS, _MAX_SIGNS):
        raise InvalidResponse("Civitai's answer has too many parts to be read.")
    if util.is_markup(body[:64]) and body.lstrip()[:1] == b"<":
        raise InvalidResponse("Civitai sent a web page instead of data. Try again later.")
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        value = json.loads(
            text, parse_constant=lambda _: None, parse_float=_parse_float, parse_int=_parse_int
        )
        return redact_json(value, text, key)
    except (ValueError, RecursionError) as error:
        raise InvalidResponse("Civitai's answer is damaged. Try again later.") from error


def _parse_float(text: str) -> float | None:
    """JSON may say 1e999, which no one can write again."""
    number = float(text)
    return number if math.isfinite(number) else None


def _parse_int(text: str) -> int | None:
    return int(text) if len(text) <= _MAX_DIGITS else None


def _is_page(content_type: str, start: bytes) -> bool:
    looks_so = util.is_markup(start) and _PAGE.search(start[:1024])
    return "html" in content_type or bool(looks_so)


def _is_text(content_type: str) -> bool:
    return content_type.startswith(_TEXT_TYPES)


def _error_detail(status: int, said: str) -> str:
    return f"{status}: {said}" if said else str(status)


def _error_sentence(body: bytes) -> str:
    """What an error body says in words, "" for a web page or nothing of use.

    `error` may be a text, or a ZodError whose issues are a list or the JSON text of one.
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
        return _zod_sentence(error)
    return error if isinstance(error, str) else ""


def _zod_sentence(error: dict[str, Any]) -> str:
    issues, message = error.get("issues"), error.get("message")
    if issues is None and isinstance(message, str):
        try:
            issues = json.loads(message)
        except (ValueError, RecursionError):
            return message
    if not isinstance(issues, list):
        return ""
    said = [_issue_sentence(issue) for issue in issues if isinstance(issue, dict)]
    return "; ".join(s for s in said if s)


def _issue_sentence(issue: dict[str, Any]) -> str:
    path, message = issue.get("path"), issue.get("message")
    where = ".".join(str(part) for part in path) if isinstance(path, list) else ""
    return f"{where}: {message}" if where and isinstance(message, str) else str(message or "")


def _shorten(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
