"""A brake on logins: who guesses passwords waits longer and longer, others do not wait for him."""

from __future__ import annotations

import asyncio
import time
from collections import deque, OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import PlainTextResponse

from .origin import LOGIN, peer_of

__all__ = ["LoginBrake", "Tries"]

_FREE, _LONGEST = 5, 60.0  # tries of one peer without a wait; seconds
_MANY, _MINUTE = 60, 60.0  # failed tries of all in so many seconds: then each has one free try
_MOST_PEERS, _FORGOTTEN = 10_000, 3600.0  # that are remembered, and for how many seconds
_MOST_BODY, _BODY_SECONDS = 64 * 1024, 30.0  # bytes


class Tries:
    """Logins that failed, by peer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how often, last when
        self._recent: deque[float] = deque(maxlen=_MANY)

    def begin(self, peer: str) -> float:
        """Return the seconds that a peer has to wait before it tries; 0.0: it tries now, and that
        counts as failed until `succeed`."""
        now = self._clock()
        count, last = self._failed.get(peer, (0, now))
        if now - last > _FORGOTTEN:
            count = 0
        is_storm = len(self._recent) == _MANY and now - self._recent[0] < _MINUTE
        beyond = count - (1 if is_storm else _FREE)
        pause = min(_LONGEST, 2.0 ** min(beyond, 10)) if beyond >= 0 else 0.0
        if last + pause > now:
            return last + pause - now
        self._recent.append(now)
        self._failed[peer] = count + 1, now
        self._failed.move_to_end(peer)
        if len(self._failed) > _MOST_PEERS:
            self._failed.popitem(last=False)
        return 0.0

    def succeed(self, peer: str) -> None:
        self._failed.pop(peer, None)


class LoginBrake:
    """Around an application that takes logins. Their bodies are bounded here too."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app, self._tries = app, Tries()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_login = scope["type"] == "http" and scope["path"] in LOGIN and scope["method"] == "POST"
        if not is_login:
            return await self._app(scope, receive, send)
        try:
            body = await asyncio.wait_for(_body(Request(scope, receive)), _BODY_SECONDS)
        except (asyncio.TimeoutError, ClientDisconnect):
            return await _refusal(408, "The login came too slowly.")(scope, receive, send)
        if len(body) > _MOST_BODY:
            return await _refusal(413, "This is no login.")(scope, receive, send)
        peer = peer_of(HTTPConnection(scope))
        if wait := self._tries.begin(peer):
            said = f"Too many wrong passwords: try again in {wait:.0f} seconds."
            return await _refusal(429, said, wait)(scope, receive, send)
        await self._app(scope, _received(body, receive), self._watched(peer, send))

    def _watched(self, peer: str, send: Any) -> Any:
        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self._tries.succeed(peer)
            await send(message)

        return sent


async def _body(request: Request) -> bytes:
    """One byte more than a login may have, if it is longer."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY:
            break
    return body


def _received(body: bytes, receive: Any) -> Any:
    """What an application receives whose body was read before."""
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Any:
        return parts.pop() if parts else await receive()

    return received


def _refusal(status: int, said: str, wait: float = 0.0) -> PlainTextResponse:
    headers = {"Connection": "close"}
    if wait:
        headers["Retry-After"] = str(int(wait) + 1)
    return PlainTextResponse(said, status, headers)
