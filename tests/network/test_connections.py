"""Connections that are cut, given up in time, reused, and not made to private addresses."""

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core.threads import Cancellation
from civitai_manager_libs.errors import Cancelled, CivitaiShortcutError, NetworkError
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.network import body as http_body
from civitai_manager_libs.network.connections import is_private_address, is_private_url
from fault_responses import Answer, cut, json_answer, packed, page, png, ranged, redirect, reset
from fault_responses import stalled, status

BODY = png("wire", 100_000)


class Fetching:
    """A fetch in a thread of its own."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.cancelled, self.error = Cancellation(), None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self.cancelled.as_current():
                self._work()
        except CivitaiShortcutError as error:
            self.error = error

    def cancel(self) -> None:
        """Wait until it has ended with `Cancelled`."""
        self.cancelled.set()
        self._thread.join(5)
        assert not self._thread.is_alive() and isinstance(self.error, Cancelled), self.error


def fetch(url: str, folder: Path, client: CivitaiHttpClient | None = None) -> Fetching:
    client = client or CivitaiHttpClient()
    return Fetching(lambda: client.fetch(url, str(folder / "a.png")))


_STALLED = {
    **{"no-headers": stalled(BODY, -1), "no-body": stalled(BODY, 0), "half": stalled(BODY, 50_000)},
    "chunks": ranged(BODY).but(framing="chunked", stops_at=9000, end="stall"),
    "packed": packed(BODY).but(stops_at=9000, end="stall"),
    "error-page": page(503).but(stops_at=9, end="stall"),
    "closing": ranged(BODY).but(framing="close", stops_at=9000, end="stall"),
    "json": json_answer([1, 2]).but(stops_at=2, end="stall"),
}


@pytest.mark.parametrize("answer", _STALLED.values(), ids=_STALLED)
def test_cancel_cuts_off_a_stalled_server(answer, server, tmp_path):
    url, client = server.play("/a.png", answer), CivitaiHttpClient()
    if answer is _STALLED["json"]:
        fetching = Fetching(lambda: client.fetch_json(url))
    else:
        fetching = fetch(url, tmp_path, client)
    asked = server.wait_for(1)[0]
    time.sleep(0.05)  # into the answer
    fetching.cancel()
    assert asked.left.wait(1) and os.listdir(tmp_path) == []


def test_cancel_cuts_off_a_dns_lookup(server, tmp_path, monkeypatch):
    looks, found = threading.Event(), threading.Event()
    lookup = socket.getaddrinfo

    def slow(*asked: object, **named: object) -> list:
        looks.set()
        found.wait(10)
        return lookup(*asked, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    fetching = fetch(server.url(), tmp_path)
    assert looks.wait(10)
    fetching.cancel()
    found.set()
    for thread in threading.enumerate():
        if thread.name == "gallery-connect":
            thread.join(10)
    assert server.requests == []


@pytest.mark.parametrize("is_begun", [False, True])
def test_cancel_before_sending_sends_no_request(server, tmp_path, monkeypatch, is_begun):
    server.play("/a.png", stalled(BODY, -1))
    cancelled, lookup = Cancellation(), socket.getaddrinfo

    def cancel(*asked: object, **named: object) -> list:
        cancelled.set()
        return lookup(*asked, **named)

    if is_begun:
        monkeypatch.setattr(socket, "getaddrinfo", cancel)
    else:
        cancelled.set()
    with pytest.raises(Cancelled), cancelled.as_current():
        CivitaiHttpClient().fetch(server.url(), str(tmp_path / "a"))
    assert server.requests == [] and os.listdir(tmp_path) == []


@pytest.mark.parametrize("scheme", ["https", "http-over-proxy"])
def test_cancel_cuts_off_a_tls_handshake(scheme, tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = "127.0.0.1:%d" % silent.getsockname()[1]
        url = f"https://{host}/a.png"
        if scheme != "https":
            monkeypatch.setenv("HTTPS_PROXY", f"http://{host}")
            url = "https://far.example/a.png"
        fetching = fetch(url, tmp_path)
        silent.settimeout(10)
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(10)
            fetching.cancel()


@pytest.mark.parametrize(
    "answer", [status(500), status(503, Retry_After="60")], ids=["pause", "rest"]
)
def test_cancel_ends_the_wait_before_a_retry(answer, server, tmp_path):
    setting.change("http_retry_delay", 60)
    fetching = fetch(server.play("/a.png", answer), tmp_path)
    server.wait_for(1)
    time.sleep(0.05)
    fetching.cancel()
    assert len(server.requests) == 1


def test_cancel_ends_the_wait_for_a_slot(server, tmp_path):
    setting.change("gallery_max_concurrent_downloads", 1)
    client = CivitaiHttpClient()
    server.play("/a.png", stalled(BODY, 9000))
    first = fetch(server.url("/a.png"), tmp_path, client)
    server.wait_for(1)
    second = fetch(server.url("/b.png"), tmp_path, client)
    second.cancel()
    first.cancel()
    assert len(server.requests) == 1


def test_cancel_of_one_request_does_not_cut_the_connections_of_others(server, tmp_path):
    server.play("/a.png", stalled(BODY, 9000))
    server.play("/b.png", ranged(BODY).but(piece=10_000, drip=0.02))
    client, saved = CivitaiHttpClient(max_retries=0), []
    other = threading.Thread(
        target=lambda: saved.append(client.fetch(server.url("/b.png"), str(tmp_path / "b.png")))
    )
    one = fetch(server.url("/a.png"), tmp_path, client)
    other.start()
    server.wait_for(2)
    one.cancel()
    other.join(10)
    assert saved and os.listdir(tmp_path) == ["b.png"]


def test_thread_of_a_cancelled_request_can_send_another(server, tmp_path):
    server.play("/a.png", stalled(BODY, 9000))
    server.play("/b", json_answer(1))
    client, answers = CivitaiHttpClient(), []

    def both() -> None:
        try:
            client.fetch(server.url("/a.png"), str(tmp_path / "a"))
        finally:
            with client.get_stream(server.url("/b")) as response:
                answers.append(response.json())

    fetching = Fetching(both)
    server.wait_for(1)
    fetching.cancel()
    assert answers == [1]


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


def _drip(serve, at_once: bytes, drops: bytes, end: bytes):
    """Serve this answer, whose drops come a byte at a time."""
    pieces = (at_once, *(bytes([drop]) for drop in drops), end)
    return serve([(pieces, False)], _PAUSE)


@pytest.fixture(params=_DRIPS, ids=str)
def dripping(request, serve, monkeypatch):
    monkeypatch.setattr(http_body, "_SLOW_SECONDS", _PATIENCE)
    return _drip(serve, *_DRIPS[request.param])


def test_file_that_arrives_too_slowly_is_cut_off(dripping, tmp_path):
    client = CivitaiHttpClient(timeout=_PATIENCE, max_retries=0)
    with pytest.raises(NetworkError):
        client.fetch(f"{dripping.url}/a.png", str(tmp_path / "a.png"))
    assert not dripping.has_sent_all and not list(tmp_path.iterdir())


@pytest.mark.parametrize("dripping", ["head", "trailers"], indirect=True)
@pytest.mark.parametrize("face", ["fetch_json", "_make_request"])
def test_response_that_arrives_too_slowly_is_cut_off(dripping, face):
    client = CivitaiHttpClient(timeout=_PATIENCE, max_retries=0)
    if face == "_make_request":
        assert client._make_request("GET", f"{dripping.url}/a.png") is None
    else:
        with pytest.raises(NetworkError):
            client.fetch_json(f"{dripping.url}/a.png")
    assert not dripping.has_sent_all


@pytest.mark.parametrize(
    "scheme, start",
    [("http-over-proxy", b"HTTP/1.1 200 OK\r\nX-A: "), ("https", b"\x16\x03\x03\x40\x00")],
    ids=["proxy", "handshake"],
)
def test_connection_that_takes_too_long_is_given_up(scheme, start, serve, tmp_path, monkeypatch):
    """Each byte comes in time."""
    server = _drip(serve, start, b"x" * 1000, b"")
    url = f"{server.url}/a.png".replace("http:", "https:")
    if scheme != "https":
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        url = "https://far.example/a.png"
    with pytest.raises(NetworkError):
        CivitaiHttpClient(timeout=_PATIENCE, max_retries=0).fetch(url, str(tmp_path / "a.png"))
    assert not server.has_sent_all


_PRIVATE = "127.0.0.1 10.1.2.3 192.168.0.1 172.31.0.1 0.0.0.0 169.254.169.254 100.64.0.1 224.0.0.1"
_PRIVATE += " 255.255.255.255 ::1 :: fe80::1%eth0 fc00::1 ::ffff:10.0.0.1 ff02::1 64:ff9b::7f00:1"
_PRIVATE += " 64:ff9b::a00:1 64:ff9b:1::101:101 fec0::1 2002:7f00:1:: 2002:101:101::1 ::127.0.0.1"
_PUBLIC = "64:ff9b::101:101 1.1.1.1 172.32.0.1 2606:4700::1111 ::ffff:1.1.1.1 civitai.com 300.1.1.1"


def test_private_addresses_and_hosts_are_recognized():
    private = [*_PRIVATE.split(), "::ffff:0:a00:1"]
    assert [address for address in private if not is_private_address(address)] == []
    assert [address for address in (*_PUBLIC.split(), "") if is_private_address(address)] == []
    for host in ("LOCALHOST", "localhost.", "a.localhost:80", "[::1]:80"):
        assert is_private_url(f"http://{host}/")
    assert not is_private_url("http://civitai.com/localhost")


FIRST, SECOND = png("first"), png("second")


def fetched(client: CivitaiHttpClient, url: str, folder) -> bytes:
    path = client.fetch(url, str(folder / "a.png")).path
    with open(path, "rb") as file:
        return file.read()


_BROKEN = {
    **{"cut": cut(SECOND, 5000), "reset-before-the-head": reset(SECOND)},
    **{"reset-half-way": reset(SECOND, 5000), "trouble": Answer(503, b"later")},
    **{"silence": stalled(SECOND), "closed-before-the-head": ranged(SECOND).but(stops_at=-1)},
}


@pytest.mark.parametrize("answer", _BROKEN.values(), ids=_BROKEN)
def test_failure_of_a_reused_connection_is_retried(answer, server, tmp_path):
    client = CivitaiHttpClient(timeout=0.3, retry_delay=0)
    fetched(client, server.play("/first.png", ranged(FIRST)), tmp_path)
    url = server.play("/second.png", [answer, ranged(SECOND)])
    assert fetched(client, url, tmp_path) == SECOND
    assert [request.connection for request in server.requests[:2]] == [1, 1]


def test_connection_is_reused_after_a_redirect_and_an_error_page(server, tmp_path):
    client = CivitaiHttpClient(timeout=5, max_retries=0)
    fetched(client, server.play("/first.png", ranged(FIRST)), tmp_path)
    server.play("/gone.png", page(404))
    server.play("/end.png", ranged(SECOND))
    assert not client.download_file(server.url("/gone.png"), str(tmp_path / "gone.png"))
    assert fetched(client, server.play("/moved.png", redirect("/end.png")), tmp_path) == SECOND
    assert server.connections == 1
