"""Closes connections to the standalone server that send no request, so that none holds it up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["IdleConnections"]

_SECONDS = 10.0  # to wait for the whole head of a request
_MOST = 128  # connections of a client; a browser opens six
_KEY = "civitai_shortcut_connection"


class IdleConnections:
    """Closes connections that are idle for 10 seconds, or if their client opens more than 128.

    uvicorn calls `make_protocol` for each new connection. The application must be wrapped by
    `wrap_app`, which marks a connection as busy during a request.
    """

    def __init__(self) -> None:
        self.all: dict[_Connection, None] = {}  # oldest first

    def make_protocol(self, *, app_state: dict[str, Any], **options: Any) -> Any:
        """Return the asyncio protocol of a new connection.

        app_state, options: the arguments that uvicorn passes to its own protocol class.
        """
        from uvicorn.protocols.http.h11_impl import H11Protocol

        state = dict(app_state)  # a request's scope gets a copy of it
        inner: Any = H11Protocol(app_state=state, **options)
        state[_KEY] = connection = _Connection(self, inner)
        return connection

    def wrap_app(self, app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """Return an ASGI application that calls `app`; a connection counts as busy meanwhile."""

        async def reporting(scope: Any, receive: Any, send: Any) -> None:
            connection = scope["state"].pop(_KEY)
            connection.set_busy()
            try:
                await app(scope, receive, send)
            finally:
                connection.set_idle()

        return reporting

    def admit_client(self, peer: str) -> bool:
        """Return whether a client may open one more connection.

        If the client has 128 connections, close the oldest idle one to make room; return False if
        all of them are busy. peer: the client's IP address.
        """
        own = [one for one in self.all if one.peer == peer]
        oldest = next((one for one in own if one.is_idle), None)
        if len(own) >= _MOST and oldest is not None:
            oldest.abort()
        return len(own) < _MOST or oldest is not None


class _Connection:
    """The protocol of a client's connection, which is closed after 10 seconds without a request.

    uvicorn's own protocol, `inner`, parses the received data and sends the responses.
    """

    peer = ""
    is_idle = True  # no request is being answered

    def __init__(self, others: IdleConnections, inner: Any) -> None:
        self._others, self._inner = others, inner
        self._transport: Any = None
        self._timer: asyncio.TimerHandle | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.peer = (transport.get_extra_info("peername") or ("",))[0]
        self._inner.connection_made(transport)
        if self._others.admit_client(self.peer):
            self._others.all[self] = None
            self.set_idle()
        else:
            transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.set_busy()
        self._others.all.pop(self, None)
        self._inner.connection_lost(error)

    def set_busy(self) -> None:
        """Mark the connection as busy; it is not closed until `set_idle` is called."""
        self.is_idle = False
        if self._timer is not None:
            self._timer.cancel()

    def set_idle(self) -> None:
        """Mark the connection as idle; it is closed if no request comes in 10 seconds."""
        self.is_idle = True
        if not self._transport.is_closing():
            self._timer = asyncio.get_running_loop().call_later(_SECONDS, self.abort)

    def abort(self) -> None:
        self._others.all.pop(self, None)
        self._transport.abort()
