"""Who may ask: this machine, its owner, and no other site's page."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from ... import host

# Why a request may not change a value.
LockReason = Literal["", "only_here", "frozen", "environment"]

# Headers by which a proxy or a tunnel says that it forwards a request.
_FORWARDED = {"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip"}
_FORWARDED |= {"true-client-ip", "cf-connecting-ip", "x-original-forwarded-for"}


def is_our_page(request: Request) -> bool:
    """Return whether our own page sent a request.

    Our page sends the header `x-civitai-shortcut`, which browsers do not let other sites' pages
    send. The request must also come from our own site: the header `Sec-Fetch-Site` decides; without
    it, `Origin` must name this server or be absent.
    """
    headers = request.headers
    if headers.get("x-civitai-shortcut") != "1":
        return False
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:  # browsers send it only over https and to localhost
        return site == "same-origin"
    names = (headers.get("host", ""), headers.get("x-forwarded-host", ""))
    return origin is None or any(_is_origin(origin, name) for name in names)


def _is_origin(origin: str, host_header: str) -> bool:
    return origin.partition("://")[2].lower() == host_header.lower() != ""


def is_cross_site(headers: Headers, method: str) -> bool:
    """Return whether another site's page sent a request, according to its Fetch Metadata headers.

    Return False if the headers are absent, and for a GET that opens our page, since the user may
    follow a link to it. method: the HTTP method. See https://www.w3.org/TR/fetch-metadata/
    """
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return False
    visit = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"), method)
    return visit != ("navigate", "document", "GET")


def is_from_this_machine(request: Request) -> bool:
    """Return whether a request comes from a browser on this machine.

    Return False if a proxy forwarded the request, or if its `Host` header names another machine.
    """
    client = request.client.host if request.client else ""
    if not is_loopback(client) or is_forwarded(request.headers):
        return False
    name = _parse_host_name(request.headers)
    is_own = name == socket.gethostname().lower() or name.endswith(".localhost")
    return is_own or is_loopback(name)


def is_forwarded(headers: Headers) -> bool:
    """Return whether a request's headers show that a proxy or tunnel has forwarded it."""
    return any(name in _FORWARDED or name.startswith("x-forwarded") for name in headers)


def is_host_ip_or_localhost(headers: Headers) -> bool:
    """Return whether `Host` is an IP address or localhost, which DNS cannot rebind."""
    name = _parse_host_name(headers)
    return name == "localhost" or parse_address(name) is not None


def is_loopback(name: str) -> bool:
    """Return whether an address or a host name is this machine's own."""
    address = parse_address(name)
    return name.lower() == "localhost" or address is not None and address.is_loopback


def parse_address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that a text is, without its zone; None if it is none."""
    try:
        return ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None


def _parse_host_name(headers: Headers) -> str:
    try:
        return (urlsplit(f"//{headers.get('host', '')}").hostname or "").lower()
    except ValueError:
        return ""


def find_lock_reason(request: Request, name: str) -> LockReason:
    """Return why a request may not change a setting, "" if it may.

    "frozen": the WebUI's command line forbids everybody to change it. "only_here": the server has
    no login, and the request comes from another machine. "environment": a variable overrides the
    setting. If several apply, return the first. name: the setting's name, or "key" for the API key.
    """
    if host.is_frozen(name):
        return "frozen"
    if not is_owner(request):
        return "only_here"
    is_overridden = name == "civitai_host" and os.environ.get("CIVITAI_BASE_URL")
    return "environment" if is_overridden else ""


def is_owner(request: Request) -> bool:
    """Return whether a request comes from a user who has logged in, or from this machine."""
    return host.has_login(request) or is_from_this_machine(request)


class CrossSiteGuard:
    """Middleware that responds with 403 to requests from other sites' pages.

    A request also gets 403 if its `Host` header is neither an IP address, nor localhost, nor
    `address`, since other names may come from DNS rebinding. address: where the server listens.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], address: str) -> None:
        self._app, self._address = app, address

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or self._is_ours(scope):
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("This request did not come from this page.", 403)(
                scope, receive, send
            )

    def _is_ours(self, scope: Any) -> bool:
        headers = Headers(scope=scope)
        is_ours = (
            is_host_ip_or_localhost(headers) or _parse_host_name(headers) == self._address.lower()
        )
        if not is_ours or is_cross_site(headers, scope.get("method", "")):
            return False
        origin = headers.get("origin")
        return origin is None or _is_origin(origin, headers.get("host", ""))
