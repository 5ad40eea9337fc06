"""One request and its redirects, with the API key where it belongs."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.hooks import dispatch_hook
from requests.structures import CaseInsensitiveDict
from requests.utils import should_bypass_proxies

from .. import setting
from ..core import Cancellation, never_cancelled
from ..errors import CivitaiShortcutError, InputError, InvalidResponse, NeedsKey, NetworkError
from ..errors import Refused
from .body import check_response_head, ResponseBody, to_our_error
from .connections import is_private_address, is_private_url, LIBRARY_ERRORS, WatchedAdapter
from .limiter import BandwidthLimit, HostLimiter, HostLimiters
from .proxies import validate_proxy

USER_AGENT = "civitai-shortcut-gallery/1.0"
_HEADERS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class SendOptions:
    """How urgent and how fast a request is, and how often it is retried.

    urgent: a user waits, so the request goes before those of download jobs. throttled: the
    bandwidth limit in the settings applies. max_retries: number of tries after the first; None
    means the client's number. patience: seconds to wait behind other requests to the API before
    Busy is raised, None for no limit. pauses_host: whether a response that asks to wait concerns
    all requests to the host; False for a route with a limit of its own.
    """

    urgent: bool = False
    throttled: bool = False
    max_retries: int | None = None
    patience: float | None = None
    pauses_host: bool = True


# For data that the library has too, so that nobody waits for an unreachable Civitai or for the
# requests of others.
ONE_TRY = SendOptions(urgent=True, max_retries=0, patience=1.0)


@dataclass(frozen=True)
class OutgoingRequest:
    """A prepared request and how to send it.

    timeout: seconds for connecting and for waiting for data, or (connecting, waiting). api_key:
    sent only to Civitai's API. origin: after a redirect, the host of the first request, which alone
    gets the key; else "". refuses_private: raise Refused if the host has a private address.
    allow_redirects, proxies, verify, cert: as in `requests.Session.request`.
    """

    prepared: requests.PreparedRequest
    timeout: float | tuple[float, float]
    api_key: str = field(default="", repr=False)
    cancelled: Cancellation = field(default_factory=never_cancelled)
    sending: SendOptions = SendOptions()
    origin: str = ""
    refuses_private: bool = False
    allow_redirects: bool = True
    proxies: Mapping[str, str] | None = None
    verify: bool | str | None = None
    cert: Any = None

    @property
    def url(self) -> str:
        return self.prepared.url or ""

    def with_headers(self, headers: Mapping[str, str]) -> OutgoingRequest:
        """Return a copy of the request with these headers, which replace those of the same name."""
        prepared = self.prepared.copy()
        prepared.headers.update(headers)
        return replace(self, prepared=prepared)


def prepare_request(
    method: str, url: str, headers: Mapping[str, str | None] | None = None, **fields: Any
) -> requests.PreparedRequest:
    """Return a request that is ready to send, with our default headers.

    headers: added to the defaults; a value of None removes the header. fields: further arguments of
    `requests.Request`. Raises Refused if the URL is not http or https.
    """
    _split_url(url)
    merged = CaseInsensitiveDict[Any](_HEADERS)
    merged.update(headers or {})
    known = {name: value for name, value in merged.items() if value is not None}
    try:
        # Not by a session, which would add cookies and the password of .netrc.
        return requests.Request(method, url, known, **fields).prepare()
    except LIBRARY_ERRORS as error:
        raise to_our_error(error) from error


def _split_url(url: str) -> SplitResult:
    """Return the parts of a URL. Raises Refused for a URL that is not http or https."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused("This is not a valid http or https address.")
    return parts


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
        """Send a request as `open` does, inside a `slot` block of the host's limiter."""
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
        if request.origin in ("", _split_url(request.url).netloc):
            prepared = _add_api_key(prepared, request.api_key)
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
        own = request.proxies
        if not own and setting.proxy and not is_private_url(url):
            if not should_bypass_proxies(url, None):
                own = dict.fromkeys(("http", "https"), validate_proxy(setting.proxy))
        proxies = {**found["proxies"], **(own or {})}
        if isinstance(timeout, (int, float)):
            timeout = max(timeout, 0.001)  # urllib3 refuses 0
        return {**found, "proxies": proxies, "cert": request.cert, "timeout": timeout}


