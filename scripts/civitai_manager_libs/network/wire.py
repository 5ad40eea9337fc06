"""Connections that know whom they reached, and that another thread can cut.

They are urllib3's (1.26 and 2.x), under requests' adapter.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as urllib3_errors

from ..errors import Cancelled, Refused
from ..ground import Cancellation, never
from .again import AgainPool
from .head import HeadedAnswer

__all__ = ["WIRE_ERRORS", "WireAdapter", "cut_by", "is_inner_address", "is_inner_url", "peer_of"]

_POOL_SIZE = 16  # connections kept per host: as many as the setting allows downloads at once
_POLL = 0.1  # seconds; the longest that a connection under way overlooks a cancel
WIRE_ERRORS = (urllib3_errors.HTTPError, http.client.HTTPException, OSError, ValueError)
_INNER_NAMES = {"localhost", "ip6-localhost", "ip6-loopback"}
_INNER_ENDS = (".localhost", ".localdomain", ".local", ".internal")
_current = threading.local()  # .line: the _Line of this thread's request, if it can be cut


class _Line:
    """The connection that one thread's request is on, for another thread to cut."""

    def __init__(self) -> None:
        self.is_cut = False
        self._connection: _Watched | None = None

    def take(self, connection: _Watched) -> None:
        self._connection = connection
        self.check()  # after it is known: a cut before this moment found nothing to shut down

    def check(self) -> None:
        if self.is_cut:
            raise Cancelled("Cancelled.")

    def cut(self) -> None:
        self.is_cut = True
        live = self._connection.live_socket if self._connection is not None else None
        if isinstance(live, socket.socket):
            try:
                # Not SSLSocket's own, which takes its state away from the thread that reads.
                socket.socket.shutdown(live, socket.SHUT_RDWR)
            except OSError:  # it ended by itself
                return


def cut_by(cancelled: Cancellation) -> AbstractContextManager[None]:
    """While the block runs, this thread's request breaks off as soon as it is cancelled."""
    return nullcontext() if cancelled is never() else _cut_by(cancelled)


@contextmanager
def _cut_by(cancelled: Cancellation) -> Iterator[None]:
    line = _current.line = _Line()
    try:
        with cancelled.calling(line.cut):
            yield
    finally:
        _current.line = None


class _Watched:
    """What we add to urllib3's connections: whom it reached, its last answer, and a socket that
    can be cut."""

    answer: HeadedAnswer | None = None  # the last one
    refuses_inner = False
    is_direct = True  # False: it reaches a proxy, whose address says nothing
    peer: str | None = None
    live_socket: Any = None

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()  # type: ignore[misc]
        if self.is_direct:
            self.peer = sock.getpeername()[0]
        if self.refuses_inner and is_inner_address(self.peer or ""):
            sock.close()
            raise Refused("The redirect leads to an address inside of your own network.")
        return sock

    def connect(self) -> None:
        self.live_socket = None
        line, connect = getattr(_current, "line", None), super().connect  # type: ignore[misc]
        if line is not None:
            connect = _Connecting(connect, self.close, line).finish  # type: ignore[attr-defined]
        connect()
        self.live_socket = self.sock  # type: ignore[attr-defined]
        if isinstance(self.live_socket, ssl.SSLSocket):
            # Else a connection that breaks off reads as its end, and a body of no known length as
            # whole (RFC 9112, 9.8).
            self.live_socket.suppress_ragged_eofs = False
        self.take_line()

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        self.take_line()  # here for a connection that is used again
        super().putrequest(*args, **kwargs)  # type: ignore[misc]

    def response_class(self, *args: Any, **kwargs: Any) -> HeadedAnswer:
        self.answer = HeadedAnswer(*args, **kwargs)
        return self.answer

    def take_line(self) -> None:
        """From now on a cancel of this thread's request cuts this connection."""
        line = getattr(_current, "line", None)
        if line is not None:
            line.take(self)


class _Connecting(threading.Thread):
    """A connection being made: looking up a name cannot be cut, only left to itself."""

    def __init__(self, connect: Any, close: Any, line: _Line) -> None:
        super().__init__(daemon=True)
        self._connect, self._close, self._line = connect, close, line
        self._done, self._is_left = threading.Event(), False
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._connect()
        except BaseException as error:  # handed to the caller, who raises it
            self._error = error
        finally:
            self._done.set()
            if self._is_left:
                self._close()

    def finish(self) -> None:
        """Wait until it is made. Raises what made it fail, and Cancelled."""
        self.start()
        while not self._done.wait(_POLL):
            self._is_left = self._line.is_cut
            self._line.check()
        if self._error is not None:
            raise self._error


class WireAdapter(HTTPAdapter):
    """requests' adapter; with `refuses_inner`, one that connects to no private address.

    It is judged by the address that the socket reached: a name can be resolved anew at any time.
    """

    def __init__(self, refuses_inner: bool = False) -> None:
        self._refuses_inner = refuses_inner
        self._pools: dict[tuple[str, bool | str], Any] = {}  # by scheme with host, certificates
        super().__init__(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _watch(self.poolmanager, refuses_inner=self._refuses_inner)

    def get_connection_with_tls_context(
        self, request: Any, verify: bool | str, proxies: Any = None, cert: Any = None
    ) -> Any:
        """A host's pool (requests 2.32 and newer ask for it so), not looked for at each picture."""
        if proxies or cert:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        key = ("/".join(request.url.split("/", 3)[:3]), verify)
        pool = self._pools.get(key)
        if pool is None or pool.pool is None:  # urllib3 closes those of hosts that it forgets
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            self._pools[key] = pool
        return pool

    def request_url(self, request: Any, proxies: Any) -> str:
        """What follows the request's method: without a proxy, all behind the host."""
        if proxies or "#" in request.url:
            return super().request_url(request, proxies)
        return "/" + request.url.split("/", 3)[3]

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        """What requests makes of an answer, but for cookies and encoding: nobody here has use for
        them, and a body is read as bytes. urllib3's headers take names in any case as well."""
        response = requests.Response()
        response.status_code, response.reason, response.raw = resp.status, resp.reason, resp
        response.headers = resp.headers
        response.url, response.request, response.connection = req.url, req, self
        return response

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if is_new:
            _watch(manager, is_direct=False)
        return manager


def _watch(manager: Any, **traits: bool) -> None:
    """Have a pool manager make watched connections."""
    manager.pool_classes_by_scheme = {
        scheme: _watched_pool(pool, traits)
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _watched_pool(pool: type, traits: dict[str, bool]) -> type:
    connection = type("WatchedConnection", (_Watched, pool.ConnectionCls), traits)
    return type("WatchedPool", (AgainPool, pool), {"ConnectionCls": connection})


def peer_of(response: requests.Response) -> str | None:
    """The address that answered; None behind a proxy, or where no socket was used."""
    return getattr(getattr(response.raw, "_connection", None), "peer", None)


def is_inner_address(text: str) -> bool:
    """Whether an IP address is private, loopback, link-local or otherwise not of the internet."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return not mapped.is_global or mapped.is_multicast


def is_inner_url(url: str) -> bool:
    """Whether a URL names such an address outright: what a proxy would be asked to fetch."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    with suppress(OSError, UnicodeError):  # it is no number
        host = socket.inet_ntoa(socket.inet_aton(host))  # `127.1`, `0x7f000001`, `2130706433`
    return host in _INNER_NAMES or host.endswith(_INNER_ENDS) or is_inner_address(host)
