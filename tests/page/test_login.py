"""The brake on logins."""

from __future__ import annotations

import pytest
import requests
from civitai_manager_libs.page.wire import login, LoginBrake
from civitai_manager_libs.page.wire.login import Tries
from civitai_manager_libs.page.wire.origin import household
from served_app import Served
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def tries(clock):
    return Tries(lambda: clock[0])


def test_who_guesses_waits_longer_and_longer(tries, clock):
    assert [tries.begin("a") for _ in range(5)] == [0.0] * 5
    waits = []
    for _ in range(10):
        waits.append(tries.begin("a"))
        clock[0] += waits[-1]
        assert tries.begin("a") == 0.0
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert tries.begin("b") == 0.0
    clock[0] += 2 * 3600
    assert tries.begin("a") == 0.0


def test_try_that_is_refused_makes_the_wait_no_longer(tries, clock):
    for _ in range(5):
        tries.begin("a")
    assert {tries.begin("a") for _ in range(100)} == {1.0}
    clock[0] += 1
    assert tries.begin("a") == 0.0


def test_right_password_ends_the_wait(tries):
    for _ in range(3):
        assert [tries.begin("a") for _ in range(5)] == [0.0] * 5
        tries.succeed("a")


def test_where_many_guess_from_everywhere_each_has_one_try_and_nobody_none(tries, clock):
    for n in range(60):
        assert tries.begin(f"guesser-{n}") == 0.0
    assert tries.begin("guesser-1") > 0
    assert tries.begin("owner") == 0.0  # the right password is let in while it goes on
    assert tries.begin("owner") > 0
    clock[0] += 61
    assert [tries.begin("another") for _ in range(5)] == [0.0] * 5


def test_all_whom_a_tunnel_names_have_one_count_too(tries, clock):
    waits = [tries.begin(f"name-{n} through a", "all through a") for n in range(200)]
    assert waits == [0.0] * 30 + [1.0] * 170
    assert tries.begin("b") == 0.0 and tries.begin("c through d", "all through d") == 0.0
    clock[0] += 1
    assert tries.begin("another through a", "all through a") == 0.0
    assert tries.begin("owner through a", "all through a") == 1.0  # and no more than that


def test_who_has_logged_in_through_a_tunnel_does_not_wait_for_others_there(tries):
    tries.begin("owner through a", "all through a")
    tries.succeed("owner through a", "all through a")
    for n in range(100):
        tries.begin(f"name-{n} through a", "all through a")
    assert tries.begin("owner through a", "all through a") == 0.0


def test_no_more_is_remembered_than_there_is_room_for(tries):
    for n in range(3 * login._MOST_PEERS):
        tries.begin(str(n))
    assert len(tries._failed) == login._MOST_PEERS


def test_addresses_of_one_household_are_one_peer():
    assert household("2001:db8:1:2::3") == household("2001:db8:1:2:ffff::9")
    assert household("2001:db8:1:2::3") != household("2001:db8:1:3::3")
    assert household("192.0.2.1") != household("192.0.2.2")


@pytest.fixture
def page():
    async def log_in(request):
        body = await request.body()
        return PlainTextResponse(
            "in" if body == b"right" else "no", 200 if body == b"right" else 400
        )

    routes = [Route("/login", log_in, methods=["POST"]), Route("/", log_in)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(LoginBrake)]))


def test_login_that_failed_too_often_is_not_looked_at(page):
    assert [page.post("/login", content=b"wrong").status_code for _ in range(5)] == [400] * 5
    answer = page.post("/login", content=b"right")
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) <= 2
    assert page.get("/").status_code == 400  # all else goes on


def test_login_that_succeeds_counts_for_nothing(page):
    for _ in range(20):
        assert page.post("/login", content=b"right").text == "in"


def test_body_that_is_no_login_is_not_read_to_its_end(page):
    assert page.post("/login", content=b"x" * 70_000).status_code == 413


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP"])
def test_names_that_are_invented_behind_a_tunnel_give_no_free_tries(header):
    """On a real server, whose uvicorn takes such a name for the client."""
    routes = [Route("/login", lambda _: PlainTextResponse("no", 400), methods=["POST"])]
    with Served(Starlette(routes=routes, middleware=[Middleware(LoginBrake)])) as served:
        url = f"http://127.0.0.1:{served.port}/login"
        codes = [
            requests.post(url, headers={header: f"198.51.100.{n}"}, timeout=20).status_code
            for n in range(60)
        ]
        assert codes[0] == 400 and 429 in codes
        assert requests.post(url, timeout=20).status_code == 400, "the owner, at this machine"
