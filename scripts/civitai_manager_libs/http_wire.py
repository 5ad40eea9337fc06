"""One request on the wire: connections that know whom they reached, and bodies that can be cut.

Knows requests' adapter and urllib3 (1.26 and 2.x), and nothing of retries, hosts' limits or files.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3 import exceptions as urllib3_errors

from .cancellation import Cancellation
from .errors import CivitaiShortcutError, NetworkError, Refused, UnreadableAnswer

__all__ = ["WireAdapter", "WireAnswer", "is_inner_address", "is_inner_url", "network_error"]
__all__ += ["RequestLine", "peer_of"]

_PIECE = 64 * 1024  # bytes
_POOL_SIZE = 16  # connections kept per host: as many as the setting allows downloads at once
_current = threading.local()  # .line: the RequestLine of this thread's request


class _Watched:
    """What we add to urllib3's connections: whom it reached, and a socket that can be cut."""

    refuses_inner = False
    peer: str | None = None
    live_socket: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()  # type: ignore[misc]
        self.peer = sock.getpeername()[0]
        if self.refuses_inner and is_inner_address(self.peer):
            sock.close()
            raise Refused("The redirect leads to an address inside of your own network.")
        return sock

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.live_socket = self.sock  # type: ignore[attr-defined]

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        line = getattr(_current, "line", None)
        if line is not None:
            line._connection = self
        super().putrequest(*args, **kwargs)  # type: ignore[misc]


class WireAdapter(HTTPAdapter):
    """requests' adapter; with `refuses_inner`, one that connects to no private address.

    It is judged by the address that the socket reached: a name can be resolved anew at any time.
    """

    def __init__(self, refuses_inner: bool = False) -> None:
        self._refuses_inner = refuses_inner
        super().__init__(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pools = (("http", HTTPConnectionPool), ("https", HTTPSConnectionPool))
        self.poolmanager.pool_classes_by_scheme = {
            scheme: _watched_pool(pool, self._refuses_inner) for scheme, pool in pools
        }


def _watched_pool(pool: type, refuses_inner: bool) -> type:
    connection = type(
        "WatchedConnection", (_Watched, pool.ConnectionCls), {"refuses_inner": refuses_inner}
    )
    return type("WatchedPool", (pool,), {"ConnectionCls": connection})


class WireAnswer:
    """A response whose body is read as it arrives, still packed where the server packed it."""

    def __init__(self, response: requests.Response, cancelled: Cancellation) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.response = response
        self._cancelled = cancelled

    def read(self, size: int) -> bytes:
        """1 to `size` bytes, b"" at the end. Raises NetworkError, Cancelled."""
        raw = self.response.raw
        with self._translated():
            data = _read_once(raw, size)
            if not data:
                # read1 leaves http.client's answer open at its very end; read does not,
                # and only a closed one gives its connection back.
                raw.read(1, decode_content=False)
        if not data:
            self._cancelled.check()  # a cut socket reads as an early end
        return data

    def read_all(self, limit: int) -> bytes:
        """The whole body, unpacked. Raises NetworkError when it is cut, UnreadableAnswer when
        it is over `limit` bytes."""
        raw, body = self.response.raw, bytearray()
        with self._translated():
            for piece in raw.stream(_PIECE, decode_content=True):
                body += piece
                if len(body) > limit:
                    raise UnreadableAnswer("The answer is too large to be read.")
        self._cancelled.check()
        length = self.headers.get("Content-Length", "")
        if length.isdigit() and raw.tell() < int(length):  # urllib3 1.26 does not say so itself
            raise NetworkError("The answer broke off.")
        return bytes(body)

    def close(self) -> None:
        """Give the connection back; one whose body was not read to its end is closed."""
        original = getattr(self.response.raw, "_original_response", None)
        if original is not None and not original.isclosed():
            self.response.close()
        self.response.raw.release_conn()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (urllib3_errors.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            self._cancelled.check()
            raise network_error(error) from error


def _read_once(raw: Any, size: int) -> bytes:
    """What one receive brings. Whole chunks would hide a slow server for minutes."""
    if hasattr(raw, "read1"):
        return raw.read1(size, decode_content=False)
    return raw._fp.read1(size)  # urllib3 1.26 has no read1 of its own


def network_error(error: Exception) -> CivitaiShortcutError:
    """The library's error in our words; its own text may hold a URL with a token."""
    if isinstance(error, (requests.Timeout, urllib3_errors.TimeoutError, TimeoutError)):
        return NetworkError("The server did not answer in time.")
    if isinstance(error, requests.exceptions.SSLError):
        return NetworkError("No secure connection could be made with the server.")
    if isinstance(error, requests.exceptions.ProxyError):
        return NetworkError("The proxy could not be reached.")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return Refused("This is not an address that can be asked.")
    if "NameResolution" in repr(error) or "getaddrinfo" in repr(error):
        return NetworkError("The server's name could not be found.")
    if isinstance(error, requests.ConnectionError) and "NewConnection" in repr(error):
        return NetworkError("The server could not be reached.")
    return NetworkError("The connection broke off.")


class RequestLine:
    """The line that this thread's request is on, so that another thread can cut it."""

    def __init__(self) -> None:
        self._connection: _Watched | None = None
        _current.line = self

    def cut(self) -> None:
        live = self._connection.live_socket if self._connection is not None else None
        if live is not None:
            try:
                live.shutdown(socket.SHUT_RDWR)
            except OSError:  # it ended by itself
                return


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
    return host == "localhost" or host.endswith(".localhost") or is_inner_address(host)
