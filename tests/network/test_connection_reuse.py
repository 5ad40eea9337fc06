"""A further request over a kept connection is like any other, whatever becomes of it."""

from __future__ import annotations


import pytest
from civitai_manager_libs.http_client import CivitaiHttpClient
from fault_responses import Answer, cut, page, png, ranged, redirect, reset, stalled

FIRST, SECOND = png("first"), png("second")


def fetched(client: CivitaiHttpClient, url: str, folder) -> bytes:
    path = client.fetch(url, str(folder / "a.png")).path
    with open(path, "rb") as file:
        return file.read()


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
