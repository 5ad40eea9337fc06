"""The client's two faces: what raises, and the plan's names, which never do."""

import json
import os
from collections.abc import Iterator

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.errors import Busy, CivitaiShortcutError, HttpStatusError, InvalidResponse
from civitai_manager_libs.errors import NetworkError
from civitai_manager_libs.http_client import CivitaiHttpClient, FetchedFile, SendOptions
from civitai_manager_libs.network import responses as http_responses
from civitai_manager_libs.network.session import USER_AGENT
from fault_responses import Answer, cut, json_answer, packed, page, png, ranged, status
from fault_responses import unused_port, whole
from fault_server import FaultServer

BODY = png("client", 100_000)
PAGE_CAP = {"error": "You've requested too many pages, please use cursors instead"}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def test_requests_for_json_have_their_parameters_data_and_our_user_agent(server):
    server.play("/api?limit=2&nsfw=X+Y", json_answer({"items": [1]}))
    server.play("/api", json_answer("done"))
    client, url = CivitaiHttpClient(), server.url("/api")
    assert client.fetch_json(url, {"limit": 2, "nsfw": "X Y"}) == {"items": [1]}
    assert client.post_json(url, {"a": [1, None]}) == client.post_json(url) == "done"
    get, *posts = server.requests
    assert (get.method, get.headers["user-agent"]) == ("GET", USER_AGENT)
    assert [json.loads(r.body) for r in posts] == [{"a": [1, None]}, {}]
    assert {(r.method, r.headers["content-type"]) for r in posts} == {("POST", "application/json")}


BAD_JSON: dict[str, tuple[Answer, type[CivitaiShortcutError], int]] = {
    "page": (page(), InvalidResponse, 1),
    "huge": (whole(b" " * 2000 + b"[]"), InvalidResponse, 1),
    "huge-unpacked": (packed(b" " * 2000 + b"[]"), InvalidResponse, 1),
    "unknown-packing": (whole(b"[]", Content_Encoding="br"), InvalidResponse, 1),
    "cut": (json_answer([1] * 99).but(stops_at=50), NetworkError, 4),
    "gzip-ends-early": (
        whole(packed(b"[1, 2]").body[:-9], Content_Encoding="gzip"),
        NetworkError,
        4,
    ),
    "524": (page(524), HttpStatusError, 4),
    "page-cap": (json_answer(PAGE_CAP, 429), HttpStatusError, 1),
    "long-rest": (status(503, Retry_After="1000"), Busy, 1),
    "rest-of-a-request-that-a-user-waits-for": (status(429, Retry_After="30"), Busy, 1),
}


@pytest.mark.parametrize(
    "answer, kind, requests", [pytest.param(*row, id=name) for name, row in BAD_JSON.items()]
)
def test_bad_response_raises_an_error_or_returns_none(
    answer, kind, requests, server, monkeypatch, capsys
):
    monkeypatch.setattr(http_responses, "MAX_JSON", 1000)
    url = server.play("/api", answer)
    client = CivitaiHttpClient()
    with pytest.raises(kind):
        client.fetch_json(url)
    assert len(server.requests) == requests
    assert client.get_json(f"{url}") is None
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_download_file_saves_any_file_and_reports_progress(server, tmp_path):
    url, told = server.play("/a", whole(b"\x01" * 5000, "application/zip")), []
    assert CivitaiHttpClient().download_file(
        url, str(tmp_path / "a"), lambda *now: told.append(now)
    )
    assert (tmp_path / "a").read_bytes() == b"\x01" * 5000 and told[-1] == (5000, 5000)
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_existing_file_is_not_requested(server, tmp_path):
    (tmp_path / "a").write_bytes(b"there")
    told = []
    assert CivitaiHttpClient().download_file(
        server.url(), str(tmp_path / "a"), lambda *n: told.append(n)
    )
    assert server.requests == [] and told == [(5, 5)]


def test_fetch_replaces_an_existing_file_once_the_new_one_is_whole(server, tmp_path):
    (tmp_path / "a").write_bytes(b"older")
    url = server.play("/a", [cut(BODY, 50, etag=""), ranged(BODY)])
    client, path = CivitaiHttpClient(), str(tmp_path / "a")
    with pytest.raises(NetworkError):
        client.fetch(url, path, sending=SendOptions(max_retries=0))
    assert (tmp_path / "a").read_bytes() == b"older" and os.listdir(tmp_path) == ["a"]
    assert client.fetch(url, path) == FetchedFile(path, len(BODY), "png")
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.mark.parametrize("url", ["", "no address", "http://[", "ftp://civitai.com/a", None, 1, {}])
def test_invalid_arguments_do_not_raise(url, tmp_path, capsys):
    client = CivitaiHttpClient()
    assert [client.get_json(url), client.post_json(url), client.get_stream(url)] == [None] * 3
    assert client.download_file(url, str(tmp_path / "a")) is False
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_omitted_arguments_follow_the_current_settings(tmp_path):
    client, fixed = CivitaiHttpClient(), CivitaiHttpClient("", 0, 0, 0)
    setting.change("http_timeout", 7)
    setting.change("http_max_retries", 5)
    setting.change("http_retry_delay", 9)
    setting.civitai_api_key = "key"
    names = ("api_key", "timeout", "max_retries", "retry_delay")
    assert [getattr(client, name) for name in names] == ["key", 7, 5, 9]
    assert [getattr(fixed, name) for name in names] == ["", 0, 0, 0]
    url = f"http://127.0.0.1:{unused_port()}/"
    assert fixed.download_file(url, str(tmp_path / "a")) is False  # a timeout of 0 crashes nothing


def test_number_of_tries_is_that_of_the_setting_or_the_caller(server, tmp_path):
    url = server.play("/a", status(500))
    setting.change("http_max_retries", 1)
    client = CivitaiHttpClient()
    assert not client.download_file(url, str(tmp_path / "a"))
    assert len(server.requests) == 2
    assert not client.save(url, str(tmp_path / "a"), max_retries=0)
    assert len(server.requests) == 3
