"""Civitai's download route, which redirects to a signed address that is good for minutes."""

from __future__ import annotations

import threading
from dataclasses import replace

from ...errors import InvalidResponse, NetworkError, NotFound
from ..limiter import HostLimiters
from ..request import is_api_url, OutgoingRequest
from ..session import HttpSession
from .checks import route_error

__all__ = ["DownloadRoute"]

_ERROR_PAGE = 64 * 1024  # bytes of a refusal that are read for its message
_MAX_HOPS = 3  # of the route itself, from one of Civitai's hosts to another
_NOT_FOUND_DELAYS = 3  # times `retry_delay`; the storage may not resolve for a moment


class DownloadRoute:
    """The route of one model file; any thread may use it. The signed address is never stored.

    request: for the route. api_limiters: of requests to the API, which go one at a time.
    retry_delay: seconds.
    """

    def __init__(
        self,
        session: HttpSession,
        api_limiters: HostLimiters,
        request: OutgoingRequest,
        retry_delay: float,
    ) -> None:
        self._session, self._api_limiters = session, api_limiters
        self._request, self._retry_delay = request, retry_delay
        self._lock = threading.Lock()
        self._address: OutgoingRequest | None = None
        self._may_be_found = True  # after the first 404

    def address(self, expired: OutgoingRequest | None = None) -> OutgoingRequest:
        """Return a request for the file at its signed address.

        expired: an address that the storage has refused. The first thread that reports it requests
        a new address for all threads. Raises the errors of `route_error`, NetworkError and
        Cancelled.
        """
        with self._lock:
            if self._address is None or self._address is expired:
                self._address = self._ask_for_address()
            return self._address

    def _ask_for_address(self) -> OutgoingRequest:
        while True:
            try:
                return self._ask(self._request)
            except NotFound:
                if not self._may_be_found:
                    raise
            self._may_be_found = False
            self._request.cancelled.wait(_NOT_FOUND_DELAYS * self._retry_delay)

    def _ask(self, request: OutgoingRequest) -> OutgoingRequest:
        for _ in range(_MAX_HOPS):
            limiter = self._api_limiters.for_url(request.url)
            stays = replace(request, allow_redirects=False)
            with limiter.slot(request.cancelled, request.sending.urgent):
                with self._session.open(stays, allowed=range(300, 600)) as body:
                    if not body.response.is_redirect:
                        if body.status < 300:  # it serves the file itself
                            return request
                        try:
                            text = body.read_all(_ERROR_PAGE)
                        except (NetworkError, InvalidResponse):
                            text = b""
                        raise route_error(body.status, body.headers, text, request.api_key)
                    followed = self._session.follow(body.response, request)
            if not is_api_url(followed.url):
                return followed
            request = followed
        return request
