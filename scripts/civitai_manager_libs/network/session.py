"""Sends requests over pooled connections, each in a slot of its host, and follows redirects."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

import requests
from requests.hooks import dispatch_hook
from requests.utils import should_bypass_proxies

from .. import host, setting
from ..core import Cancellation, never_cancelled
from ..errors import CivitaiShortcutError, InvalidResponse, NetworkError, Refused
from .bandwidth import BandwidthLimit
from .body import check_response_head, LIBRARY_ERRORS, load_body, ResponseBody, to_our_error
from .connections import cut_when_cancelled, is_private_address, is_private_url, response_peer
from .connections import WatchedAdapter
from .limiter import HostLimiter, HostLimiters
from .request import add_api_key, OutgoingRequest, redirect_request, split_url

__all__ = ["HttpSession"]

_MAX_REDIRECTS = 5
_CACHE_SECONDS, _CACHED_ORIGINS = 1.0, 64  # of the environment's proxies and certificates
_SMALL_BODY = 64 * 1024  # bytes; a longer body costs more to read than a new connection
_bandwidth = BandwidthLimit(lambda: setting.gallery_max_rate_kb * 1024)  # of the whole process


class HttpSession:
    """The connections and host limiters of one client; any thread may use it.

    The proxy is the one in the settings, else that of the environment.
    """

    def __init__(self) -> None:
        self.limiters = HostLimiters(lambda: setting.gallery_max_concurrent_downloads)
        self._session = requests.Session()
        self._adapters = {strict: WatchedAdapter(strict) for strict in (False, True)}
        self._environment = lru_cache(_CACHED_ORIGINS)(self._read_environment)

    @contextmanager
    def open(
        self, request: OutgoingRequest, allowed: Container[int] = ()
    ) -> Iterator[ResponseBody]:
        """Send a request and yield the response, whose body is still to be read.

        The request counts toward the host's limit of requests at once until the block ends. Raises
        HttpStatusError if the status is 300 or above and not in `allowed`; NetworkError, Refused,
        NeedsKey if a redirect leads to a login page, InputError for an invalid key or proxy, and
        Cancelled.
        """
        limiter, sending = self.limiters.for_url(request.url), request.sending
        with limiter.slot(request.cancelled, sending.urgent, sending.throttled):
            with self.open_in_slot(request, limiter, allowed) as body:
                yield body

    @contextmanager
    def open_in_slot(
        self, request: OutgoingRequest, limiter: HostLimiter, allowed: Container[int] = ()
    ) -> Iterator[ResponseBody]:
        """Send a request and yield the response; like `open`, but inside a `limiter.slot` block.

        The caller has entered that block, so the request is not counted again. Raises the same
        errors.
        """
        with cut_when_cancelled(request.cancelled):
            bandwidth = _bandwidth if request.sending.throttled else None
            response = self.send(request)
            with closing(ResponseBody(response, request.cancelled, bandwidth, limiter)) as body:
                body.raise_for_status(request.api_key, allowed)
                yield body

    def open_raw(self, request: OutgoingRequest, stream: bool) -> requests.Response:
        """Send a request and return its `requests.Response`, with the body already read.

        If `stream` is true, the body is not read, and the caller must close the response. Raises
        HttpStatusError if the status is 400 or above, NeedsKey if a redirect leads to a login page,
        InputError if the key or proxy is invalid, NetworkError and Refused.
        """
        limiter = self.limiters.for_url(request.url)
        with limiter.slot(never_cancelled(), urgent=True):
            response = self.send(request)
            try:
                body = ResponseBody(response, never_cancelled())
                body.raise_for_status(request.api_key, allowed=range(300, 400))
                if not stream:
                    load_body(response)
            except CivitaiShortcutError:
                response.close()
                raise
            if stream:
                limiter.occupy_slot(response)
            return response

    def send(self, request: OutgoingRequest) -> requests.Response:
        """Send a request, follow up to five redirects, and return the last response.

        The body is unread. A response of status 400 or above is returned, too. Raises NetworkError,
        Refused, Cancelled, NeedsKey if a redirect leads to a login page, and InputError for an
        invalid key or proxy.
        """
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._send_once(request)
            if not (request.allow_redirects and response.is_redirect):
                return response
            request = self.follow(response, request)
        raise Refused("The server redirected too many times.")

    def follow(self, response: requests.Response, request: OutgoingRequest) -> OutgoingRequest:
        """Return the request that a redirect asks for, and free the connection of the redirect.

        response: the redirect. request: the request that was redirected. Raises Refused if the
        redirect must not be followed, and NeedsKey if it leads to a login page.
        """
        # A server on this machine may redirect to this machine.
        is_private = is_private_address(response_peer(response) or "")
        refuses_private = request.refuses_private or not (is_private or is_private_url(request.url))
        _release_connection(response, request.cancelled)
        url = self._redirect_target(response)
        prepared = redirect_request(request.prepared, url, response.status_code)
        if refuses_private and is_private_url(prepared.url or ""):
            raise Refused("The redirect leads into your own network, so it was not followed.")
        origin = request.origin or split_url(request.url).netloc
        return replace(request, prepared=prepared, origin=origin, refuses_private=refuses_private)

    def _send_once(self, request: OutgoingRequest) -> requests.Response:
        request.cancelled.check()
        prepared = request.prepared
        if request.origin in ("", split_url(request.url).netloc):
            prepared = add_api_key(prepared, request.api_key)
        try:
            options = self._send_options(request, request.url)
            response = self._adapters[request.refuses_private].send(prepared, **options)
        except LIBRARY_ERRORS as error:
            request.cancelled.check()
            raise to_our_error(error) from error
        response.raw.enforce_content_length = True  # urllib3 1.26 does not by default
        try:
            check_response_head(response)
            answer: requests.Response = dispatch_hook(  # type: ignore[no-untyped-call]
                "response", prepared.hooks, response, **options
            )  # the stub of requests has no types for hooks
            return answer
        except NetworkError:
            response.close()
            raise
        except requests.RequestException as error:  # of a hook that sends again, as Digest does
            raise to_our_error(error) from error

    def _send_options(self, request: OutgoingRequest, url: str) -> dict[str, Any]:
        parts = split_url(url)
        second = int(time.monotonic() / _CACHE_SECONDS)
        found = self._environment(f"{parts.scheme}://{parts.netloc}", request.verify, second)
        proxies = {**found["proxies"], **(request.proxies or _configured_proxies(url))}
        timeout = request.timeout
        if isinstance(timeout, (int, float)):
            timeout = max(timeout, 0.001)  # urllib3 refuses 0
        return {**found, "proxies": proxies, "cert": request.cert, "timeout": timeout}

    def _read_environment(
        self, origin: str, verify: bool | str | None, second: int
    ) -> dict[str, Any]:
        """Return the proxies and certificates that environment variables set for an origin.

        The keys are those of `requests.Session.merge_environment_settings`. origin: scheme and host
        of a URL. verify: as in requests. second: the current time in whole seconds; it is part of
        the cache's key, so that a result is used for one second only.
        """
        # Slow for each image: requests reads all variables, on Windows the registry too.
        return dict(self._session.merge_environment_settings(origin, {}, True, verify, None))

    def _redirect_target(self, response: requests.Response) -> str:
        try:
            return urljoin(response.url, self._session.get_redirect_target(response) or "")
        except ValueError as error:
            raise Refused("The redirect has no valid address.") from error


def _configured_proxies(url: str) -> dict[str, str]:
    """Return the proxy in the settings as {scheme: proxy URL}.

    Return {} if no proxy is set, or if the URL's host is in the local network or in `no_proxy`.
    Raises InputError if the setting is not a valid proxy.
    """
    if not setting.proxy or is_private_url(url) or should_bypass_proxies(url, None):
        return {}
    return dict.fromkeys(("http", "https"), host.validate_proxy(setting.proxy))


def _release_connection(response: requests.Response, cancelled: Cancellation) -> None:
    """Close a response; read a small body first, so that the connection can be reused."""
    with closing(ResponseBody(response, cancelled)) as body:
        try:
            body.read_all(_SMALL_BODY)
        except (NetworkError, InvalidResponse):
            return
