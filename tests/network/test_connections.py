"""A cancel reaches a request wherever it waits; connections are kept; inner addresses are known."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core.threads import Cancellation
from civitai_manager_libs.errors import Cancelled, CivitaiShortcutError
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.network import prepare_request
from civitai_manager_libs.network.connections import WatchedAdapter
from fault_responses import json_answer, packed, page, png, ranged, stalled, status

BODY = png("wire", 100_000)


class Fetching:
    """A fetch in a thread of its own."""

    def __init__(self, work: Callable[[Cancellation], object]) -> None:
        self.cancelled, self.error = Cancellation(), None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work(self.cancelled)
        except CivitaiShortcutError as error:
            self.error = error

    def cancel(self) -> None:
        """Wait until it has ended with `Cancelled`."""
        self.cancelled.set()
        self._thread.join(5)
        assert not self._thread.is_alive() and isinstance(self.error, Cancelled), self.error


def fetch(url: str, folder: Path, client: CivitaiHttpClient | None = None) -> Fetching:
    client = client or CivitaiHttpClient()
    return Fetching(lambda wish: client.fetch(url, str(folder / "a.png"), cancelled=wish))


# Cancel


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(stalled(BODY, -1), id="no-headers"),
        pytest.param(stalled(BODY, 0), id="no-body"),
        pytest.param(stalled(BODY, 50_000), id="half-a-body"),
        pytest.param(ranged(BODY).but(framing="chunked", stops_at=9000, end="stall"), id="chunks"),
        pytest.param(packed(BODY).but(stops_at=9000, end="stall"), id="packed"),
        pytest.param(page(503).but(stops_at=9, end="stall"), id="error-page"),
        pytest.param(ranged(BODY).but(framing="close", stops_at=9000, end="stall"), id="closing"),
    ],
)
def test_cancel_cuts_off_a_stalled_server(answer, server, tmp_path):
    url = server.play("/a.png", answer)
    fetching = fetch(url, tmp_path)
    asked = server.wait_for(1)[0]
    time.sleep(0.05)  # into the answer

    fetching.cancel()

    assert asked.left.wait(1) and os.listdir(tmp_path) == []


def test_cancel_cuts_off_an_api_response(server):
    url = server.play("/a", json_answer([1, 2]).but(stops_at=2, end="stall"))
    fetching = Fetching(lambda wish: CivitaiHttpClient().fetch_json(url, cancelled=wish))
    server.wait_for(1)

    fetching.cancel()


def test_cancel_during_a_request_raises_cancelled_without_a_retry(server):
    request = prepare_request("GET", server.play("/a.png", stalled(BODY, -1)))
    adapter = WatchedAdapter()
    sending = Fetching(lambda wish: adapter.send_cancellable(request, wish, timeout=30))
    server.wait_for(1)

    sending.cancel()


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


def test_cancel_just_before_sending_is_noticed(server, tmp_path, monkeypatch):
    server.play("/a.png", stalled(BODY, -1))
    cancelled, lookup = Cancellation(), socket.getaddrinfo

    def cancel(*asked: object, **named: object) -> list:
        cancelled.set()
        return lookup(*asked, **named)

    monkeypatch.setattr(socket, "getaddrinfo", cancel)
    with pytest.raises(Cancelled):
        CivitaiHttpClient().fetch(server.url(), str(tmp_path / "a"), cancelled=cancelled)

    assert server.requests == []


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
    "answer",
    [status(500), status(503, Retry_After="60"), status(429)],
    ids=["pause", "rest", "429"],
)
def test_cancel_ends_the_wait_before_a_retry(answer, server, tmp_path):
    setting.change("http_retry_delay", 60)
    url = server.play("/a.png", answer)
    fetching = fetch(url, tmp_path)
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


def test_cancel_before_the_start_sends_no_request(server, tmp_path):
    cancelled = Cancellation()
    cancelled.set()

    with pytest.raises(Cancelled):
        CivitaiHttpClient().fetch(server.url(), str(tmp_path / "a"), cancelled=cancelled)

    assert server.requests == [] and os.listdir(tmp_path) == []


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

    def both(wish: Cancellation) -> None:
        try:
            client.fetch(server.url("/a.png"), str(tmp_path / "a"), cancelled=wish)
        finally:
            with client.get_stream(server.url("/b")) as response:
                answers.append(response.json())

    fetching = Fetching(both)
    server.wait_for(1)

    fetching.cancel()
    assert answers == [1]


# Connections
