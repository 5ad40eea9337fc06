"""What a peer may hold open of our own server: so many connections, and a head for so long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from ... import util
from .origin import household
from .repeats import Repeats

__all__ = ["Connections"]

_HEAD_SECONDS = 10.0
_FROM_ONE, _IN_ALL = 128, 256  # a browser opens six
_KEY = "civitai_shortcut_connection"


class Connections:
    """All connections of one server.

    uvicorn makes a protocol of each: see its setting `http`. Ours stands before its own and looks
    at the clock. That a head has come whole is told by `around`, the outermost of the application.
    """

    def __init__(self) -> None:
        self._open: dict[_Connection, None] = {}  # the oldest first
        self._repeats = Repeats()

    def protocol(self, *, app_state: dict[str, Any], **given: Any) -> asyncio.Protocol:
        """Return the protocol of a new connection; the arguments are uvicorn's."""
        from uvicorn.protocols.http.auto import AutoHTTPProtocol

        state = dict(app_state)  # a request's scope has a copy of it
        inner: Any = AutoHTTPProtocol(app_state=state, **given)
        state[_KEY] = connection = _Connection(self, inner)
        return connection

    def around(self, app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """Return `app`, telling connections when it is asked and when it has answered."""

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            connection = scope.get("state", {}).pop(_KEY)
            connection.note_head()
            try:
                await app(scope, receive, send)
            finally:
                connection.await_head()

        return watched

    def admit(self, new: _Connection) -> bool:
        """Return whether there is a place for a connection. One that has sent no head yet makes
        room for it: who holds many of those does not shut out others, nor himself."""
        own = [one for one in self._open if one.peer == new.peer]
        for group, most in ((own, _FROM_ONE), (list(self._open), _IN_ALL)):
            if len(group) < most:
                continue
            idle = next((one for one in group if one.is_idle), None)
            self.tell("too-many", new.peer, f"has more than {most} connections open")
            if idle is None:
                return False
            idle.abort()
        self._open[new] = None
        return True

    def remove(self, connection: _Connection) -> None:
        self._open.pop(connection, None)

    def tell(self, kind: Hashable, peer: str, what: str) -> None:
        """One log line a minute of each kind."""
        count = self._repeats.count(kind)
        if count is not None:
            times = f" ({count} times since the last such line)" if count > 1 else ""
            util.printD(f"{peer or 'Somebody'} {what}{times}. What sends no request is closed.")


class _Connection(asyncio.Protocol):
    """One connection, in front of uvicorn's own protocol of it."""

    peer = ""
    is_idle = True  # no request of it is being answered

    def __init__(self, others: Connections, inner: Any) -> None:
        self._others, self._inner = others, inner
        self._transport: Any = None
        self._is_admitted = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.peer = household((transport.get_extra_info("peername") or ("",))[0])
        self._is_admitted = self._others.admit(self)
        if not self._is_admitted:
            return transport.abort()
        self._start_timer()
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self.is_idle and self._timer is None:  # the next request of a connection that was kept
            self._start_timer()
        self._inner.data_received(data)

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

    def note_head(self) -> None:
        """The head of a request is whole."""
        self.is_idle = False
        self._stop_timer()

    def await_head(self) -> None:
        """A request is answered; uvicorn closes a connection on which no other one begins."""
        self.is_idle = True

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
        self._others.tell("late", self.peer, f"sent no whole request in {_HEAD_SECONDS:.0f} s")
        self.abort()
