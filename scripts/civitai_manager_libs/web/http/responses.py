"""JSON responses, and errors as sentences for the user."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import Response

from ...errors import (
    Busy,
    Cancelled,
    CivitaiShortcutError,
    DiskError,
    InputError,
    NeedsKey,
    NotFound,
    RegionBlocked,
    ServerError,
)
from ...i18n import messages
from ..schemas import ErrorBody, ErrorDetails

__all__ = ["ApiError", "explain_error", "find_language", "make_bytes_response"]
__all__ += ["make_error_response", "make_failure_response", "make_json_response"]

# The first match counts; other errors are Civitai's fault, 502. 401 is for our own page's login.
_STATUS: tuple[tuple[type[CivitaiShortcutError], int], ...] = (
    (InputError, 400),
    (NeedsKey, 403),
    (NotFound, 404),
    (RegionBlocked, 451),
    (Cancelled, 499),
    (Busy, 503),
    (DiskError, 507),
)
# Reasons of which the error says nothing more that a user can use.
_PLAIN = ("bad_answer", "gone", "needs_key", "network", "region", "too_large", "trouble")


class ApiError(Exception):
    """A refusal of a request.

    status: the HTTP status. code: why the request is refused; each code has a message for the user.
    key: a more exact message's key, "" for the code's message. values: what to insert into the
    message. field: the wrong field of the request. others: the errors of further wrong fields.
    """

    others: Sequence[ApiError] = ()

    def __init__(
        self, status: int, code: str, key: str = "", field: str = "", **values: object
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.field = status, code, field
        self._key, self._values = key, values

    def translate(self, language: str) -> str:
        """Return a sentence that tells the user what is wrong."""
        if not self._key:
            return messages.explain_reason(self.code, language)
        errors = {n: e for n, e in self._values.items() if isinstance(e, InputError)}
        sentences = {
            name: messages.translate_error(error, language) for name, error in errors.items()
        }
        return messages.translate(self._key, language, **{**self._values, **sentences})


def find_language(request: HTTPConnection) -> str:
    """Return the supported language that a request's `Accept-Language` prefers, else "en"."""
    return messages.parse_accept_language(request.headers.get("accept-language", ""))


def make_json_response(value: Any, status: int = 200) -> Response:
    """Return a response with this value as JSON; a dataclass becomes an object.

    A lone surrogate in a text becomes a question mark, since UTF-8 cannot encode it.
    """
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=asdict
    )
    return make_bytes_response(
        text.encode("utf-8", "replace"), "application/json", "no-store", status
    )


def make_bytes_response(
    body: bytes, media_type: str, cache_control: str, status: int = 200
) -> Response:
    headers = {"Cache-Control": cache_control, "X-Content-Type-Options": "nosniff"}
    return Response(body, status, headers, media_type=media_type)


def make_error_response(error: ApiError, language: str) -> Response:
    details: ErrorDetails = {"code": error.code, "message": error.translate(language)}
    if error.field:
        details["field"] = error.field
    if error.others:
        details["fields"] = {e.field: e.translate(language) for e in (error, *error.others)}
    response = _error_json(details, error.status)
    if error.status == 408:  # the rest of the request may never arrive
        response.headers["Connection"] = "close"
    return response


def make_failure_response(error: CivitaiShortcutError, message: str) -> Response:
    """Return the JSON response for a failed action, for example if Civitai does not respond.

    The error's class determines the HTTP status, such as 507 for DiskError; the default is 502.
    message: a sentence for the user.
    """
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 502)
    return _error_json({"code": error.reason, "message": message}, status)


def _error_json(details: ErrorDetails, status: int) -> Response:
    body: ErrorBody = {"error": details}
    return make_json_response(body, status)


def explain_error(error: CivitaiShortcutError, language: str, may_see_paths: bool = True) -> str:
    """Return a sentence that tells the user what went wrong and what to do.

    may_see_paths: whether the sentence may contain paths and addresses of this machine.
    """
    if isinstance(error, InputError):
        return messages.translate_error(error, language) if error.key else str(error)
    if isinstance(error, Busy):
        minutes = max(1, math.ceil(error.seconds / 60))
        return messages.translate("busy_for", language, n=minutes)
    code = "trouble" if isinstance(error, ServerError) else error.reason
    known = messages.explain_reason(code, language)
    if not may_see_paths:
        return known
    if isinstance(error, DiskError) and language == "en":
        return str(error)
    if isinstance(error, DiskError):
        return f"{known} ({error.path})" if error.path else known
    return known if code in _PLAIN else f"{known} ({error})"
