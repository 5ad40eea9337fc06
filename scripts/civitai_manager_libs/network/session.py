"""One request and its redirects: the key stays with Civitai, and no redirect leads inside."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.hooks import dispatch_hook
from requests.sessions import merge_setting
from requests.structures import CaseInsensitiveDict
from requests.utils import should_bypass_proxies

from .. import host, setting
from ..core import Cancellation
from ..errors import InputError, InvalidResponse, NeedsKey, NetworkError, Refused
from .body import check_response_head, ResponseBody, to_network_error, WIRE_ERRORS
from .connections import is_inner_address, is_inner_url, response_peer, WatchedAdapter

__all__ = ["USER_AGENT", "OutgoingRequest", "HttpSession", "prepare_request"]

USER_AGENT = "civitai-shortcut-gallery/1.0"
_HEADERS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip"}
_CIVITAI = {"civitai.com", "www.civitai.com", "civitai.red", "www.civitai.red"}
_MAX_HOPS = 5
_LOOK, _ORIGINS = 1.0, 64  # seconds that a look at the environment counts, for so many hosts
_SECRET = ("Authorization", "Cookie", "Proxy-Authorization", "Referer")
_OF_A_BODY = ("Content-Length", "Content-Type", "Transfer-Encoding")
_SMALL_BODY = 64 * 1024  # bytes; a longer one costs more to read than a new connection


@dataclass(frozen=True)
class OutgoingRequest:
    """A request and how to send it; the fields that are not ours are those of requests.

    timeout: seconds for the connection and for each silence after it, or one for each of the two.
    """

    request: requests.PreparedRequest
    timeout: float | tuple[float, float]
    allow_redirects: bool = True
    proxies: Mapping[str, str] | None = None
    verify: bool | str | None = None
    cert: Any = None

    @property
    def can_be_repeated(self) -> bool:
        """Not where the body is a file or a generator, which is used up."""
        return isinstance(self.request.body, (bytes, str, type(None)))


def prepare_request(
    method: str, url: str, headers: Mapping[str, str] | None = None, **fields: Any
) -> requests.PreparedRequest:
    """A request with our headers under the given ones; `fields` are those of `requests.Request`.

    Not by a session, which would add cookies and what .netrc says. Raises Refused.
    """
    _split_url(url)
    headers = merge_setting(headers, _HEADERS, CaseInsensitiveDict)
    try:
        return requests.Request(method, url, headers, **fields).prepare()
    except WIRE_ERRORS as error:
        raise to_network_error(error) from error


class HttpSession:
    """Sends over pooled connections, by the setting's proxy, else by those of the environment, and
    by its certificates."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._wires = {inner: WatchedAdapter(inner) for inner in (False, True)}
        self._environment = lru_cache(_ORIGINS)(self._environment_options)

    def send(
        self, ask: OutgoingRequest, api_key: str, cancelled: Cancellation
    ) -> requests.Response:
        """The answer after at most five redirects, its body unread, whatever its status.

        Raises NetworkError, NeedsKey (a login page), Refused, Cancelled, InputError (the key, the
        proxy).
        """
        request, start, inside = ask.request, ask.request.url, False
        for hop in range(_MAX_HOPS + 1):
            own = _split_url(request.url).netloc == _split_url(start).netloc
            # From inside (a server on this machine) a redirect may stay inside.
            wire = self._wires[hop > 0 and not inside]
            response = self._send_once(
                wire, _add_key(request, api_key) if own else request, ask, cancelled
            )
            if not (ask.allow_redirects and response.is_redirect):
                return response
            if hop == 0:
                inside = is_inner_address(response_peer(response) or "") or is_inner_url(start)
            _release_connection(response, cancelled)
            request = _redirect_request(
                request, self._redirect_target(response), response.status_code
            )
            if is_inner_url(request.url) and not inside:
                raise Refused("The redirect leads to an address inside of your own network.")
        raise Refused("The server redirects without an end.")

    def _send_once(
        self,
        wire: WatchedAdapter,
        request: requests.PreparedRequest,
        ask: OutgoingRequest,
        cancelled: Cancellation,
    ) -> requests.Response:
        cancelled.check()
        try:
            options = {**self._options(ask, request.url), "timeout": _parse_timeout(ask.timeout)}
            response = wire.send(request, **options)
        except WIRE_ERRORS as error:
            cancelled.check()
            raise to_network_error(error) from error
        response.raw.enforce_content_length = True  # which urllib3 1.26 does not by itself
        try:
            check_response_head(response)
            return dispatch_hook("response", request.hooks, response, **options)
        except NetworkError:
            response.close()
            raise
        except requests.RequestException as error:  # by a hook that asks again, as Digest does
            raise to_network_error(error) from error

    def _options(self, ask: OutgoingRequest, url: str) -> dict[str, Any]:
        parts = _split_url(url)
        second = int(time.monotonic() / _LOOK)
        found = self._environment(f"{parts.scheme}://{parts.netloc}", ask.verify, second)
        proxies = {**found["proxies"], **(ask.proxies or _configured_proxies(url))}
        return {**found, "proxies": proxies, "cert": ask.cert}

    def _environment_options(
        self, origin: str, verify: bool | str | None, second: int
    ) -> dict[str, Any]:
        """What the environment says of proxies and certificates. It goes through all variables, on
        Windows the registry: too much for each picture, so it is done once a `second`."""
        return self._session.merge_environment_settings(origin, {}, True, verify, None)

    def _redirect_target(self, response: requests.Response) -> str:
        """Where a redirect leads, as an address that is whole."""
        try:
            return urljoin(response.url, self._session.get_redirect_target(response) or "")
        except ValueError as error:
            raise Refused("The redirect leads to no address.") from error


