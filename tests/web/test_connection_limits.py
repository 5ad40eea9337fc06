"""What a peer may hold open of our own server, on a real one on loopback."""

from __future__ import annotations

import logging
import re
import socket
import sys
import threading

import pytest
import requests
from civitai_manager_libs.web.http import connection_limits as limits, OncePerMinuteFilter
from civitai_manager_libs.web.http.log_throttle import LogThrottle
from page_driver import wait_for
from served_app import Served
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


class _Served(Served):
    """An application of which `/slow` answers once `go_on` is set."""

    def __init__(self):
        self.go_on, self.asked = threading.Event(), threading.Event()
        app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("ok"))])
        app.router.routes.append(Route("/slow", self._slow))
        app.router.routes.append(Route("/length", self._length, methods=["POST"]))
        super().__init__(app)

    def _slow(self, _):
        self.asked.set()
        self.go_on.wait(60)
        return PlainTextResponse("slow")

    async def _length(self, request):
        return PlainTextResponse(f"{len(await request.body())} bytes")

    def __exit__(self, *_):
        self.go_on.set()
        super().__exit__()

    def connect(self, sent=b"", source="127.0.0.1"):
        at = ("127.0.0.1", self.port)
        connection = socket.create_connection(at, timeout=20, source_address=(source, 0))
        connection.sendall(sent)
        return connection

    def is_open(self):
        return requests.get(f"http://127.0.0.1:{self.port}/", timeout=20).text == "ok"


@pytest.fixture
def served():
    with _Served() as served:
        yield served


def _is_closed(connection):
    try:
        return connection.recv(1000) == b""
    except ConnectionResetError:
        return True


def _answer(connection, end):
    """Whether an answer with this end comes."""
    received = b""
    while part := b"" if received.endswith(end) else connection.recv(1000):
        received += part
    return received.endswith(end)


@pytest.mark.parametrize("sent", [b"", b"G", _HEAD], ids=["nothing", "a-letter", "half"])
def test_unfinished_head_ends_its_connection(served, monkeypatch, capfd, sent):
    monkeypatch.setattr(limits, "_HEAD_SECONDS", 0.3)
    assert all([_is_closed(connection) for connection in [served.connect(sent) for _ in range(5)]])
    assert served.is_open()
    wait_for(lambda: not served.connections._open)
    assert capfd.readouterr().err.count("sent no complete request") == 1


def test_second_head_of_a_connection_has_the_same_time(served, monkeypatch):
    monkeypatch.setattr(limits, "_HEAD_SECONDS", 0.3)
    connection = served.connect(_HEAD + b"\r\n")
    assert _answer(connection, b"ok")
    connection.sendall(_HEAD)
    assert _is_closed(connection)


def test_response_may_take_longer_than_a_head(served, monkeypatch):
    monkeypatch.setattr(limits, "_HEAD_SECONDS", 0.2)
    connection = served.connect(_HEAD.replace(b"/", b"/slow", 1) + b"\r\n")
    assert served.asked.wait(20)
    late = served.connect(_HEAD)
    assert _is_closed(late)  # so long it takes
    served.go_on.set()
    assert _answer(connection, b"slow")


def test_client_with_unfinished_heads_blocks_no_other(served, monkeypatch, capfd):
    monkeypatch.setattr(limits, "_FROM_ONE", 8)
    held = [served.connect(_HEAD) for _ in range(40)]
    assert served.is_open() and len(served.connections._open) <= 8
    assert _is_closed(held[0])
    assert capfd.readouterr().err.count("connections open") == 1


def test_busy_connections_are_not_closed_for_new_ones(served, monkeypatch):
    monkeypatch.setattr(limits, "_FROM_ONE", 2)
    busy = [served.connect(_HEAD.replace(b"/", b"/slow", 1) + b"\r\n") for _ in range(2)]
    wait_for(lambda: sum(not one.is_idle for one in list(served.connections._open)) == 2)
    assert _is_closed(served.connect(_HEAD + b"\r\n"))
    served.go_on.set()
    assert all([_answer(connection, b"slow") for connection in busy])


