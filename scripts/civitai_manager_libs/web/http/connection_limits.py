"""Limits of the standalone server: connections per peer, time and size of a request head."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from ... import util
from .csrf import peer_household
from .log_throttle import LogThrottle

__all__ = ["CONNECTED_PEER", "ConnectionLimits"]

_HEAD_SECONDS = 10.0
_FROM_ONE, _IN_ALL = 128, 256  # connections of a client, and of all; a browser opens six
_MOST_HEAD = 64 * 1024  # bytes; a browser's head has one or two thousand
_HEAD_END = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,15})[ \t]*\r?$", re.M | re.I)
_CHUNKED = re.compile(rb"^transfer-encoding[ \t]*:", re.M | re.I)
_LENGTH_REQUIRED = b"HTTP/1.1 411 Length Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_KEY = "civitai_shortcut_connection"
# In a request's scope: the address of whoever is connected, whatever the headers say.
CONNECTED_PEER = "civitai_shortcut_peer"


class ConnectionLimits:
    """Limits the connections of one server, and how large and slow a request's head may be.

    uvicorn calls `protocol` for each new connection. The returned protocol checks the received
    bytes and passes one request at a time on to uvicorn's own protocol. The application must be
    wrapped by `wrap_app`, which reports when a response is finished.
    """

    def __init__(self) -> None:
        self._open: dict[_Connection, None] = {}  # oldest first
        self._repeats = LogThrottle()

    def protocol(self, *, app_state: dict[str, Any], **options: Any) -> asyncio.Protocol:
        """Return the asyncio protocol of a new connection; uvicorn calls this method.

        app_state, options: the arguments that uvicorn passes to its own protocol class.
        """
        from uvicorn.protocols.http.auto import AutoHTTPProtocol

        state = dict(app_state)  # a request's scope gets a copy of it
        make_protocol: Any = AutoHTTPProtocol  # type checkers take it for any asyncio.Protocol
        inner = make_protocol(app_state=state, **options)
        state[_KEY] = connection = _Connection(self, inner)
        return connection

    def wrap_app(self, app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """Return an ASGI application that runs `app` and then marks the request as finished."""

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            connection = scope.get("state", {}).pop(_KEY)
            scope[CONNECTED_PEER] = connection.peer
            try:
                await app(scope, receive, send)
            finally:
                connection.end_request()

        return watched

    def admit(self, new: _Connection) -> bool:
        """Return whether a new connection may stay open; close an older one to make room if needed.

        If the client has too many connections, one of its idle connections is closed. If the server
        has too many, the client with the most of them loses one, even during a response.
        """
        counts = Counter(one.peer for one in self._open)
        mine, idle = counts[new.peer], [one for one in self._open if one.is_idle]
        leaving: list[_Connection] = []
        if mine >= _FROM_ONE:
            self.log_refusal("too-many", new.peer, f"has more than {_FROM_ONE} connections open")
            leaving = [one for one in idle if one.peer == new.peer]
        elif len(self._open) >= _IN_ALL:
            [(peer, count)] = counts.most_common(1)
            self.log_refusal("too-many", peer, f"and others have {_IN_ALL} connections open")
            leaving = [one for one in idle if one.peer == peer]
            if count > mine + 1:
                leaving += [one for one in self._open if one.peer == peer]
            leaving += idle
        else:
            leaving = [new]
        if not leaving:
            return False
        if leaving[0] is not new:
            leaving[0].abort()
        self._open[new] = None
        return True

    def remove(self, connection: _Connection) -> None:
        self._open.pop(connection, None)

    def log_refusal(self, kind: Hashable, peer: str, problem: str) -> None:
        """Log that a connection was refused, at most once a minute for each `kind`.

        kind: a short name of the reason. peer, problem: the client's address, and words that say
        what the client did, such as "sent no whole request". The log line begins with both.
        """
        count = self._repeats.count(kind)
        if count is not None:
            times = f" ({count} times since the last such line)" if count > 1 else ""
            util.printD(f"{peer or 'A client'} {problem}{times}. Idle connections are closed.")


class _Connection(asyncio.Protocol):
    """A client's connection: checks the received requests and passes them on to uvicorn."""

    peer = ""
    is_idle = True  # no request is being answered

    def __init__(self, others: ConnectionLimits, inner: Any) -> None:
        self._others, self._inner = others, inner
        self._transport: Any = None
        self._is_admitted = False
        self._kept, self._body_left = b"", 0  # bytes not yet passed on; bytes of a body to come
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.peer = peer_household((transport.get_extra_info("peername") or ("",))[0])
        self._is_admitted = self._others.admit(self)
        if not self._is_admitted:
            transport.abort()
            return
        self._start_timer()
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._kept += data
        self._pass_on()

    def _pass_on(self) -> None:
        """Pass received bytes on to uvicorn, one request at a time.

        A request is passed on once its head is complete and the previous request is answered.
        """
        while self._kept and not self._transport.is_closing():
            if self._body_left:
                part, self._kept = self._kept[: self._body_left], self._kept[self._body_left :]
                self._body_left -= len(part)
                self._inner.data_received(part)
                continue
            end = _HEAD_END.search(self._kept, 0, _MOST_HEAD) if self.is_idle else None
            if end is None:
                break
            head, self._kept = self._kept[: end.end()], self._kept[end.end() :]
            self._begin_request(head)
        if self._transport.is_closing():
            self._kept = b""
        elif len(self._kept) > _MOST_HEAD:
            self._others.log_refusal("long", self.peer, "sent request headers that are too long")
            self.abort()
        elif self.is_idle and (self._kept or self._body_left) and self._timer is None:
            self._start_timer()  # for the next head, or the rest of an answered request's body

    def _begin_request(self, head: bytes) -> None:
        """Pass a request's head on to uvicorn, or refuse the request if its body is chunked.

        A body of very small chunks would be too costly to parse.
        """
        self._stop_timer()
        if _CHUNKED.search(head):
            self._transport.write(_LENGTH_REQUIRED)
            self._transport.close()
            return
        length = _LENGTH.search(head)
        self._body_left = int(length[1]) if length else 0
        self.is_idle = False
        self._inner.data_received(head)

    def eof_received(self) -> Any:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        self._stop_timer()
        self._others.remove(self)
        if self._is_admitted:
            self._inner.connection_lost(error)

    def end_request(self) -> None:
        """Mark the current request as finished, and pass the next request on."""
        self.is_idle = True
        self._pass_on()

    def abort(self) -> None:
        self._others.remove(self)
        self._transport.abort()

    def _start_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_HEAD_SECONDS, self._end_late_head)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _end_late_head(self) -> None:
        self._others.log_refusal(
            "late", self.peer, f"sent no complete request in {_HEAD_SECONDS:.0f} s"
        )
        self.abort()