class ApiClient:
    """A client for Civitai's API that sends all its requests with the same SendOptions."""

    def __init__(self, client: Any, sending: SendOptions) -> None:
        self._client, self._sending = client, sending

    def fetch_json(self, *request: Any, **options: Any) -> Any:
        """Call `CivitaiHttpClient.fetch_json` with these arguments and the SendOptions."""
        return self._client.fetch_json(*request, sending=self._sending, **options)


_CIVITAI = {"civitai.com", "www.civitai.com", "civitai.red", "www.civitai.red"}


def _add_api_key(request: requests.PreparedRequest, api_key: str) -> requests.PreparedRequest:
    """Return the request, copied with the API key if that may be sent. Raises InputError."""
    if not (api_key and _gets_key(request.url or "")):
        return request
    if not (api_key.isascii() and api_key.isprintable()):  # the error of requests would quote it
        raise InputError("The API key has characters that no key can have: copy it again.")
    signed = request.copy()
    signed.headers.setdefault("Authorization", f"Bearer {api_key}")
    return signed


def is_api_url(url: str) -> bool:
    """Return whether a URL is on Civitai, or below `/api/` at `base_url()`. Raises Refused."""
    parts = _split_url(url)
    return parts.scheme == "https" and parts.netloc.lower() in _CIVITAI or _gets_key(url)


def _gets_key(url: str) -> bool:
    """Return whether a URL is below `/api/` at `setting.base_url()`, with or without "www."."""
    parts, base = _split_url(url), urlsplit(setting.base_url())
    netlocs = {base.netloc.lower()}
    if setting.is_on_civitai(setting.base_url()):
        netlocs.add(f"www.{base.netloc}")
    is_same_origin = parts.scheme == base.scheme and parts.netloc.lower() in netlocs
    return is_same_origin and parts.path.startswith(f"{base.path}/api/")


_PRIVATE_HEADERS = {"Authorization", "Cookie", "Proxy-Authorization", "Referer"}
_BODY_HEADERS = {"Content-Length", "Content-Type", "Transfer-Encoding"}
_SMALL_BODY = 64 * 1024  # bytes; a longer body costs more to read than a new connection
_location_reader = requests.Session()  # only reads the Location header


def follow_redirect(response: requests.Response, request: OutgoingRequest) -> OutgoingRequest:
    """Close a redirecting response, and return the request for the URL to which it leads.

    request: the request that was redirected. Raises Refused if the redirect leads from a public
    host to a private address, from https to http, or to a URL that is neither; NeedsKey if it leads
    to a login page; and Cancelled.
    """
    # A server on this machine may redirect to this machine.
    # Its address is unknown through a proxy, or if the connection is closed.
    peer = getattr(response.raw.connection, "peer", None) or ""
    is_private = is_private_address(peer)
    refuses_private = request.refuses_private or not (is_private or is_private_url(request.url))
    with closing(ResponseBody(response, request.cancelled)) as body:
        with suppress(NetworkError, InvalidResponse):
            body.read_all(_SMALL_BODY)  # so that the connection can be used again
    try:
        url = urljoin(response.url, _location_reader.get_redirect_target(response) or "")
    except ValueError as error:
        raise Refused("The redirect has no valid address.") from error
    prepared = _redirect(request.prepared, url, response.status_code)
    if refuses_private and is_private_url(prepared.url or ""):
        raise Refused("The redirect leads into your own network, so it was not followed.")
    origin = request.origin or _split_url(request.url).netloc
    return replace(request, prepared=prepared, origin=origin, refuses_private=refuses_private)


def _redirect(request: requests.PreparedRequest, url: str, status: int) -> requests.PreparedRequest:
    """Return the request to send next, if the response to `request` redirects to `url`.

    status: 307 and 308 keep the method and body; all others lead to a GET without a body (a HEAD
    stays). If `url` is on another host, the key, cookies and referrer are removed. Raises NeedsKey
    if `url` is a login page, and Refused if `url` is not http or https, or leads from https to
    http.
    """
    new, old = _split_url(url), _split_url(request.url or "")
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
