"""Connections that can be cut, and that refuse inner addresses."""

from __future__ import annotations

import http.client
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
from urllib3.exceptions import ConnectTimeoutError, HTTPError

from ..core import Cancellation, never_cancelled
from ..errors import Refused

_PRIVATE_NAMES = {"localhost", "ip6-localhost", "ip6-loopback"}
_PRIVATE_SUFFIXES = (".localhost", ".localdomain", ".local", ".internal")
# Mapped, compatible and translated IPv4 addresses (RFC 4291, 2765), and those of NAT64 (RFC 6052).
_IPV4_PREFIXES = [
    ipaddress.IPv6Network(prefix)
    for prefix in ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96")
]
# A network's own NAT64 (RFC 8215) may lead anywhere; and with 6to4 (RFC 3056, given up by RFC 7526)
# the private machines of a site have addresses made of its public IPv4 address.
_MAYBE_PRIVATE = [ipaddress.IPv6Network(prefix) for prefix in ("64:ff9b:1::/48", "2002::/16")]


def is_private_address(text: str) -> bool:
    """Return whether a text is an IP address outside the public internet, such as a loopback one.

    Multicast addresses count as private, too. An IPv6 address that contains an IPv4 address is
    judged by the IPv4 address. Return False for other text.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if address.version == 6:
        if address.is_site_local or any(address in network for network in _MAYBE_PRIVATE):
            return True
        if any(address in network for network in _IPV4_PREFIXES):
            address = ipaddress.IPv4Address(address.packed[-4:])
    return not address.is_global or address.is_multicast


def is_private_url(url: str) -> bool:
    """Return whether a URL's host is this machine or a machine in the local network.

    Only the host's text is checked, without a DNS lookup: private IP addresses, `localhost`, and
    names with endings such as `.local`.
    """
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    with suppress(OSError, UnicodeError):  # no number
        host = socket.inet_ntoa(socket.inet_aton(host))  # `127.1`, `0x7f000001`, `2130706433`
    return host in _PRIVATE_NAMES or host.endswith(_PRIVATE_SUFFIXES) or is_private_address(host)


_INTERVAL = 0.2  # seconds between two checks


class Deadline:
    """A time limit for a block of code; `cut` is called if the block runs longer or is cancelled.

    is_over: whether the time was up at the last check.
    """

    def __init__(self, seconds: float, cut: Callable[[], None], cancelled: Cancellation) -> None:
        self.is_over = False
        self._cut, self._cancelled = cut, cancelled
        self._end = time.monotonic() + seconds

    def check(self) -> bool:
        """Call `cut` if the time is up or the work is cancelled; return whether it was called."""
        self.is_over = time.monotonic() >= self._end
        if not (self.is_over or self._cancelled.is_set()):
            return False
        self._cut()
        return True


class _Watcher:
    """Checks all deadlines of the process in one thread, which sleeps while there are none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pending: set[Deadline] = set()
        self._thread: threading.Thread | None = None

    def add(self, deadline: Deadline) -> None:
        with self._changed:
            self._pending.add(deadline)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="http-deadlines", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def remove(self, deadline: Deadline) -> None:
        """Stop checking a deadline; its function `cut` is not called any more."""
        with self._changed:
            self._pending.discard(deadline)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending)
                self._pending -= {deadline for deadline in self._pending if deadline.check()}
            time.sleep(_INTERVAL)


_watcher = _Watcher()


@contextmanager
def cut_after(
    seconds: float, cut: Callable[[], None], cancelled: Cancellation
) -> Iterator[Deadline]:
    """Call `cut` from another thread if the block takes more than `seconds` or is cancelled.

    cut: ends the call that the block waits for. Yield the Deadline; after `cut` was called,
    `is_over` tells whether the time was up (True) or the work was cancelled (False).
    """
    deadline = Deadline(seconds, cut, cancelled)
    _watcher.add(deadline)
    try:
        yield deadline
    finally:
        _watcher.remove(deadline)


LIBRARY_ERRORS = (HTTPError, http.client.HTTPException, OSError, ValueError)
_POOL_SIZE = 16  # connections kept per host: as many as the setting allows downloads at once
_POLL = 0.1  # seconds; how late a connection being made may notice that it is cancelled
_MAX_TIMEOUTS = 4  # for all that leads to a connection: addresses, a proxy, a handshake
_current = threading.local()  # .cancelled: the Cancellation of this thread's request


