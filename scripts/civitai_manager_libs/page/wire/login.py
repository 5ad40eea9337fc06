"""A brake on logins: who guesses passwords waits longer and longer, others do not wait for him."""

from __future__ import annotations

import asyncio
import time
from collections import deque, OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import PlainTextResponse

from .connections import CONNECTED_PEER
from .origin import is_passed_on, LOGIN, peer_of

__all__ = ["LoginBrake", "Tries"]

_FREE, _LONGEST = 5, 60.0  # tries of one peer without a wait; seconds
_FREE_THROUGH, _LONGEST_THROUGH = 30, 1.0  # the same of all whom one proxy or tunnel names
_MANY, _MINUTE = 60, 60.0  # failed tries of all in so many seconds: then each has one free try
_MOST_PEERS, _FORGOTTEN = 10_000, 3600.0  # that are remembered, and for how many seconds
_MOST_BODY, _BODY_SECONDS = 64 * 1024, 30.0  # bytes


class Tries:
    """Logins that failed, by peer.

    A peer may invent the name that a proxy or a tunnel passes on, a new one for each try: so all
    tries through it are counted together too. They are more, and the wait is short, for the owner
    may be among them; a peer that has logged in before does not wait for the others.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how often, last when
        self._known: OrderedDict[str, None] = OrderedDict()  # who has logged in
        self._recent: deque[float] = deque(maxlen=_MANY)

    def begin(self, peer: str, through: str = "") -> float:
        """Return the seconds that a peer has to wait before it tries; 0.0: it tries now, and that
        counts as failed until `succeed`. through: the proxy or the tunnel that names the peer."""
        now = self._clock()
        is_storm = len(self._recent) == _MANY and now - self._recent[0] < _MINUTE
        counted, wait = [peer], self._wait(peer, 1 if is_storm else _FREE, _LONGEST, now)
        if through and peer not in self._known:
            counted.append(through)
            wait = max(wait, self._wait(through, _FREE_THROUGH, _LONGEST_THROUGH, now))
        if wait > 0:
            return wait
        self._recent.append(now)
        for name in counted:
            self._failed[name] = self._count(name, now) + 1, now
            _keep_last(self._failed, name)
        return 0.0

    def succeed(self, peer: str, through: str = "") -> None:
        self._failed.pop(peer, None)
        if through:
            self._failed.pop(through, None)
            self._known[peer] = None
            _keep_last(self._known, peer)

    def _wait(self, name: str, free: int, longest: float, now: float) -> float:
        beyond = self._count(name, now) - free
        pause = min(longest, 2.0 ** min(beyond, 10)) if beyond >= 0 else 0.0
        return max(0.0, self._failed.get(name, (0, now))[1] + pause - now)

    def _count(self, name: str, now: float) -> int:
        count, last = self._failed.get(name, (0, now))
        return 0 if now - last > _FORGOTTEN else count


def _keep_last(names: OrderedDict[str, Any], name: str) -> None:
    names.move_to_end(name)
    if len(names) > _MOST_PEERS:
        names.popitem(last=False)


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
        peer, through = _peers_of(HTTPConnection(scope))
        if wait := self._tries.begin(peer, through):
            said = f"Too many wrong passwords: try again in {wait:.0f} seconds."
            return await _refusal(429, said, wait)(scope, receive, send)
        await self._app(scope, _received(body, receive), self._watched(peer, through, send))

    def _watched(self, peer: str, through: str, send: Any) -> Any:
        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self._tries.succeed(peer, through)
            await send(message)

        return sent


def _peers_of(request: HTTPConnection) -> tuple[str, str]:
    """Return who asks, and through which proxy or tunnel, "" for none; uvicorn takes the name that
    is passed on from this machine for the client."""
    peer = peer_of(request)
    connected = request.scope.get(CONNECTED_PEER, peer)
    if connected == peer and not is_passed_on(request.headers):
        return peer, ""
    return f"{peer} through {connected}", f"all through {connected}"


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
