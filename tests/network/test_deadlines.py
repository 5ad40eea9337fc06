"""A server that drips what a library reads by itself: status line, head, 1xx answers, trailers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from civitai_manager_libs.core import never_cancelled
from civitai_manager_libs.errors import NetworkError
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.network import body as http_body
from civitai_manager_libs.network.connections import cut_after
from fault_responses import png

_BODY = png("deadline", 2000)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
_LENGTH = b"Content-Length: %d\r\n\r\n" % len(_BODY)
_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(_BODY), _BODY)
# What comes at once, what drips, what makes it a whole answer in the end.
_DRIPS = {
    "status-line": (b"", _HEAD[:15], _HEAD[15:] + _LENGTH + _BODY),
    "head": (_HEAD + b"X-Slow: ", b"x" * 60, b"\r\n" + _LENGTH + _BODY),
    "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 3, _HEAD + _LENGTH + _BODY),
    "body": (_HEAD + _LENGTH, _BODY[:100], _BODY[100:]),
    "chunk-size": (_HEAD + _CHUNKED, b"0" * 60, b"\r\n\r\n"),
    "trailers": (_HEAD + _CHUNKED + b"0\r\n", b"X: y\r\n" * 10, b"\r\n"),
}
_PATIENCE, _PAUSE = 0.4, 0.1  # seconds


class _DrippingServer:
    """Sends an answer so, a byte at a time, to whoever asks."""

    def __init__(self, at_once: bytes, drops: bytes, end: bytes) -> None:
        self._parts, self._over = (at_once, drops, end), threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/a.png"
        self.has_sent_all = False
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._listener.close()

    def _run(self) -> None:
        with suppress(OSError):  # the client left, or the test ended
            connection, _ = self._listener.accept()
            with connection:
                connection.recv(10_000)
                at_once, drops, end = self._parts
                connection.sendall(at_once)
                for drop in drops:
                    self._over.wait(_PAUSE)
                    connection.sendall(bytes([drop]))
                connection.sendall(end)
                self.has_sent_all = True


@pytest.fixture(params=_DRIPS, ids=str)
def dripping(request, monkeypatch) -> Iterator[_DrippingServer]:
    monkeypatch.setattr(http_body, "_SLOW_SECONDS", _PATIENCE)
    server = _DrippingServer(*_DRIPS[request.param])
    yield server
    server.close()


def test_file_that_arrives_too_slowly_is_cut_off(dripping, tmp_path):
    client = CivitaiHttpClient(timeout=_PATIENCE, max_retries=0)
    with pytest.raises(NetworkError):
        client.fetch(dripping.url, str(tmp_path / "a.png"))
    assert not dripping.has_sent_all and not list(tmp_path.iterdir())


@pytest.mark.parametrize("dripping", ["head", "trailers"], indirect=True)
def test_json_that_arrives_too_slowly_is_cut_off(dripping):
    with pytest.raises(NetworkError):
        CivitaiHttpClient(timeout=_PATIENCE, max_retries=0).fetch_json(dripping.url)
    assert not dripping.has_sent_all


@pytest.mark.parametrize("dripping", ["head", "body", "trailers"], indirect=True)
def test_plain_request_that_arrives_too_slowly_is_cut_off(dripping):
    client = CivitaiHttpClient(timeout=_PATIENCE, max_retries=0)
    assert client._make_request("GET", dripping.url) is None
    assert not dripping.has_sent_all


@pytest.mark.parametrize(
    "scheme, start",
    [("http-over-proxy", b"HTTP/1.1 200 OK\r\nX-A: "), ("https", b"\x16\x03\x03\x40\x00")],
    ids=["proxy", "handshake"],
)
def test_connection_that_takes_too_long_is_given_up(scheme, start, tmp_path, monkeypatch):
    """Each byte comes in time."""
    server = _DrippingServer(start, b"x" * 1000, b"")
    url = server.url.replace("http:", "https:")
    if scheme != "https":
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        url = "https://far.example/a.png"
    with pytest.raises(NetworkError):
        CivitaiHttpClient(timeout=_PATIENCE, max_retries=0).fetch(url, str(tmp_path / "a.png"))
    assert not server.has_sent_all
    server.close()


def test_call_that_ends_in_time_is_not_cut():
    cut = threading.Event()
    for _ in range(3):
        with cut_after(60, cut.set, never_cancelled()) as deadline:
            pass
    assert not deadline.is_over and not cut.is_set()
