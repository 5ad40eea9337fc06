"""A further request over a kept connection is like any other, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from civitai_manager_libs.errors import NetworkError
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.network.wire import WireAdapter
from fault_answers import Answer, cut, page, png, ranged, redirect, reset, stalled
from fault_server import FaultServer
from urllib3.connectionpool import HTTPConnectionPool

FIRST, SECOND = png("first"), png("second")


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def by_urllib3(monkeypatch) -> list[str]:
    """The targets that urllib3 asked for itself."""
    asked, urlopen = [], HTTPConnectionPool.urlopen

    def noted(self, method, url, *args, **kwargs):
        asked.append(url)
        return urlopen(self, method, url, *args, **kwargs)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", noted)
    return asked


def fetched(client: CivitaiHttpClient, url: str, folder) -> bytes:
    path = client.fetch(url, str(folder / "a.png")).path
    with open(path, "rb") as file:
        return file.read()


def test_second_request_is_the_first_ones_equal(server, by_urllib3, tmp_path):
    client = CivitaiHttpClient(timeout=5)
    urls = [server.play(f"/{n}/width=450/a.png", ranged(FIRST)) for n in range(3)]

    assert [fetched(client, url, tmp_path) for url in urls] == [FIRST] * 3
    assert by_urllib3 == ["/0/width=450/a.png"] and server.connections == 1
    first, *others = [list(request.headers.items()) for request in server.requests]
    assert others == [first] * 2


@pytest.mark.parametrize("path", ["/a.png?token=[1]", "/a%2fb.png", "/bild%C3%A4.png"])
def test_target_that_needs_care_is_urllib3s(path, server, by_urllib3, tmp_path):
    client = CivitaiHttpClient(timeout=5)
    fetched(client, server.play("/first.png", ranged(FIRST)), tmp_path)
    server.play(path, ranged(SECOND))

    client.download_file(server.url(path), str(tmp_path / "b.png"))

    assert len(by_urllib3) == 2 and server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(cut(SECOND, 5000), id="cut"),
        pytest.param(reset(SECOND), id="reset-before-the-head"),
        pytest.param(reset(SECOND, 5000), id="reset-half-way"),
        pytest.param(Answer(503, b"later"), id="trouble"),
        pytest.param(stalled(SECOND), id="silence"),
        pytest.param(ranged(SECOND).but(stops_at=-1), id="closed-before-the-head"),
    ],
)
def test_trouble_on_a_kept_connection_is_tried_again(answer, server, tmp_path):
    client = CivitaiHttpClient(timeout=0.3, retry_delay=0)
    fetched(client, server.play("/first.png", ranged(FIRST)), tmp_path)
    url = server.play("/second.png", [answer, ranged(SECOND)])

    assert fetched(client, url, tmp_path) == SECOND
    assert [request.connection for request in server.requests[:2]] == [1, 1]


@pytest.mark.parametrize(
    "answer, said",
    [(stalled(SECOND), "in time"), (reset(SECOND), "broke off")],
    ids=["silence", "reset"],
)
def test_trouble_on_a_kept_connection_has_its_words(answer, said, server, tmp_path):
    client = CivitaiHttpClient(timeout=0.3, max_retries=0)
    fetched(client, server.play("/first.png", ranged(FIRST)), tmp_path)

    with pytest.raises(NetworkError, match=said):
        fetched(client, server.play("/second.png", answer), tmp_path)


def test_connection_that_the_server_closed_meanwhile_is_made_anew(server, tmp_path):
    client = CivitaiHttpClient(timeout=5, max_retries=0)
    closing = ranged(FIRST).but(headers={"Connection": "close"})
    for path in ("/1.png", "/2.png"):
        assert fetched(client, server.play(path, closing), tmp_path) == FIRST

    assert server.connections == 2


def test_redirect_and_error_page_keep_the_connection(server, tmp_path):
    client = CivitaiHttpClient(timeout=5, max_retries=0)
    fetched(client, server.play("/first.png", ranged(FIRST)), tmp_path)
    server.play("/gone.png", page(404))
    server.play("/end.png", ranged(SECOND))

    assert not client.download_file(server.url("/gone.png"), str(tmp_path / "gone.png"))
    assert fetched(client, server.play("/moved.png", redirect("/end.png")), tmp_path) == SECOND
    assert server.connections == 1


def test_rest_of_an_answer_that_nobody_read_is_not_the_next_ones(server, tmp_path):
    client = CivitaiHttpClient(timeout=5, max_retries=0)
    left = client.get_stream(server.play("/first.png", stalled(FIRST, 0)))
    left.raw._pool._put_conn(left.raw._connection)  # as a caller might who forgets to close it

    assert fetched(client, server.play("/second.png", ranged(SECOND)), tmp_path) == SECOND
    assert [request.connection for request in server.requests] == [1, 2]


def test_field_that_needs_care_is_urllib3s(server, by_urllib3, tmp_path):
    client = CivitaiHttpClient(timeout=5)
    url = server.play("/a.png", ranged(FIRST))
    fetched(client, url, tmp_path)

    client.get_stream(url, {"X-Name": "Zo\xeb"}).close()

    assert len(by_urllib3) == 2
    assert server.requests[1].headers["x-name"] == "Zo\xeb"


def test_pool_forgets_a_connection_only_when_it_is_full(server):
    pool = WireAdapter().poolmanager.connection_from_url(server.url())
    many = [pool._get_conn() for _ in range(40)]
    for connection in many:
        pool._put_conn(connection)

    kept = [pool._get_conn() for _ in range(pool.pool.qsize())]
    assert len(kept) == 16 and set(kept) <= set(many)
    assert pool._get_conn() not in many
    pool.close()
