"""What the server replies: JSON, errors and files."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any, BinaryIO

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse
from typing_extensions import TypedDict

from ...errors import Busy, Cancelled, CivitaiShortcutError, DiskError, EngineError, InputError
from ...errors import NeedsKey, NotFound, RegionBlocked, ServerError
from ...i18n import messages

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


class Note(TypedDict):
    """A sentence for the user, and its code."""

    code: str
    message: str


class ErrorDetails(Note, total=False):
    """Why a request failed, as a code and a sentence: `error` in the JSON of the response.

    field: the first request field that is wrong. fields: a sentence by the name of each wrong
    field, only if there are several.
    """

    field: str
    fields: dict[str, str]


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
    response = make_json_response({"error": details}, error.status)
    if error.status == 408:  # the rest of the request may never arrive
        response.headers["Connection"] = "close"
    return response


def make_failure_response(error: CivitaiShortcutError, message: str) -> Response:
    """Return the JSON response for a failed action; the error's class gives the status, or 502."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 502)
    details: ErrorDetails = {"code": error.reason, "message": message}
    return make_json_response({"error": details}, status)


def explain_error(error: CivitaiShortcutError, language: str, may_see_paths: bool = True) -> str:
    """Return a sentence that tells the user what went wrong and what to do.

    may_see_paths: whether the sentence may contain paths and addresses of this machine.
    """
    if isinstance(error, EngineError) and not may_see_paths:
        values = {**error.values, "address": "…", "host": "…"}
        return messages.translate(error.key, language, **values)
    if isinstance(error, (InputError, EngineError)):
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


_PIECE = 256 * 1024  # bytes
_RANGE = re.compile(
    r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.A
)  # one range; for several, the whole file is sent
_HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Encoding": "identity",  # else a host's gzip would compress a part as if it were whole
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

InThread = Callable[..., Awaitable[Any]]  # runs a function in a thread


def make_file_response(
    file: BinaryIO, media_type: str, etag: str, request: Request, in_thread: InThread
) -> Response:
    """Return a response with a file, or with the part that the header `Range` requests.

    The response has no body if the browser's copy is current (304) or the part lies outside the
    file (416). file: closed by this function or by the response. etag: the ETag without quotes.
    in_thread: calls a function in a thread, so that reading does not block the event loop.
    """
    size = os.fstat(file.fileno()).st_size
    headers = {**_HEADERS, "ETag": f'"{etag}"'}
    given = request.headers.get("if-none-match", "").split(",")
    known = [one.strip().removeprefix("W/") for one in given]
    if headers["ETag"] in known or known == ["*"]:
        file.close()
        return Response(status_code=304, headers=headers)
    headers["Content-Type"] = media_type
    part = _parse_range(request.headers, headers["ETag"], size)
    if part is None:
        file.close()
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    start, length = part
    status = 200 if "range" not in request.headers or length == size else 206
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    if request.method != "HEAD" and length <= _PIECE:  # read it in this thread
        with file:
            file.seek(start)
            return Response(file.read(length), status, headers)
    headers["Content-Length"] = str(length)
    length = 0 if request.method == "HEAD" else length
    return _FileResponse(file, status, headers, start, length, in_thread)


def _parse_range(headers: Headers, etag: str, size: int) -> tuple[int, int] | None:
    """Return (start, length) of the part that is asked for, by default all; None if outside."""
    found = _RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if found is None or headers.get("if-range", etag) != etag or not (found[1] or found[2]):
        return 0, size
    if not found[1]:  # the last bytes of the file
        length = min(int(found[2]), size)
        return (size - length, length) if length else None
    start = int(found[1])
    end = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < start:  # an invalid range
        return 0, size
    return (start, end - start + 1) if start < size else None


class _FileResponse(StreamingResponse):
    """A response with a part of an open file; the file is closed when the response ends."""

    def __init__(
        self,
        file: BinaryIO,
        status: int,
        headers: dict[str, str],
        start: int,
        length: int,
        in_thread: InThread,
    ) -> None:
        self._file = file
        super().__init__(self._iter_pieces(start, length, in_thread), status, headers)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()

    async def _iter_pieces(
        self, start: int, length: int, in_thread: InThread
    ) -> AsyncIterator[bytes]:
        """Yield `length` bytes of the file in pieces; fewer if the file has become shorter."""
        await in_thread(self._file.seek, start)
        while length and (piece := await in_thread(self._file.read, min(_PIECE, length))):
            length -= len(piece)
            yield piece