@pytest.mark.skipif(sys.platform == "darwin", reason="it has one loopback address")
def test_full_server_closes_a_connection_for_a_new_client(served, monkeypatch):
    monkeypatch.setattr(limits, "_IN_ALL", 4)
    slow = _HEAD.replace(b"/", b"/slow", 1) + b"\r\n"
    held = [served.connect(slow, f"127.0.0.{2 + n % 2}") for n in range(4)]
    wait_for(lambda: sum(not one.is_idle for one in list(served.connections._open)) == 4)
    assert served.is_open()
    assert _is_closed(held[0])


# What belongs to a request, and what is more


_POST = b"POST /length HTTP/1.1\r\nHost: x\r\n"


def test_body_is_received_whole_however_it_is_split(served):
    body = b"\n\n" * 100_000
    whole = _POST + b"content-LENGTH:  200000 \r\n\r\n" + body
    for cuts in ([len(whole)], [1] * 70 + [len(whole)], [len(whole) - 1, 1]):
        connection, at = served.connect(), 0
        for size in cuts:
            connection.sendall(whole[at : at + size])
            at += size
        assert _answer(connection, b"200000 bytes")


def test_pipelined_requests_are_answered_in_order(served):
    one = _POST + b"Content-Length: 7\r\n\r\nGET / x"
    last = one + _HEAD + b"Connection: close\r\n\r\n"
    connection = served.connect(one + _HEAD + b"\r\n" + last)
    received = b"".join(iter(lambda: connection.recv(1000), b""))
    assert re.findall(rb"\r\n\r\n(7 bytes|ok)", received) == [b"7 bytes", b"ok"] * 2
    assert received.count(b"HTTP/1.1") == 4


def test_expect_header_gets_100_continue(served):
    connection = served.connect(_POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert connection.recv(1000).startswith(b"HTTP/1.1 100")
    connection.sendall(b"{}")
    assert _answer(connection, b"2 bytes")


def test_chunked_body_is_refused_before_it_is_read(served):
    """A body of one-byte chunks: 256 KB of it took four seconds, in which nobody was answered."""
    connection = served.connect(_POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n")
    assert connection.recv(1000).startswith(b"HTTP/1.1 411")


@pytest.mark.parametrize("start", [b"GET /", _HEAD + b"a: "], ids=["address", "header"])
def test_endless_head_is_not_buffered(served, start):
    connection = served.connect(start + b"a" * (limits._MOST_HEAD + 1))
    assert _is_closed(connection) and served.is_open()


def test_bytes_sent_during_a_response_are_buffered_up_to_a_limit(served):
    connection = served.connect(_HEAD.replace(b"/", b"/slow", 1) + b"\r\n")
    assert served.asked.wait(20)
    with pytest.raises(OSError):
        for _ in range(1000):
            connection.sendall((_HEAD + b"\r\n") * 3000)
    assert served.is_open()


# What repeats in the log


def test_repeated_events_are_logged_once_a_minute_with_a_count():
    now = [0.0]
    repeats = LogThrottle(lambda: now[0])
    assert [repeats.count("a") for _ in range(5)] == [1, None, None, None, None]
    assert repeats.count("b") == 1
    now[0] = 61.0
    assert repeats.count("a") == 5
    assert len({repeats.count(n) for n in range(1000)} | {1}) <= 2 and len(repeats._logged) <= 101


def test_repeated_record_of_a_library_passes_once():
    seen = []
    logger = logging.Logger("a library's")
    logger.addFilter(OncePerMinuteFilter())
    handler = logging.Handler()
    handler.emit = seen.append
    logger.addHandler(handler)
    for n in range(100):
        logger.error("accept() out of %s", "handles")
        logger.warning("Invalid HTTP request received.")
    assert [record.getMessage() for record in seen] == [
        "accept() out of handles",
        "Invalid HTTP request received.",
    ]