def _configured_proxies(url: str) -> dict[str, str]:
    """By the setting, where no proxy of the environment's is meant; not for what is inside, nor for
    what NO_PROXY names. Raises InputError for one that cannot be used: never past it."""
    if not setting.proxy or is_inner_url(url) or should_bypass_proxies(url, None):
        return {}
    return dict.fromkeys(("http", "https"), host.validate_proxy(setting.proxy))


def _parse_timeout(patience: Any) -> Any:
    return max(patience, 0.001) if isinstance(patience, (int, float)) else patience  # 0 is refused


def _release_connection(response: requests.Response, cancelled: Cancellation) -> None:
    """Keep the connection of an answer that nobody reads."""
    answer = ResponseBody(response, cancelled)
    try:
        answer.read_all(_SMALL_BODY)
    except (NetworkError, InvalidResponse):
        return
    finally:
        answer.close()


def _add_key(request: requests.PreparedRequest, api_key: str) -> requests.PreparedRequest:
    """With the key, where it may go and the caller has sent none."""
    if not (api_key and _may_have_key(request.url)):
        return request
    if not (api_key.isascii() and api_key.isprintable()):  # requests' complaint would quote it
        raise InputError("The API key has characters in it that no key has.")
    signed = request.copy()
    signed.headers.setdefault("Authorization", f"Bearer {api_key}")
    return signed


def _may_have_key(url: str) -> bool:
    """Civitai's API over https, or the API under the configured base URL; never an image host."""
    parts, base = _split_url(url), urlsplit(setting.base_url())
    if parts.scheme == "https" and parts.netloc.lower() in _CIVITAI:
        return True
    ours = (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
    return ours and parts.path.startswith(f"{base.path}/api/")


def _redirect_request(
    request: requests.PreparedRequest, url: str, status: int
) -> requests.PreparedRequest:
    """The same asked of `url`. Raises NeedsKey for a login page, Refused for another scheme."""
    new, old = _split_url(url), _split_url(request.url)
    if new.path == "/login" or new.path.startswith("/login/"):
        raise NeedsKey("Civitai asks for a login: it needs an API key.", 401)
    if new.scheme != old.scheme and (old.scheme, new.scheme) != ("http", "https"):
        raise Refused("The redirect leads to another kind of address.")
    onward = request.copy()
    lost = set() if new.netloc == old.netloc else set(_SECRET)
    if status not in (307, 308):
        onward.method = "HEAD" if request.method == "HEAD" else "GET"
        onward.body, lost = None, lost | set(_OF_A_BODY)
    onward.headers = CaseInsensitiveDict(
        {name: value for name, value in onward.headers.items() if name.title() not in lost}
    )
    try:
        onward.prepare_url(url, None)
    except WIRE_ERRORS as error:
        raise to_network_error(error) from error
    return onward


def _split_url(url: str) -> SplitResult:
    """Raises Refused for what is no http(s) address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused("This is not an address that can be asked.")
    return parts
