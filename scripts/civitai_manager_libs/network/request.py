"""A request as it is sent, with its headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from ..core import Cancellation, never_cancelled
from ..errors import Refused
from .body import to_our_error
from .connections import LIBRARY_ERRORS

__all__ = ["ONE_TRY", "OutgoingRequest", "prepare_request", "SendOptions", "split_url"]
__all__ += ["USER_AGENT"]

USER_AGENT = "civitai-shortcut-gallery/1.0"
_HEADERS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class SendOptions:
    """How urgent and how fast a request is, and how often it is retried.

    urgent: a user waits, so the request goes before those of download jobs. throttled: the
    bandwidth limit in the settings applies. max_retries: number of tries after the first; None
    means the client's number. patience: seconds to wait behind other requests to the API before
    Busy is raised, None for no limit.
    """

    urgent: bool = False
    throttled: bool = False
    max_retries: int | None = None
    patience: float | None = None


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

    @property
    def is_repeatable(self) -> bool:
        """Return whether the request can be sent again: not if its body is a file or stream."""
        return isinstance(self.prepared.body, (bytes, str, type(None)))

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
    split_url(url)
    merged = CaseInsensitiveDict[Any](_HEADERS)
    merged.update(headers or {})
    known = {name: value for name, value in merged.items() if value is not None}
    try:
        # Not by a session, which would add cookies and the password of .netrc.
        return requests.Request(method, url, known, **fields).prepare()
    except LIBRARY_ERRORS as error:
        raise to_our_error(error) from error


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL. Raises Refused for a URL that is not http or https."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused("This is not a valid http or https address.")
    return parts