class _WatchedConnection:
    """A mixin for urllib3's connections, which lets another thread close them."""

    refuses_private = False
    is_direct = True  # False: the peer is a proxy, whose address says nothing of the server
    peer: str | None = None  # the address that the connection reached
    _socket: Any = None  # still known when only the response holds the socket

    def connect(self) -> None:
        connect, cancelled = super().connect, _current_cancellation()  # type: ignore[misc]
        self._connect_in_thread(connect, cancelled)
        self._socket = self.sock  # type: ignore[attr-defined]  # of the other base
        if self.is_direct:
            self.peer = self._socket.getpeername()[0]
            # Judged by the address reached: the name may resolve differently a moment later.
            if self.refuses_private and is_private_address(self.peer):
                self.close()  # type: ignore[attr-defined]  # of the other base
                raise Refused("The redirect leads into your own network, so it was not followed.")
        cancelled.check()  # before anything is sent

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:
        """Return the response; raise TimeoutError if all headers together exceed the timeout."""
        # The socket's own timeout limits each wait for data, not the sum; and before the response a
        # server may send "100 Continue" without end.
        timeouts = (self.sock.gettimeout(), self.timeout)  # type: ignore[attr-defined]
        seconds = [timeout for timeout in timeouts if isinstance(timeout, (int, float))]
        limit = max(seconds, default=inf)
        with cut_after(limit, self.cut, _current_cancellation()) as deadline:
            response = super().getresponse(*args, **kwargs)  # type: ignore[misc]
        if deadline.is_over:  # http.client takes the end of a connection for the end of a head
            response.close()
            raise TimeoutError("The response headers took too long.")
        return response

    def cut(self) -> None:
        _shut_socket(self._socket)

    def _connect_in_thread(self, connect: Callable[[], None], cancelled: Cancellation) -> None:
        """Connect in another thread, for at most four times the timeout or until cancelled."""
        # A name lookup cannot be stopped, and no library limits a proxy that sends byte by byte.
        done, abandoned, errors = threading.Event(), threading.Event(), []

        def run() -> None:
            try:
                connect()
            except BaseException as error:  # is raised in the thread that waits
                errors.append(error)
            done.set()
            if abandoned.is_set():
                self.close()  # type: ignore[attr-defined]  # of the other base

        threading.Thread(target=run, name="gallery-connect", daemon=True).start()
        timeout = self.timeout or inf  # type: ignore[attr-defined]  # of the other base
        end = time.monotonic() + _MAX_TIMEOUTS * timeout
        while not done.wait(_POLL):
            if cancelled.is_set() or time.monotonic() > end:
                abandoned.set()
                _shut_socket(self.sock)  # type: ignore[attr-defined]  # of the other base
                cancelled.check()
                raise ConnectTimeoutError(self, "Connecting to the server took too long.")
        if errors:
            raise errors[0]


def _current_cancellation() -> Cancellation:
    cancelled: Cancellation = getattr(_current, "cancelled", never_cancelled())
    return cancelled


def _shut_socket(connected: Any) -> None:
    if isinstance(connected, socket.socket):
        with suppress(OSError):  # closed already
            # Not SSLSocket.shutdown, which takes the TLS state away from the thread that reads.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)


class WatchedAdapter(HTTPAdapter):
    """An HTTPAdapter of the library requests whose connections another thread can close.

    refuses_private: raise Refused if a connection reaches a private address, before anything is
    sent.
    """

    def __init__(self, refuses_private: bool = False) -> None:
        self._refuses_private = refuses_private
        super().__init__(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)

    def send_cancellable(
        self, request: requests.PreparedRequest, cancelled: Cancellation, **options: Any
    ) -> requests.Response:
        """Send a request, and return the response once its headers have arrived.

        Raises Cancelled as soon as `cancelled` is set, and the errors of requests. options: further
        arguments of `HTTPAdapter.send`.
        """
        _current.cancelled = cancelled
        try:
            return self.send(request, **options)
        except LIBRARY_ERRORS:
            cancelled.check()  # which closes the connection
            raise

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _watch_connections(self.poolmanager, refuses_private=self._refuses_private)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if is_new:
            _watch_connections(manager, is_direct=False)
        return manager


def _watch_connections(manager: Any, **attributes: bool) -> None:
    pools = {}
    for scheme, pool in manager.pool_classes_by_scheme.items():
        name = f"Watched{pool.ConnectionCls.__name__}"  # `to_our_error` looks for SOCKSConnection
        connection = type(name, (_WatchedConnection, pool.ConnectionCls), attributes)
        pools[scheme] = type("WatchedPool", (pool,), {"ConnectionCls": connection})
    manager.pool_classes_by_scheme = pools


def make_connection_cutter(response: requests.Response) -> Callable[[], None]:
    """Return a function that closes a response's connection; any thread may call the function."""
    cut: Callable[[], None] = getattr(response.raw.connection, "cut", lambda: None)
    return cut
