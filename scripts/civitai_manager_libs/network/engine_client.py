"""Requests to a program of the user's own network that makes images."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..core import Cancellation, never_cancelled, parse_json_or_none
from ..errors import InputError, InvalidResponse, NetworkError
from .body import check_response_head, ResponseBody, to_our_error
from .connections import LIBRARY_ERRORS, WatchedAdapter
from .session import prepare_request

_PIECE = 64 * 1024  # bytes
_SHARED = ipaddress.ip_network("100.64.0.0/10")  # which VPNs such as Tailscale use
_BENCHMARKS = ipaddress.ip_network("198.18.0.0/15")  # not private, but where proxies put the public
_DIRECT = {"http": "", "https": "", "all": ""}  # no proxy, whatever the environment says


class ReplyLimits(NamedTuple):
    """Limits on a response: seconds to connect, to wait for data, in all, and bytes of its body."""

    connect: float = 1.0
    wait: float = 10.0
    total: float = 60.0
    size: int = 20_000_000


class EngineReply(NamedTuple):
    """A response of any status. value: its JSON, None if it is none."""

    status: int
    body: bytes
    value: Any


class EngineClient:
    """Sends requests to one address; any thread may use it.

    Redirects are not followed, and no proxy, cookie or password of the environment is used. The
    address is resolved once; a name on http is replaced by the IP address that it had then. login:
    "user:password" for HTTP Basic, "" for none. Raises InputError if the address is not on this
    machine or in a private network.
    """

    def __init__(self, address: str, login: str = "") -> None:
        self.address = address.rstrip("/")
        parts = urlsplit(self.address)
        self._headers = {"Accept": "application/json, image/*", "Accept-Encoding": "identity"}
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = _resolve(parts.hostname or "", port)
        self._base = self.address
        if parts.scheme == "http":  # with https, the certificate tells that it is the same server
            ip = _choose_address(addresses, port)
            host = f"[{ip}]" if ":" in ip else ip
            self._base = f"http://{host}:{port}{parts.path}"
            self._headers["Host"] = parts.netloc.rpartition("@")[2]
        # In bytes, since requests encodes text as Latin-1.
        self._auth = tuple(login.encode().split(b":", 1)) if ":" in login else None
        self._adapter = WatchedAdapter()

    def fetch(
        self,
        method: str,
        path: str,
        json_data: Any = None,
        params: Mapping[str, Any] | None = None,
        limits: ReplyLimits = ReplyLimits(),
        cancelled: Cancellation | None = None,
    ) -> EngineReply:
        """Send a request and return the response, whatever its status.

        Raises NetworkError if nobody answers or the response takes too long, InvalidResponse if it
        is too large, and Cancelled.
        """
        cancelled = cancelled or never_cancelled()
        url = f"{self._base}{path}"
        prepared = prepare_request(
            method, url, self._headers, params=params, json=json_data, auth=self._auth
        )
        end = time.monotonic() + limits.total
        timeout = (limits.connect, limits.wait)
        try:
            response = self._adapter.send_cancellable(
                prepared, cancelled, stream=True, timeout=timeout, proxies=_DIRECT
            )
        except LIBRARY_ERRORS as error:
            raise to_our_error(error) from error
        with closing(ResponseBody(response, cancelled)) as body:
            check_response_head(response)
            content = bytearray()
            while data := body.read(_PIECE):
                content += data
                if len(content) > limits.size:
                    raise InvalidResponse("The response is too large.")
                if time.monotonic() > end:
                    raise NetworkError("The response does not end.")
        return EngineReply(response.status_code, bytes(content), _parse(bytes(content)))


def _parse(content: bytes) -> Any:
    if content[:1] not in (b"{", b"[", b'"') and content[:4] not in (b"null", b"true"):
        return None
    return parse_json_or_none(content)


def _resolve(host: str, port: int) -> list[str]:
    """Return a host's IP addresses, which must be on this machine or in a private network."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NetworkError("The server's name could not be found.") from error
    addresses = [str(each[4][0]) for each in found]
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        is_own = address.is_loopback or address.is_private or address in _SHARED
        is_own = is_own and address not in _BENCHMARKS
        others = (address.is_link_local, address.is_unspecified, address.is_multicast)
        if not is_own or any(others) or address.is_reserved and not address.is_loopback:
            raise InputError(
                f"{host} is neither this machine nor in your own network.",
                "engine_not_private",
                host=host,
            )
    return sorted(dict.fromkeys(addresses), key=lambda one: ":" in one)


def _choose_address(addresses: list[str], port: int) -> str:
    """Return the first address that takes a connection, or the first if none does."""
    for address in addresses if len(addresses) > 1 else ():
        with suppress(OSError), socket.create_connection((address, port), ReplyLimits().connect):
            return address
    return addresses[0]
