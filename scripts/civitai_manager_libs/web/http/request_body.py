"""Request bodies, limited in size, time, number of values, and number at a time."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import anyio
from starlette.requests import Request

from ...core import has_too_many_parts, is_deeply_nested
from .csrf import request_peer
from .file_response import InThread
from .responses import ApiError

__all__ = ["BodyReader", "SMALL_BODY"]

SMALL_BODY = 64 * 1024  # bytes; the number of small bodies is not limited
_IN_MEMORY = 1024 * 1024  # bytes; a larger body is stored on the disk
_SECONDS = 30.0  # for a body's start and a free slot, then for each MB of the body
_TIMED = 1024 * 1024  # bytes
_FROM_ONE, _IN_ALL = 2, 6  # large bodies at once, from one client and in total
_POLL = 0.05  # seconds
# JSON values; 100,000 ids or an import have fewer. Parsing a million takes a second.
_MOST_PARTS, _MOST_SIGNS = 500_000, 2_000_000


class BodyReader:
    """Reads request bodies and limits how many large ones are in memory at once."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()  # number of large bodies by client

    @asynccontextmanager
    async def read(
        self, request: Request, max_bytes: int, in_thread: InThread, is_file: bool = False
    ) -> AsyncIterator[Any]:
        """Yield the parsed JSON body of a request, None for a GET.

        is_file: yield the body as an open temporary file instead, without parsing it. Only a few
        large bodies may be open at a time, each until the end of the `with` block. Raises ApiError
        if the body is invalid, too large or too slow, and ClientDisconnect if the client
        disconnects.
        """
        if request.method in ("GET", "HEAD"):
            yield None
            return
        async with AsyncExitStack() as held:
            try:
                file = held.enter_context(SpooledTemporaryFile(_IN_MEMORY))
                with anyio.fail_after(_SECONDS) as time:
                    await self._receive(request, file, max_bytes, in_thread, held, time)
            except TimeoutError as error:
                raise ApiError(408, "too_slow") from error
            except OSError as error:  # no space for a temporary file
                raise ApiError(507, "disk") from error
            yield file if is_file else await in_thread(_parse_body, file)

    async def _receive(
        self,
        request: Request,
        file: IO[bytes],
        max_bytes: int,
        in_thread: InThread,
        held: AsyncExitStack,
        time: anyio.CancelScope,
    ) -> None:
        size = 0
        async for part in request.stream():
            before, size = size, size + len(part)
            if size > max_bytes:
                raise ApiError(413, "too_large")
            if size <= SMALL_BODY:
                file.write(part)
                continue
            if before <= SMALL_BODY:
                await held.enter_async_context(self._hold_slot(request_peer(request)))
            if before <= SMALL_BODY or before // _TIMED < size // _TIMED:
                time.deadline = anyio.current_time() + _SECONDS
            await in_thread(file.write, part)

    @asynccontextmanager
    async def _hold_slot(self, peer: str) -> AsyncIterator[None]:
        """Wait for a free slot for a client's large body; hold the slot in the `with` block."""
        while self._held[peer] >= _FROM_ONE or self._held.total() >= _IN_ALL:
            await asyncio.sleep(_POLL)
        self._held[peer] += 1
        try:
            yield
        finally:
            self._held -= Counter([peer])  # this also removes a client without bodies


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
