"""Request bodies, limited in size, in time and in the number of values."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import anyio
from starlette.requests import Request

from ...core import has_too_many_parts, is_deeply_nested
from .file_response import InThread
from .responses import ApiError

__all__ = ["read_body", "SMALL_BODY"]

SMALL_BODY = 64 * 1024  # bytes
_IN_MEMORY = 256 * 1024  # bytes; a larger body is stored on the disk
_SECONDS = 30.0  # to wait for the next part of a body
# JSON values; 100,000 ids or an import have fewer. Parsing a million takes a second.
_MOST_PARTS, _MOST_SIGNS = 500_000, 2_000_000


@asynccontextmanager
async def read_body(
    request: Request, max_bytes: int, in_thread: InThread, is_file: bool = False
) -> AsyncIterator[Any]:
    """Return a context manager that yields the parsed JSON body of a request, None for a GET.

    is_file: yield the body as an open temporary file instead, without parsing it. in_thread: calls
    a function in a thread, so that parsing and writing do not block the event loop. Raises ApiError
    if the body is invalid, larger than `max_bytes`, too slow or does not fit on the disk, and
    ClientDisconnect if the client disconnects.
    """
    if request.method in ("GET", "HEAD"):
        yield None
        return
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        try:
            await _write_body(request, file, max_bytes, in_thread)
        except TimeoutError as error:
            raise ApiError(408, "too_slow") from error
        except OSError as error:  # no space for a temporary file
            raise ApiError(507, "disk") from error
        yield file if is_file else await in_thread(_parse_body, file)


async def _write_body(
    request: Request, file: IO[bytes], max_bytes: int, in_thread: InThread
) -> None:
    """Write the body of a request to a file.

    Raises ApiError for more than `max_bytes`, and TimeoutError after 30 seconds without new bytes.
    """
    size, parts = 0, request.stream()
    while True:
        with anyio.fail_after(_SECONDS):
            part = await anext(parts, None)
        if part is None:
            return
        size += len(part)
        if size > max_bytes:
            raise ApiError(413, "too_large")
        await in_thread(file.write, part)


def _parse_body(file: IO[bytes]) -> Any:
    """Return the parsed JSON of a file, None if the file is empty.

    Raises ApiError if the JSON is malformed, too deeply nested or has too many values.
    """
    file.seek(0)
    body = file.read()
    if has_too_many_parts(body, _MOST_PARTS, _MOST_SIGNS):
        raise ApiError(413, "too_large")
    try:
        value = json.loads(body or b"null")
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "bad_input") from error
    if is_deeply_nested(value):
        raise ApiError(400, "bad_input")
    return value
