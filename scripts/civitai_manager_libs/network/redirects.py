"""Redirects: which of them are followed, and the request that is sent next."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from urllib.parse import urljoin

import requests
from requests.structures import CaseInsensitiveDict

from ..core import Cancellation
from ..errors import InvalidResponse, NeedsKey, NetworkError, Refused
from .body import ResponseBody, to_our_error
from .connections import find_server_address, LIBRARY_ERRORS
from .private_addresses import is_private_address, is_private_url
from .request import OutgoingRequest, split_url

__all__ = ["follow_redirect"]

_PRIVATE_HEADERS = {"Authorization", "Cookie", "Proxy-Authorization", "Referer"}
_BODY_HEADERS = {"Content-Length", "Content-Type", "Transfer-Encoding"}
_SMALL_BODY = 64 * 1024  # bytes; a longer body costs more to read than a new connection
_session = requests.Session()  # only reads the Location header


def follow_redirect(response: requests.Response, request: OutgoingRequest) -> OutgoingRequest:
    """Close a redirecting response, and return the request for the URL to which it leads.

    request: the request that was redirected. Raises Refused if the redirect leads from a public
    host to a private address, from https to http, or to a URL that is neither; NeedsKey if it leads
    to a login page; and Cancelled.
    """
    # A server on this machine may redirect to this machine.
    is_private = is_private_address(find_server_address(response) or "")
    refuses_private = request.refuses_private or not (is_private or is_private_url(request.url))
    _release_connection(response, request.cancelled)
    url = _find_target(response)
    prepared = _redirect(request.prepared, url, response.status_code)
    if refuses_private and is_private_url(prepared.url or ""):
        raise Refused("The redirect leads into your own network, so it was not followed.")
    origin = request.origin or split_url(request.url).netloc
    return replace(request, prepared=prepared, origin=origin, refuses_private=refuses_private)


def _release_connection(response: requests.Response, cancelled: Cancellation) -> None:
    """Close a response; read a small body first, so that the connection can be reused.

    cancelled: ends the reading by raising Cancelled; the response is closed nevertheless.
    """
    with closing(ResponseBody(response, cancelled)) as body:
        try:
            body.read_all(_SMALL_BODY)
        except (NetworkError, InvalidResponse):
            return


def _find_target(response: requests.Response) -> str:
    try:
        return urljoin(response.url, _session.get_redirect_target(response) or "")
    except ValueError as error:
        raise Refused("The redirect has no valid address.") from error


def _redirect(request: requests.PreparedRequest, url: str, status: int) -> requests.PreparedRequest:
    """Return the request to send next, if the response to `request` redirects to `url`.

    status: 307 and 308 keep the method and body; all others lead to a GET without a body (a HEAD
    stays). If `url` is on another host, the key, cookies and referrer are removed. Raises NeedsKey
    if `url` is a login page, and Refused if `url` is not http or https, or leads from https to
    http.
    """
    new, old = split_url(url), split_url(request.url or "")
    if new.path == "/login" or new.path.startswith("/login/"):
        raise NeedsKey("Civitai asks for a login: an API key is needed.", 401)
    if new.scheme != old.scheme and (old.scheme, new.scheme) != ("http", "https"):
        raise Refused("The redirect switches to a different protocol, so it was not followed.")
    redirected = request.copy()
    dropped = set() if new.netloc == old.netloc else _PRIVATE_HEADERS
    if status not in (307, 308):
        redirected.method = "HEAD" if request.method == "HEAD" else "GET"
        redirected.body, dropped = None, dropped | _BODY_HEADERS
    redirected.headers = CaseInsensitiveDict(
        {name: value for name, value in request.headers.items() if name.title() not in dropped}
    )
    try:
        redirected.prepare_url(url, None)
    except LIBRARY_ERRORS as error:
        raise to_our_error(error) from error
    return redirected
