"""Connections that know whom they reached, and that another thread can cut.

They are urllib3's own (1.26 and 2.x), under requests' own adapter.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError

from ..core import Cancellation, never_cancelled
from ..errors import Cancelled, Refused
from .deadlines import cut_after

__all__ = [
    "WatchedAdapter",
    "cut_when_cancelled",
    "connection_cutter",
    "is_inner_address",
    "is_inner_url",
    "response_peer",
]

_POOL_SIZE = 16  # connections kept per host: as many as the setting allows downloads at once
_POLL = 0.1  # seconds; the longest that a connection being made overlooks a cancel
_MOST_TIMEOUTS = 4  # for all that leads to a connection: addresses, a proxy, a handshake
_INNER_NAMES = {"localhost", "ip6-localhost", "ip6-loopback"}
_INNER_ENDS = (".localhost", ".localdomain", ".local", ".internal")
_current = threading.local()  # .line: the _Line of this thread's request, if it can be cut

# Mapped, compatible and translated IPv4 addresses (RFC 4291, 2765), and those of NAT64 (RFC 6052).
_LEADING_TO_IPV4 = [
    ipaddress.IPv6Network(each)
    for each in ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96")
]
# What a network's own NAT64 (RFC 8215) leads to, only that network knows; and with 6to4 (RFC 3056,
# given up by RFC 7526) a site's inner machines have addresses made of its public IPv4 address.
_MAYBE_INNER = [ipaddress.IPv6Network(each) for each in ("64:ff9b:1::/48", "2002::/16")]


class _CurrentConnection:
    """What one thread's request is on, for another thread to cut."""

    def __init__(self) -> None:
        self.is_cut = False
        self._connection: _WatchedConnection | None = None

    def take(self, connection: _WatchedConnection) -> None:
        self._connection, connection.line = connection, self
        self.check()  # after it is known: a cut before this moment found nothing to shut down

    def check(self) -> None:
        if self.is_cut:
            raise Cancelled("Cancelled.")

    def cut(self) -> None:
        self.is_cut = True
        connection = self._connection
        if connection is not None and connection.line is self:  # else it serves another by now
            connection.cut()


@contextmanager
def cut_when_cancelled(cancelled: Cancellation) -> Iterator[None]:
    """While the block runs, this thread's request breaks off as soon as it is cancelled."""
    if cancelled is never_cancelled():
        yield
        return
    line = _current.line = _CurrentConnection()
    try:
        with cancelled.notify(line.cut):
            yield
    finally:
        _current.line = None


class _WatchedConnection:
    """What we add to urllib3's connections."""

    refuses_inner = False
    is_direct = True  # False: it reaches a proxy, whose address says nothing
    peer: str | None = None  # the address that it reached
    line: _CurrentConnection | None = None  # of the request that it serves
    _live: Any = None  # the socket, also when only the answer still holds it

    def connect(self) -> None:
        line: _CurrentConnection | None = getattr(_current, "line", None)
        self._connect_beside(super().connect, line or _CurrentConnection())  # type: ignore[misc]
        self._live = self.sock  # type: ignore[attr-defined]
        if self.is_direct:
            self.peer = self._live.getpeername()[0]
            if self.refuses_inner and is_inner_address(self.peer):
                self.close()  # type: ignore[attr-defined]
                raise Refused("The redirect leads to an address inside of your own network.")
        if line is not None:
            line.take(self)

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        line: _CurrentConnection | None = getattr(_current, "line", None)
        if line is not None:  # here for a connection that is used again
            line.take(self)
        super().putrequest(*args, **kwargs)  # type: ignore[misc]

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:
        """Return the response once its head is whole. Raises TimeoutError for a head that takes
        longer than the silence that is allowed: the socket's timeout only ends a silence, and
        answers of 100 may come before it without an end."""
        allowed = (self.sock.gettimeout(), self.timeout)  # type: ignore[attr-defined]
        seconds = [one for one in allowed if isinstance(one, (int, float))]
        with cut_after(max(seconds, default=inf), self.cut) as deadline:
            response = super().getresponse(*args, **kwargs)  # type: ignore[misc]
        if deadline.is_over:  # http.client takes the end of a connection for the end of a head
            response.close()
            raise TimeoutError("The head of the answer took too long.")
        return response

    def cut(self) -> None:
        _shut_socket(self._live)

    def _connect_beside(self, connect: Callable[[], None], line: _CurrentConnection) -> None:
        """In a thread of its own: looking up a name cannot be cut, only left to itself.

        Nor does a library's timeout end what a proxy or a handshake sends drop by drop.
        """
        done, left, errors = threading.Event(), threading.Event(), []

        def run() -> None:
            try:
                connect()
            except BaseException as error:  # handed to who waits, and raised there
                errors.append(error)
            done.set()
            if left.is_set():
                self.close()  # type: ignore[attr-defined]

        threading.Thread(target=run, name="gallery-connect", daemon=True).start()
        until = time.monotonic() + _MOST_TIMEOUTS * (self.timeout or inf)  # type: ignore
        while not done.wait(_POLL):
            if line.is_cut or time.monotonic() > until:
                left.set()
                _shut_socket(self.sock)  # type: ignore[attr-defined]
                line.check()
                raise ConnectTimeoutError(self, "It took too long to connect.")
        if errors:
            raise errors[0]


