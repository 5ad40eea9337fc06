"""Several who ask at once: one request for one file, and no more at a host than it bears."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from civitai_manager_libs.core import threads as single_flight
from civitai_manager_libs.errors import CivitaiShortcutError, HttpStatusError, NotAnImage
from civitai_manager_libs.http_client import CivitaiHttpClient, FetchedFile, FileOptions
from civitai_manager_libs.http_client import SendOptions
from fault_responses import json_answer, png, ranged, reset, stalled, status, whole

BODY = png("client", 100_000)


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """Run a function in many threads, and return each result or error."""
    results: list[object] = [None] * count

    def run(number: int) -> None:
        try:
            results[number] = work(number)
        except CivitaiShortcutError as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.parametrize("paths", ["one-path", "own-paths"])
@pytest.mark.parametrize("face", ["fetch", "download_file"])
def test_twenty_simultaneous_callers_share_one_request(face, paths, server, tmp_path, monkeypatch):
    gate, waiting, wait = threading.Event(), set(), single_flight.wait

    def counted(*arguments: object) -> object:
        waiting.add(threading.get_ident())
        if len(waiting) == 19:  # all but the one that fetches
            gate.set()
        return wait(*arguments)

    monkeypatch.setattr(single_flight, "wait", counted)
    url = server.play("/a.png", ranged(BODY).but(stops_at=9000, end="gate", gate=gate))
    client, told = CivitaiHttpClient(), []

    def path(number: int) -> str:
        return str(tmp_path / ("a" if paths == "one-path" else str(number)))

    def get(number: int) -> object:
        if face == "fetch":
            return client.fetch(url, path(number), progress=lambda *now: told.append(now))
        return client.download_file(url, path(number), lambda *now: told.append(now))

    results = at_once(20, get)
    expected = [
        FetchedFile(path(n), len(BODY), "png") if face == "fetch" else True for n in range(20)
    ]
    assert results == expected
    assert len(server.requests) == 1
    names = {path(n) for n in range(20)}
    assert {str(tmp_path / name) for name in os.listdir(tmp_path)} == names
    assert all(Path(name).read_bytes() == BODY for name in names)
    assert told.count((len(BODY), len(BODY))) == 20


def test_image_and_plain_file_of_one_url_are_separate(server, tmp_path):
    gate = threading.Event()
    text = whole(b"\x01" * 900).but(stops_at=-1, end="gate", gate=gate)
    url = server.play("/a", text)
    client = CivitaiHttpClient()

    def get(number: int) -> object:
        if number == 1:
            server.wait_for(1)
            threading.Timer(0.2, gate.set).start()
        return client.fetch(url, str(tmp_path / str(number)), FileOptions(images_only=bool(number)))

    plain, picture = at_once(2, get)
    assert plain.extension == "" and isinstance(picture, NotAnImage)
    assert os.listdir(tmp_path) == ["0"]


def test_api_requests_run_one_at_a_time(server):
    server.play("/api", json_answer(1).but(piece=1, drip=0.02))
    client = CivitaiHttpClient()
    assert at_once(6, lambda _: client.fetch_json(server.url("/api"))) == [1] * 6
    assert server.most_in_flight == 1


def test_all_requests_wait_for_the_pause_that_a_host_asks_for(server, tmp_path):
    client = CivitaiHttpClient()
    server.play("/busy", status(503, Retry_After="1"))
    server.play("/a.png", ranged(BODY))
    server.play("/api", json_answer(1))
    with pytest.raises(HttpStatusError):
        client.fetch(server.url("/busy"), str(tmp_path / "b"), sending=SendOptions(max_retries=0))
    assert 0.5 < client.paused_seconds(server.url("/x")) <= 1
    assert client.paused_seconds("http://127.0.0.1:1/") == 0
    at_once(
        2,
        lambda n: (
            client.fetch(server.url("/a.png"), str(tmp_path / "a"))
            if n
            else client.get_json(server.url("/api"))
        ),
    )
    busy, *others = server.requests
    assert len(others) == 2 and all(asked.time - busy.time >= 0.99 for asked in others)


@pytest.mark.parametrize("answer,most", [(stalled(), 12), (reset(), 16), (status(502), 16)])
def test_who_waits_for_a_host_in_an_outage_is_told_soon_and_one_request_ends_it(
    answer, most, server, tmp_path
):
    client = CivitaiHttpClient(timeout=0.9, max_retries=3, retry_delay=0.01)
    urgent = SendOptions(urgent=True)

    def fetch(number: int, sending: SendOptions = urgent) -> object:
        return client.fetch(server.url(f"/{number}"), str(tmp_path / f"{number}"), sending=sending)

    for number in range(14):
        server.play(f"/{number}", answer)
    errors = at_once(12, fetch)
    assert {error.reason for error in errors} == {"network"}
    assert len({type(error) for error in errors}) == 1, "one thing, and one sentence"
    assert len(server.requests) <= most
    assert at_once(1, lambda _: fetch(12))[0].reason == "network"
    assert len(server.requests_for("/12")) == 1
    at_once(1, lambda _: fetch(13, SendOptions(max_retries=1)))
    assert len(server.requests_for("/13")) == 2, "a job's request, for which nobody waits"
    server.play("/12", ranged(BODY))
    server.play("/0", [status(502), ranged(BODY)])
    assert [fetch(12).size, fetch(0).size] == [len(BODY)] * 2


def test_limited_or_missing_images_are_no_outage_for_who_waits(server, tmp_path):
    client = CivitaiHttpClient(max_retries=3, retry_delay=0.05)
    for number in range(8):
        server.play(f"/{number}", [status(429), ranged(BODY)])
        server.play(f"/broken-{number}", status(500))
        server.play(f"/gone-{number}", status(404))

    def fetch(name: object, max_retries: int | None = None) -> object:
        sending = SendOptions(urgent=True, max_retries=max_retries)
        return client.fetch(server.url(f"/{name}"), str(tmp_path / f"{name}"), sending=sending)

    assert [found.size for found in at_once(8, fetch)] == [len(BODY)] * 8
    for number in range(8):
        for name in (f"broken-{number}", f"gone-{number}"):
            at_once(1, lambda _: fetch(name, 0))
    server.play("/8", [status(502), ranged(BODY)])
    assert fetch(8).size == len(BODY)
