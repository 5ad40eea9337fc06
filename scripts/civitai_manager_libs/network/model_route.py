"""Civitai's download route: what it answers, and the file that is expected from it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..core import as_mapping, clean_date, parse_json_or_none
from ..errors import Blocked, CivitaiShortcutError, EarlyAccess, InvalidResponse, NeedsAccess
from ..errors import NeedsKey, NetworkError, NoAccess, NotFound, NotOffered, QuotaReached
from ..errors import StorageDown, WrongHash
from . import responses
from .limiter import HostLimiters
from .session import follow_redirect, HttpSession, is_api_url, OutgoingRequest

_SLACK = 1024  # bytes by which Civitai's rounded size may be wrong


@dataclass(frozen=True)
class ExpectedFile:
    """What is known about a model file before its download, and how to receive it.

    sha256: hexadecimal, or its first digits; "" if unknown. size: in bytes, 0 if unknown; only an
    estimate if the SHA256 is known. reserve: bytes of the disk that must stay free. connections:
    maximum number for this file, 0 for the number in the settings. other_url: the URL to request if
    the download route does not find the file by the first one, "" for none. key: names an
    unfinished download, so that a later one continues it; "" for the URL. sends_key: False if the
    API key must not be sent, wherever the URL leads.
    """

    sha256: str = ""
    size: int = 0
    reserve: int = 0
    connections: int = 0
    other_url: str = ""
    key: str = ""
    sends_key: bool = True

    def check_size(self, size: int) -> None:
        """Raise WrongHash if a file of this size is not the expected one; a known hash decides."""
        if self.size and not self.sha256 and abs(size - self.size) > _SLACK:
            raise WrongHash("The file is not the one that Civitai describes: wrong length.")


_ERROR_PAGE = 64 * 1024  # bytes of a refusal that are read for its message
_LOGIN_MARKS = ("download-auth", "/login?")
_MAX_HOPS = 3  # of the route itself, from one of Civitai's hosts to another


class DownloadRoute:
    """Civitai's download route for one model file; any thread may use it.

    The route redirects to a signed URL, which is never stored on the disk. api_limiters: for the
    requests to Civitai's API. requests: the requests that ask the route for the file; each of them
    is sent only if the route does not find the file by the one before.
    """

    def __init__(
        self, session: HttpSession, api_limiters: HostLimiters, requests: Sequence[OutgoingRequest]
    ) -> None:
        self._session, self._api_limiters = session, api_limiters
        self._requests = list(requests)
        self._lock = threading.Lock()
        self._signed: OutgoingRequest | None = None

    def get_signed_request(self, expired: OutgoingRequest | None = None) -> OutgoingRequest:
        """Return a request for the file at its signed URL, which the first call fetches.

        expired: a request from an earlier call that the storage refused, since its signature has
        expired. A new URL is then fetched, once for all threads that pass this request. Raises the
        errors of `make_route_error`, NetworkError, Refused, InputError for an invalid key or proxy,
        and Cancelled.
        """
        with self._lock:
            signed = None if self._signed is expired else self._signed
            while signed is None:
                try:
                    signed = self._signed = self._follow_route(self._requests[0])
                except NotFound:
                    if len(self._requests) == 1:
                        raise
                    del self._requests[0]
            return signed

    def _follow_route(self, request: OutgoingRequest) -> OutgoingRequest:
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
                        make = make_route_error
                        if not is_api_url(request.url):  # an archive, whose words differ
                            make = responses.error_from_response
                        raise make(body.status, body.headers, text, request.api_key)
                    followed = follow_redirect(body.response, request)
            if not is_api_url(followed.url):
                return followed
            request = followed
        return request


def make_route_error(
    status: int, headers: Mapping[str, str], body: bytes, key: str
) -> CivitaiShortcutError:
    """Return the error for a response in which Civitai's download route refuses a file.

    The error is NoAccess, NeedsAccess, EarlyAccess, Blocked, NotOffered, QuotaReached or
    StorageDown if the response says so, else the HttpStatusError of the status, such as NotFound.
    body: the first bytes of the response's body. key: the API key that was sent, "" for none; it is
    replaced by `***` in the error's message.
    """
    text = body.decode("utf-8", "replace")
    fields = as_mapping(parse_json_or_none(text))
    is_page = text.lstrip().startswith("<")
    refused = NoAccess if key else NeedsAccess
    if status == 401 and "disabled downloads" in text:
        return refused("The creator of this model has disabled downloads.")
    if status == 403 and fields.get("error") == "Early Access":
        until = clean_date(fields.get("deadline"))
        if not until:  # it is for sale for good
            return EarlyAccess("Only buyers may download this model.")
        return EarlyAccess(f"The model is in early access until {until[:10]}.", until)
    if status == 403 and any(mark in text for mark in _LOGIN_MARKS):
        return NeedsKey("Civitai asks for a login: an API key is needed.", 403)
    if status == 403 and (is_page or fields.get("error") == "Forbidden"):
        return Blocked("Civitai blocks your account or your internet address (403).")
    if status == 403:
        return refused("Only some accounts have access to this model.")
    # A missing file has `no-store, max-age=0`.
    if status == 404 and "private" in headers.get("Cache-Control", ""):
        return StorageDown("Civitai cannot reach the file in its storage at the moment.", status)
    if status == 410:
        return NotOffered("The model is archived: Civitai no longer offers its file.")
    # The route has no other 429 of its own: a rate limit, of seconds, is a page or tells its time.
    is_own = isinstance(fields.get("error"), str) and "Retry-After" not in headers
    if status == 429 and (is_own or "unusual" in text):
        return QuotaReached(
            "Your account has reached Civitai's download limit: try again in a few hours."
        )
    return responses.error_from_response(status, headers, body, key)
