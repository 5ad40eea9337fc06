"""The login of our own page."""

from __future__ import annotations

import itertools

import pytest
from civitai_manager_libs.web.http import guard, Login
from civitai_manager_libs.web.http.guard import LoginAttempts
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def tries(clock):
    return LoginAttempts(lambda: clock[0])


def test_wait_grows_with_each_failed_login(tries, clock):
    assert [tries.count_attempt("a") for _ in range(5)] == [0.0] * 5
    waits = []
    for _ in range(10):
        waits.append(tries.count_attempt("a"))
        clock[0] += waits[-1]
        assert tries.count_attempt("a") == 0.0
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert tries.count_attempt("b") == 0.0
    clock[0] += 2 * 3600
    assert tries.count_attempt("a") == 0.0


def test_refused_attempt_does_not_extend_the_wait(tries, clock):
    for _ in range(5):
        tries.count_attempt("a")
    assert {tries.count_attempt("a") for _ in range(100)} == {1.0}
    clock[0] += 1
    assert tries.count_attempt("a") == 0.0


def test_right_password_ends_the_wait(tries):
    for _ in range(3):
        assert [tries.count_attempt("a") for _ in range(5)] == [0.0] * 5
        tries.forget_failures("a")


def test_all_clients_of_a_tunnel_are_counted_together_too(tries, clock):
    waits = [tries.count_attempt(f"name-{n} through a", "all through a") for n in range(200)]
    assert waits == [0.0] * 30 + [1.0] * 170
    assert (
        tries.count_attempt("b") == 0.0
        and tries.count_attempt("c through d", "all through d") == 0.0
    )
    clock[0] += 1
    assert tries.count_attempt("another through a", "all through a") == 0.0
    assert tries.count_attempt("owner through a", "all through a") == 1.0  # and no more than that


def test_number_of_remembered_clients_is_limited(tries):
    for n in range(3 * guard._MOST_PEERS):
        tries.count_attempt(str(n))
    assert len(tries._failed) == guard._MOST_PEERS


def _application():
    """Return an application with a login, and the login."""

    def form(request, status, said):
        return PlainTextResponse(said, status)

    logins = Login("me", "pass:wörd", "session", form)
    return Starlette(routes=[Route("/login", logins.log_in, methods=["GET", "POST"])]), logins


@pytest.fixture
def page():
    app, logins = _application()
    client = TestClient(app, follow_redirects=False)
    client.tokens = logins.tokens
    return client


def _try(page, user="me", password="pass:wörd", query=""):
    return page.post(f"/login{query}", data={"username": user, "password": password})


def test_right_password_opens_a_session_and_the_requested_page(page):
    answer = _try(page, query="?model=1&x=//evil.example")
    assert answer.status_code == 303
    assert answer.headers["location"] == "./?model=1&x=//evil.example"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    assert page.tokens == {answer.cookies["session"]: "me"}


def test_oldest_session_ends_if_there_are_too_many(page, monkeypatch):
    monkeypatch.setattr(guard, "_MOST_SESSIONS", 3)
    cookies = [_try(page).cookies["session"] for _ in range(5)]
    assert list(page.tokens) == cookies[-3:]


@pytest.mark.parametrize("by", ["itself", "a-proxy"])
def test_cookie_set_over_https_is_not_sent_over_http(page, by):
    page.base_url = "https://testserver" if by == "itself" else "http://testserver"
    page.headers.update({"X-Forwarded-Proto": "https"} if by == "a-proxy" else {})
    assert "Secure" in _try(page).headers["set-cookie"]


@pytest.mark.parametrize(
    "given", [("me", "wrong"), ("you", "pass:wörd"), ("", ""), ("\ufffd", "x")]
)
def test_wrong_password_opens_no_session(page, given):
    answer = _try(page, *given)
    assert (answer.status_code, answer.text) == (401, "The user or the password is wrong.")
    assert not page.tokens and "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [b"", b"%ff=%ff", b"\xff\x00", b"&" * 60_000, b"username=me"])
def test_malformed_login_is_a_wrong_password(page, body):
    assert page.post("/login", content=body).status_code == 401


def test_login_is_not_checked_after_too_many_failures(page):
    assert [_try(page, password="wrong").status_code for _ in range(5)] == [401] * 5
    answer = _try(page)
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) <= 2
    assert "try again in" in answer.text and not page.tokens
    assert page.get("/login").headers["location"] == "./"  # all else goes on


def test_too_large_login_is_not_read_to_its_end(page):
    assert page.post("/login", content=b"x" * 70_000).status_code == 413


def test_networks_of_one_ipv6_site_are_one_client():
    app, _ = _application()
    numbers = itertools.count()

    async def from_another_network(scope, receive, send):
        scope["client"] = (f"2001:db8:1:{next(numbers):x}::1", 1)
        await app(scope, receive, send)

    page = TestClient(from_another_network, follow_redirects=False)
    assert [_try(page, password="wrong").status_code for _ in range(6)] == [401] * 5 + [429]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP"])
def test_invented_names_behind_a_tunnel_give_no_free_attempts(page, header):
    headers = [{header: f"198.51.100.{n}"} for n in range(60)]
    codes = [page.post("/login", headers=each).status_code for each in headers]
    assert codes[0] == 401 and 429 in codes
    assert page.post("/login").status_code == 401, "the owner, at this machine"
