"""Files as responses, whole or in part, cached for good. See RFC 9110, sections 13 and 14."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, BinaryIO

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

__all__ = ["InThread", "make_file_response"]

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
) -> Any:
    """Return a response with a file, or with the part that the header `Range` requests.

    The response has no body if the browser's copy is current (304) or the part lies outside the
    file (416). file: closed by this function or by the response. etag: the ETag without quotes.
    in_thread: calls a function in a thread, so that reading does not block the event loop.
    """
    size = os.fstat(file.fileno()).st_size
    headers = {**_HEADERS, "ETag": f'"{etag}"'}
    if _matches_etag(request.headers.get("if-none-match", ""), headers["ETag"]):
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


def _matches_etag(given: str, etag: str) -> bool:
    known = [one.strip().removeprefix("W/") for one in given.split(",")]
    return etag in known or known == ["*"]


def _parse_range(headers: Headers, etag: str, size: int) -> tuple[int, int] | None:
    """Return (start, length) in bytes of the part of a file that a request's headers ask for.

    The part is the whole file unless the header `Range` has a single valid range. Return None if
    the range lies outside the file. etag: the file's ETag; if `If-Range` has another one, `Range`
    is ignored. size: the file's size in bytes.
    """
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
