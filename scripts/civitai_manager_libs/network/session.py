"""Sends requests over pooled connections, each in a slot of its host."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from typing import Any

import requests
from requests.hooks import dispatch_hook
from requests.utils import should_bypass_proxies

from .. import host, setting
from ..core import never_cancelled
from ..errors import CivitaiShortcutError, NetworkError, Refused
from .api_key import add_api_key
from .bandwidth import BandwidthLimit
from .body import check_response_head, ResponseBody, to_our_error
from .connections import LIBRARY_ERRORS, WatchedAdapter
from .limiter import HostLimiter, HostLimiters
from .private_addresses import is_private_url
from .redirects import follow_redirect
from .request import OutgoingRequest, split_url

__all__ = ["HttpSession"]

_MAX_REDIRECTS = 5
_bandwidth = BandwidthLimit(lambda: setting.gallery_max_rate_kb * 1024)  # of the whole process


class HttpSession:
    """The connections and host limiters of one client; any thread may use it.

    The proxy is the one in the settings, else that of the environment.
    """

    def __init__(self) -> None:
        self.limiters = HostLimiters(lambda: setting.gallery_max_concurrent_downloads)
        self._session = requests.Session()
        self._adapters = {strict: WatchedAdapter(strict) for strict in (False, True)}

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
        """Send a request and yield the response, using a slot that the caller holds already.

        limiter: that of the host; the caller is inside its `slot` block. Raises HttpStatusError if
        the status is 300 or above and not in `allowed`; NetworkError, Refused, NeedsKey if a
        redirect leads to a login page, InputError for an invalid key or proxy, and Cancelled.
        """
        bandwidth = _bandwidth if request.sending.throttled else None
        response = self.send(request)
        with closing(ResponseBody(response, request.cancelled, bandwidth, limiter)) as body:
            body.raise_for_status(request.api_key, allowed)
            yield body

    def open_raw(self, request: OutgoingRequest, stream: bool) -> requests.Response:
        """Send a request, and return the response after reading its body.

        stream: leave the body unread; the caller must then close the response. Raises
        HttpStatusError if the status is 400 or above, NeedsKey if a redirect leads to a login page,
        InputError if the key or proxy is invalid, NetworkError and Refused.
        """
        limiter = self.limiters.for_url(request.url)
        with limiter.slot(never_cancelled(), urgent=True):
            response = self.send(request)
            body = ResponseBody(response, never_cancelled())
            try:
                body.raise_for_status(request.api_key, allowed=range(300, 400))
                if not stream:
                    response.raw = BytesIO(body.read_all(sys.maxsize))
            except CivitaiShortcutError:
                response.close()
                raise
            return response

    def send(self, request: OutgoingRequest) -> requests.Response:
        """Send a request, follow up to five redirects, and return the last response.

        The body is unread. The status may be an error. Raises Refused after a sixth redirect,
        NetworkError, Cancelled, NeedsKey if a redirect leads to a login page, and InputError for an
        invalid key or proxy.
        """
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._send_once(request)
            if not (request.allow_redirects and response.is_redirect):
                return response
            request = follow_redirect(response, request)
        raise Refused("The server redirected too many times.")

    def _send_once(self, request: OutgoingRequest) -> requests.Response:
        request.cancelled.check()
        prepared = request.prepared
        if request.origin in ("", split_url(request.url).netloc):
            prepared = add_api_key(prepared, request.api_key)
        try:
            options = self._send_options(request)
            adapter = self._adapters[request.refuses_private]
            response = adapter.send_cancellable(prepared, request.cancelled, **options)
        except LIBRARY_ERRORS as error:
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

    def _send_options(self, request: OutgoingRequest) -> dict[str, Any]:
        url, timeout = request.url, request.timeout
        found = self._session.merge_environment_settings(url, {}, True, request.verify, None)
        proxies = {**found["proxies"], **(request.proxies or _configured_proxies(url))}
        if isinstance(timeout, (int, float)):
            timeout = max(timeout, 0.001)  # urllib3 refuses 0
        return {**found, "proxies": proxies, "cert": request.cert, "timeout": timeout}


def _configured_proxies(url: str) -> dict[str, str]:
    """Return the proxy in the settings as {scheme: proxy URL}.

    Return {} if no proxy is set, or if the URL's host is in the local network or in `no_proxy`.
    Raises InputError if the setting is not a valid proxy.
    """
    if not setting.proxy or is_private_url(url) or should_bypass_proxies(url, None):
        return {}
    return dict.fromkeys(("http", "https"), host.validate_proxy(setting.proxy))
