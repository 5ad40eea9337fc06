"""The tab by itself as a program: its start, its end, and who may ask it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess

import pytest
from civitai_manager_libs.standalone import _OwnPageOnly
from fault_answers import unused_port
from page_driver import ENTRY, PYTHON, until
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect


def _started(tmp_path, *arguments, **environment):
    return subprocess.Popen(
        [PYTHON, ENTRY, *arguments],
        env={**os.environ, "CIVITAI_SHORTCUT_DATA": str(tmp_path / "data"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_port_in_use_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, out, err = _ended(_started(tmp_path, "--port", port))
    assert code == 3 and "Traceback" not in err
    assert len(err.splitlines()) == 1 and f"127.0.0.1:{port}: the port is in use" in err
    assert "http://" not in out


@pytest.mark.parametrize("port", ["0", "70000", "-1"])
def test_port_that_cannot_be_is_one_sentence(tmp_path, port):
    code, _, err = _ended(_started(tmp_path, "--port", port))
    assert code == 2 and len(err.splitlines()) == 1 and "from 1 to 65535" in err


def test_data_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("in the way")
    code, _, err = _ended(_started(tmp_path, "--port", str(unused_port())))
    assert code == 3 and "Traceback" not in err and str(tmp_path / "data") in err


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C of a process of its own")
def test_interrupt_ends_it_well(tmp_path):
    port = unused_port()
    process = _started(tmp_path, "--port", str(port))
    try:
        first = until(process.stdout.readline)
        while f"http://127.0.0.1:{port}" not in first or "Ctrl-C" not in first:
            first = until(process.stdout.readline)
        process.send_signal(signal.SIGINT)
        code, _, err = _ended(process)
    finally:
        process.kill()
    assert code == 0 and "Traceback" not in err


# Who may ask


@pytest.fixture
def page():
    async def echo(socket):
        await socket.accept()
        await socket.close()

    routes = [
        Route("/", lambda _: PlainTextResponse("the page"), methods=["GET", "POST"]),
        WebSocketRoute("/queue", echo),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(_OwnPageOnly, address="my-machine")])
    return TestClient(app)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:7860",
        "localhost:7860",
        "LOCALHOST",
        "[::1]:7860",
        "192.168.1.5:7860",
        "my-machine",
    ],
)
def test_page_is_asked_for_by_an_address_or_by_its_own_name(page, host):
    assert page.get("/", headers={"Host": host}).text == "the page"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", ""],
)
def test_name_that_somebody_else_gave_this_machine_is_refused(page, host):
    assert page.get("/", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize(
    "origin,code",
    [
        (None, 200),
        ("http://127.0.0.1:7860", 200),
        ("http://evil.example", 403),
        ("http://127.0.0.1:9999", 403),
        ("null", 403),
        ("http://[::1", 403),
    ],
)
def test_request_that_another_sites_page_sends_is_refused(page, origin, code):
    headers = {"Host": "127.0.0.1:7860", **({"Origin": origin} if origin else {})}
    assert page.post("/", headers=headers).status_code == code


def test_websocket_of_another_sites_page_is_refused(page):
    headers = {"Host": "127.0.0.1:7860", "Origin": "http://evil.example"}
    with pytest.raises(WebSocketDisconnect):
        with page.websocket_connect("/queue", headers=headers):
            pytest.fail("it was let in")
    with page.websocket_connect("/queue", headers={"Host": "127.0.0.1:7860"}):
        assert True


def test_malformed_host_is_refused_and_no_crash(page):
    assert page.get("/", headers={"Host": "[::1"}).status_code == 403
