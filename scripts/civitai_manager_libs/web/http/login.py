"""The login of the stand-alone page: sessions, cookies, and the waits after wrong attempts."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from ...i18n import messages
from .guard import is_forwarded, parse_address
from .replies import find_language

LoginForm = Callable[[Request, int, str], Response]  # (request, status, problem) -> form

_FREE, _LONGEST = 5, 60.0  # a client's attempts without a wait; the longest wait in seconds
_FREE_THROUGH, _LONGEST_THROUGH = 30, 1.0  # the same for a proxy or tunnel
_MOST_PEERS, _FORGOTTEN = 10_000, 3600.0  # remembered clients, and for how many seconds
_MOST_SESSIONS = 1000  # browsers, and programs that log in for each request
_MOST_BODY, _BODY_SECONDS = 64 * 1024, 30.0  # bytes


class LoginAttempts:
    """Counts the failed logins of each client, and makes a client wait after too many.

    After 5 failures a client waits 1 second, then twice as long after each further failure, up to
    60 seconds. A client behind a proxy could invent another address for each attempt. So all
    attempts through one proxy are also counted together; after 30 failures, all its clients wait 1
    second, which is short because it delays the owner too.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()  # failures, last time

    def count_attempt(self, client: str, proxy: str = "") -> float:
        """Return how many seconds the client must still wait; count the attempt if that is 0.0.

        A counted attempt is a failure until `forget_failures` is called. client: the client's name.
        proxy: the name of the proxy that forwarded the request, "" for none; the attempt counts for
        the proxy too, and the longer of the two waits is returned.
        """
        now = self._clock()
        wait = self._seconds_to_wait(client, _FREE, _LONGEST, now)
        if proxy:
            wait = max(wait, self._seconds_to_wait(proxy, _FREE_THROUGH, _LONGEST_THROUGH, now))
        if wait > 0:
            return wait
        for name in filter(None, (client, proxy)):
            self._failed[name] = self._count_failures(name, now) + 1, now
            _keep_last(self._failed, name, _MOST_PEERS)
        return 0.0

    def forget_failures(self, client: str, proxy: str = "") -> None:
        """Forget the failed attempts of a client that has logged in, and those of its proxy."""
        self._failed.pop(client, None)
        self._failed.pop(proxy, None)

    def _seconds_to_wait(self, name: str, free: int, longest: float, now: float) -> float:
        beyond = self._count_failures(name, now) - free
        pause = min(longest, 2.0 ** min(beyond, 10)) if beyond >= 0 else 0.0
        return max(0.0, self._failed.get(name, (0, now))[1] + pause - now)

    def _count_failures(self, name: str, now: float) -> int:
        count, last = self._failed.get(name, (0, now))
        return 0 if now - last > _FORGOTTEN else count


def _keep_last(names: OrderedDict[str, Any], name: str, most: int) -> None:
    names.move_to_end(name)
    if len(names) > most:
        names.popitem(last=False)


class Login:
    """The login of one user. tokens: {session token in a browser's cookie: the user's name}."""

    def __init__(self, user: str, password: str, cookie: str, form: LoginForm) -> None:
        self.tokens: OrderedDict[str, str] = OrderedDict()
        self._user, self._password = user, password
        self._cookie, self._form, self._tries = cookie, form, LoginAttempts()

    async def log_in(self, request: Request) -> Response:
        """Return a redirect to the page if a submitted user and password are right, else the form.

        The form then says what is wrong, or how long to wait after too many attempts. A GET is
        redirected to the page. A body that is too large or too slow gets an error page.
        """
        if request.method != "POST":
            return _back_to_page(request)
        try:
            body = await asyncio.wait_for(_read_body(request), _BODY_SECONDS)
        except (asyncio.TimeoutError, ClientDisconnect):
            return PlainTextResponse(
                "The login request took too long.", 408, {"Connection": "close"}
            )
        if len(body) > _MOST_BODY:
            return PlainTextResponse("This is not a login form.", 413, {"Connection": "close"})
        language = find_language(request)
        client, proxy = _identify_client(request)
        if wait := self._tries.count_attempt(client, proxy):
            problem = messages.translate("login_wait", language, seconds=int(wait) + 1)
            response = self._form(request, 429, problem)
            response.headers["Retry-After"] = str(int(wait) + 1)
            return response
        if not self._is_correct(body):
            return self._form(request, 401, messages.translate("login_wrong", language))
        self._tries.forget_failures(client, proxy)
        return self._start_session(request)

    def _is_correct(self, body: bytes) -> bool:
        fields = dict(parse_qsl(body.decode("utf-8", "replace")))
        pairs = (
            (fields.get("username", ""), self._user),
            (fields.get("password", ""), self._password),
        )
        # Compare both, so that the time taken does not reveal which one is wrong.
        return all([compare_digest(_encode_text(one), _encode_text(other)) for one, other in pairs])

    def _start_session(self, request: Request) -> Response:
        token = token_urlsafe(32)
        self.tokens[token] = self._user
        _keep_last(self.tokens, token, _MOST_SESSIONS)
        response = _back_to_page(request)
        is_https = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
        response.set_cookie(self._cookie, token, httponly=True, samesite="lax", secure=is_https)
        return response


def _identify_client(request: Request) -> tuple[str, str]:
    """Return (client, proxy or "") by which failed logins are counted; a client can be forged."""
    peer = request.client.host if request.client else ""
    address = parse_address(peer)
    if address is not None and address.version == 6:  # a /48 may belong to one customer
        peer = str(ipaddress.ip_network((int(address), 48), strict=False))
    if not is_forwarded(request.headers):
        return peer, ""
    client = request.headers.get("x-forwarded-for", "")
    return f"{client} through {peer}", f"all through {peer}"


def _encode_text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _back_to_page(request: Request) -> Response:
    return RedirectResponse(f"./?{request.url.query}" if request.url.query else "./", 303)


async def _read_body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY:
            break
    return body