def _shut_socket(live: Any) -> None:
    if isinstance(live, socket.socket):
        with suppress(OSError):  # it ended by itself
            # Not SSLSocket's own, which takes its state away from the thread that reads.
            socket.socket.shutdown(live, socket.SHUT_RDWR)


class WatchedAdapter(HTTPAdapter):
    """requests' adapter; with `refuses_inner`, one that asks no private address for anything.

    It is judged by the address that the socket reached: a name can be resolved anew at any time.
    """

    def __init__(self, refuses_inner: bool = False) -> None:
        self._refuses_inner = refuses_inner
        super().__init__(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _use_watched(self.poolmanager, refuses_inner=self._refuses_inner)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if is_new:
            _use_watched(manager, is_direct=False)
        return manager


def _use_watched(manager: Any, **traits: bool) -> None:
    """Have a pool manager make watched connections."""
    pools = {}
    for scheme, pool in manager.pool_classes_by_scheme.items():
        name = f"Watched{pool.ConnectionCls.__name__}"  # by which an error tells a SOCKS proxy's
        connection = type(name, (_WatchedConnection, pool.ConnectionCls), traits)
        pools[scheme] = type("WatchedPool", (pool,), {"ConnectionCls": connection})
    manager.pool_classes_by_scheme = pools


def response_peer(response: requests.Response) -> str | None:
    """The address that answered; None behind a proxy, or where no socket was used."""
    return getattr(response.raw.connection, "peer", None)


def connection_cutter(response: requests.Response) -> Callable[[], None]:
    """Return what ends this response's connection, from any thread; nothing without a socket."""
    return getattr(response.raw.connection, "cut", lambda: None)


def is_inner_address(text: str) -> bool:
    """Return whether an IP address is private, loopback, link-local, site-local or otherwise not of
    the internet; one of NAT64 is judged by the IPv4 address that it stands for."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if address.version == 6:
        if address.is_site_local or any(address in network for network in _MAYBE_INNER):
            return True
        address = _ipv4_at_end(address) or address
    return not address.is_global or address.is_multicast


def _ipv4_at_end(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a mapped, translated or NAT64 address leads to."""
    is_led = any(address in network for network in _LEADING_TO_IPV4)
    return ipaddress.IPv4Address(address.packed[-4:]) if is_led else None


def is_inner_url(url: str) -> bool:
    """Whether a URL names such an address outright: what a proxy would be asked to fetch."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    with suppress(OSError, UnicodeError):  # it is no number
        host = socket.inet_ntoa(socket.inet_aton(host))  # `127.1`, `0x7f000001`, `2130706433`
    return host in _INNER_NAMES or host.endswith(_INNER_ENDS) or is_inner_address(host)
