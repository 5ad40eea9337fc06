"""What a client may hold open of our own server, on a real one on loopback."""

from __future__ import annotations

import socket
import threading

import pytest
import requests
from civitai_manager_libs.web import standalone
from civitai_manager_libs.web.standalone import IdleConnections
from page_driver import wait_for
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
_SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"


class _Served:
    """A server in a thread of this process; `/slow` is answered once `go_on` is set."""

    def __init__(self):
        import uvicorn

        self.go_on, self.connections = threading.Event(), IdleConnections()
        app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("ok"))])
        app.router.routes.append(Route("/slow", self._slow))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        options = {"http": self.connections.make_protocol, "ws": "none", "lifespan": "off"}
        config = uvicorn.Config(self.connections.wrap_app(app), log_level="error", **options)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))

    def _slow(self, _):
        self.go_on.wait(60)
        return PlainTextResponse("slow")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.go_on.set()
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)

    def connect(self, sent=b""):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(sent)
        return connection

    def responds(self):
        return requests.get(f"http://127.0.0.1:{self.port}/", timeout=20).text == "ok"

    def count_busy(self):
        return sum(not one.is_idle for one in list(self.connections.all))


@pytest.fixture
def served():
    with _Served() as served:
        yield served


def _is_closed(connection):
    try:
        return connection.recv(1000) == b""
    except ConnectionResetError:
        return True


def _receive(connection, end):
    received = b""
    while not received.endswith(end):
        part = connection.recv(1000)
        assert part, received
        received += part
    return True


@pytest.mark.parametrize("sent", [b"", b"G", _HEAD], ids=["nothing", "a-letter", "half"])
def test_unfinished_head_ends_its_connection(served, monkeypatch, sent):
    monkeypatch.setattr(standalone, "_SECONDS", 0.3)
    assert all([_is_closed(connection) for connection in [served.connect(sent) for _ in range(5)]])
    wait_for(lambda: not served.connections.all)
    assert served.responds()


def test_second_head_of_a_connection_has_the_same_time(served, monkeypatch):
    monkeypatch.setattr(standalone, "_SECONDS", 0.3)
    connection = served.connect(_HEAD + b"\r\n")
    assert _receive(connection, b"ok")
    connection.sendall(_HEAD)
    assert _is_closed(connection)


def test_response_may_take_longer_than_a_head(served, monkeypatch):
    monkeypatch.setattr(standalone, "_SECONDS", 0.2)
    connection = served.connect(_SLOW)
    wait_for(served.count_busy)
    assert _is_closed(served.connect(_HEAD))  # so long it takes
    served.go_on.set()
    assert _receive(connection, b"slow")


def test_client_with_unfinished_heads_blocks_nobody(served, monkeypatch):
    monkeypatch.setattr(standalone, "_MOST", 8)
    held = [served.connect(_HEAD) for _ in range(40)]
    assert served.responds() and len(served.connections.all) <= 8
    assert _is_closed(held[0])


def test_busy_connections_are_not_closed_for_new_ones(served, monkeypatch):
    monkeypatch.setattr(standalone, "_MOST", 2)
    busy = [served.connect(_SLOW) for _ in range(2)]
    wait_for(lambda: served.count_busy() == 2)
    assert _is_closed(served.connect(_HEAD + b"\r\n"))
    served.go_on.set()
    assert all([_receive(connection, b"slow") for connection in busy])
