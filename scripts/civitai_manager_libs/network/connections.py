"""Connections that another thread can close, and that know the address they reached.

They are urllib3's own (1.26 and 2.x), under the adapter of requests.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, HTTPError

from ..core import Cancellation, never_cancelled
from ..errors import Refused
from .deadlines import cut_after
from .private_addresses import is_private_address

__all__ = ["find_server_address", "LIBRARY_ERRORS", "make_connection_cutter", "WatchedAdapter"]

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
        """Return the response once its headers have arrived.

        Raises TimeoutError if all headers together take longer than the connection's timeout.
        """
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
        """Call `connect` in another thread, and wait until the connection is made.

        Raises Cancelled, ConnectTimeoutError if connecting takes more than four times the
        connection's timeout, and any error of `connect`.
        """
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
    """Make a pool manager of urllib3 create connections that another thread can close.

    attributes: values for `refuses_private` or `is_direct` of `_WatchedConnection`.
    """
    pools = {}
    for scheme, pool in manager.pool_classes_by_scheme.items():
        name = f"Watched{pool.ConnectionCls.__name__}"  # `to_our_error` looks for SOCKSConnection
        connection = type(name, (_WatchedConnection, pool.ConnectionCls), attributes)
        pools[scheme] = type("WatchedPool", (pool,), {"ConnectionCls": connection})
    manager.pool_classes_by_scheme = pools


def find_server_address(response: requests.Response) -> str | None:
    """Return the IP address of the server that sent a response.

    Return None if the response came through a proxy, or if the connection is closed.
    """
    return getattr(response.raw.connection, "peer", None)


def make_connection_cutter(response: requests.Response) -> Callable[[], None]:
    """Return a function that closes a response's connection; any thread may call the function."""
    cut: Callable[[], None] = getattr(response.raw.connection, "cut", lambda: None)
    return cut
