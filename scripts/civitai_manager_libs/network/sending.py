"""One request and its redirects: the key stays with Civitai, and no redirect leads inside."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from .. import setting
from ..errors import InputError, NeedsKey, NetworkError, Refused, UnreadableAnswer
from ..ground import Cancellation
from .body import network_error, WireAnswer
from .wire import is_inner_address, is_inner_url, peer_of, WIRE_ERRORS, WireAdapter

__all__ = ["USER_AGENT", "Ask", "Sender"]

USER_AGENT = "civitai-shortcut-gallery/1.0"
_CIVITAI = {"civitai.com", "www.civitai.com", "civitai.red", "www.civitai.red"}
_MAX_HOPS = 5
# A URL that preparing leaves alone: nothing to quote, no `..`, no user:password@.
_AS_IT_IS = re.compile(
    r"https?://[a-z0-9][a-z0-9-.]*(:[1-9]\d{0,3}|:[1-5]\d{4})?/(?!.*/\.)[\w/=,~-][\w/=,.~-]*", re.A
)
_PLAIN_FIELD = re.compile(r"[\w-]+: [!-~]([ -~]*[!-~])?", re.A)  # as requests would take it
_REDIRECTS = {301, 302, 303, 307, 308}
_SECRET = {"authorization", "cookie", "proxy-authorization", "referer"}
_LOOK_EVERY = 1.0  # seconds between two looks at the environment
_SMALL_BODY = 64 * 1024  # bytes; a longer one costs more to read than a new connection


@dataclass(frozen=True)
class Ask:
    """A request. `timeout` is in seconds, for the connection and for each silence after it."""

    method: str
    url: str
    timeout: float
    headers: Mapping[str, str] | None = field(default_factory=dict)
    params: Mapping[str, Any] | None = None
    json: Any = None


class Sender:
    """Sends over pooled connections.

    Requests are prepared outside of the session, which so adds no cookie and nothing of .netrc;
    it tells the proxy and the certificates of the environment.
    """

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self._wires = {inner: WireAdapter(inner) for inner in (False, True)}
        self._environments: dict[str, tuple[float, dict[str, Any]]] = {}  # by scheme and host

    def send(self, ask: Ask, api_key: str, cancelled: Cancellation) -> requests.Response:
        """The answer after at most five redirects, its body unread, whatever its status.

        Raises NetworkError, NeedsKey (a login page), Refused, Cancelled, InputError (the key).
        """
        start, inside = ask.url, False
        for hop in range(_MAX_HOPS + 1):
            own = hop == 0 or _split(ask.url).netloc == _split(start).netloc
            headers = _headers(ask, own, api_key)
            # From inside (a server on this machine) a redirect may stay inside.
            response = self._send_once(ask, headers, cancelled, hop > 0 and not inside)
            if response.status_code not in _REDIRECTS:
                return response
            location = response.headers.get("Location")
            if not location:
                return response
            if hop == 0:
                inside = is_inner_address(peer_of(response) or "") or is_inner_url(start)
            _give_back(response, cancelled)
            ask = _redirected(ask, location, response.status_code)
            if is_inner_url(ask.url) and not inside:
                raise Refused("The redirect leads to an address inside of your own network.")
        raise Refused("The server redirects without an end.")

    def _send_once(
        self, ask: Ask, headers: dict[str, str], cancelled: Cancellation, refuses_inner: bool
    ) -> requests.Response:
        cancelled.check()
        patience = max(ask.timeout, 0.001)  # urllib3 takes no 0
        try:
            prepared = _prepared(ask, headers)
            wire, options = self._wires[refuses_inner], self._environment(ask.url)
            return wire.send(prepared, timeout=(patience, patience), **options)
        except WIRE_ERRORS as error:  # of requests too, which are OSErrors
            cancelled.check()
            raise network_error(error) from error

    def _environment(self, url: str) -> dict[str, Any]:
        """The proxy and certificates for the host of `url`, as they were said a moment ago: to go
        through all variables costs as much as to send a request."""
        now, host = time.monotonic(), "/".join(url.split("/", 3)[:3])
        looked_at, options = self._environments.get(host, (-_LOOK_EVERY, {}))
        if now - looked_at >= _LOOK_EVERY:
            options = self._session.merge_environment_settings(url, {}, True, None, None)
            self._environments[host] = now, options
        return options


def _prepared(ask: Ask, headers: dict[str, str]) -> requests.PreparedRequest:
    """By the steps that requests takes, but for cookies, and none that would change nothing."""
    request = requests.PreparedRequest()
    request.prepare_method(ask.method)
    if all(_PLAIN_FIELD.fullmatch(f"{name}: {value}") for name, value in headers.items()):
        request.headers = CaseInsensitiveDict(headers)
    else:
        request.prepare_headers(headers)
    if ask.params is None and _AS_IT_IS.fullmatch(ask.url):
        request.url = ask.url
    else:
        _split(ask.url)  # refuses what requests would hand on: other schemes
        request.prepare_url(ask.url, ask.params or "")
        request.prepare_auth(None)  # of the URL's own user:password@
    if ask.json is not None:
        request.prepare_body(None, None, ask.json)
    return request


def _give_back(response: requests.Response, cancelled: Cancellation) -> None:
    """Keep the connection of an answer that nobody reads."""
    answer = WireAnswer(response, cancelled)
    try:
        answer.read_all(_SMALL_BODY)
    except (NetworkError, UnreadableAnswer):
        return
    finally:
        answer.close()


def _headers(ask: Ask, own: bool, api_key: str) -> dict[str, str]:
    """What the caller sends and the key, neither's secrets beyond the host that was asked first."""
    headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip"}
    given = ask.headers or {}
    headers.update({k: v for k, v in given.items() if own or k.lower() not in _SECRET})
    if own and api_key and _may_have_key(ask.url):
        if not (api_key.isascii() and api_key.isprintable()):  # requests' complaint would quote it
            raise InputError("The API key has characters in it that no key has.")
        headers.setdefault("Authorization", f"Bearer {api_key}")
    return headers


def _may_have_key(url: str) -> bool:
    """Civitai's API over https, or the API under the configured base URL; never an image host."""
    parts, base = _split(url), urlsplit(setting.base_url())
    if parts.scheme == "https" and parts.netloc.lower() in _CIVITAI:
        return True
    ours = (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
    return ours and parts.path.startswith(f"{base.path}/api/")


def _redirected(ask: Ask, location: str, status: int) -> Ask:
    """Where a redirect leads. Raises NeedsKey for a login page, Refused for another scheme."""
    try:
        target = urljoin(ask.url, _utf8(location))
    except ValueError as error:
        raise Refused("The redirect leads to no address.") from error
    parts, old = _split(target), _split(ask.url).scheme
    if parts.path == "/login" or parts.path.startswith("/login/"):
        raise NeedsKey("Civitai asks for a login: it needs an API key.", 401)
    if parts.scheme != old and (old, parts.scheme) != ("http", "https"):
        raise Refused("The redirect leads to another kind of address.")
    if status in (307, 308):
        return replace(ask, url=target, params=None)
    return replace(ask, url=target, method="GET", params=None, json=None)


def _utf8(field: str) -> str:
    """Header fields are read as Latin-1; what is not ASCII in an address is UTF-8."""
    try:
        return field.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return field


def _split(url: str) -> SplitResult:
    """Raises Refused for what is no http(s) address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused("This is not an address that can be asked.")
    return parts
