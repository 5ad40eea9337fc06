"""`_make_request` and the streams: what requests takes and gives, by our rules."""

import io
import shutil

import pytest
import requests
import responses
import urllib3
from civitai_manager_libs import setting
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.network.session import USER_AGENT
from fault_responses import cut, json_answer, packed, png, ranged, redirect, reset, stalled, status
from fault_responses import unused_port, whole
from fault_server import FaultServer, Request

KEY = "0123456789abcdef-the-users-key"
BODY = png("request", 100_000)


@pytest.fixture
def client() -> CivitaiHttpClient:
    return CivitaiHttpClient(timeout=5, max_retries=1)


def sent(server: FaultServer, **kwargs: object) -> Request:
    """Send a POST with these arguments, and return what the server received."""
    server.play("/a?b=c", status(200))
    response = CivitaiHttpClient(timeout=5)._make_request("POST", server.url("/a?b=c"), **kwargs)
    assert response is not None and response.ok
    return server.requests[-1]


@pytest.mark.parametrize(
    "kwargs, body, kind",
    [
        ({}, b"", None),
        ({"json": {"a": 1}}, b'{"a": 1}', "application/json"),
        ({"json": []}, b"[]", "application/json"),
        ({"data": {"a": "1 2"}}, b"a=1+2", "application/x-www-form-urlencoded"),
        ({"data": b"\x00\x01"}, b"\x00\x01", None),
        ({"data": io.BytesIO(b"a file")}, b"a file", None),
    ],
    ids=["nothing", "json", "empty-json", "form", "bytes", "file"],
)
def test_body_is_sent_as_requests_does(kwargs, body, kind, server):
    asked = sent(server, **kwargs)
    assert (asked.method, asked.body, asked.headers.get("content-type")) == ("POST", body, kind)


def test_files_are_sent_as_a_multipart_form(server):
    asked = sent(server, files={"image": ("a.png", io.BytesIO(BODY))}, data={"name": "x"})
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert BODY in asked.body and b'filename="a.png"' in asked.body


def test_headers_cookies_auth_and_params_are_sent(server, client):
    server.play("/a?b=c&d=e+f", status(200))
    client._make_request(
        "GET",
        server.url("/a?b=c"),
        params={"d": "e f"},
        headers={"X-Own": "1", "Accept": None},
        cookies={"seen": "yes"},
        auth=("me", "secret"),
    )
    (asked,) = server.requests
    assert asked.path == "/a?b=c&d=e+f" and asked.headers["user-agent"] == USER_AGENT
    assert (asked.headers["x-own"], asked.headers["cookie"]) == ("1", "seen=yes")
    assert asked.headers["authorization"] == requests.auth._basic_auth_str("me", "secret")
    assert "accept" not in asked.headers


def test_callers_auth_overrides_the_key(server, monkeypatch):
    monkeypatch.setenv("CIVITAI_BASE_URL", server.url(""))
    server.play(
        "/api/a", [status(401, WWW_Authenticate='Digest realm="r", nonce="n"'), status(200)]
    )
    client = CivitaiHttpClient(api_key=KEY)
    assert client._make_request(
        "GET", server.url("/api/a"), auth=requests.auth.HTTPDigestAuth("me", "secret")
    ).ok
    first, second = server.requests
    assert "authorization" not in first.headers
    assert second.headers["authorization"].startswith('Digest username="me"')


@pytest.mark.parametrize("timeout", [0.2, (5, 0.2)], ids=["one", "connect-and-read"])
def test_callers_timeout_is_used(timeout, server):
    setting.change("http_timeout", 600)
    url = server.play("/a", stalled(BODY))
    assert CivitaiHttpClient(max_retries=0)._make_request("GET", url, timeout=timeout) is None


def test_redirect_is_returned_if_the_caller_forbids_to_follow_it(server, client):
    url = server.play("/a", redirect("/b"))
    server.play("/b", json_answer(1))
    response = client._make_request("GET", url, allow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (302, "/b")
    assert client._make_request("GET", url).json() == 1


def test_callers_proxies_are_used(server, client):
    server.play("http://far.example/a", whole(b"by the proxy"))
    proxies = {"http": server.url("")}
    response = client._make_request("GET", "http://far.example/a", proxies=proxies)
    assert response.content == b"by the proxy" and proxies == {"http": server.url("")}


def test_hooks_are_called_and_their_errors_are_raised(server, client):
    seen = []
    url = server.play("/a", whole(b"x"))
    client._make_request("GET", url, hooks={"response": lambda answer, **_: seen.append(answer)})
    assert [answer.status_code for answer in seen] == [200]
    with pytest.raises(ZeroDivisionError):
        client._make_request("GET", url, hooks={"response": lambda *_, **__: 1 / 0})


@responses.activate
def test_verify_and_cert_reach_the_adapter(client):
    given = []
    responses.get("https://a.example/", body=b"")
    hooks = {"response": lambda answer, **how: given.append((how["verify"], how["cert"]))}
    client._make_request("GET", "https://a.example/", verify=False, cert="me.pem", hooks=hooks)
    assert given == [(False, "me.pem")]


def test_unknown_argument_raises_a_type_error(server, client):
    with pytest.raises(TypeError):
        client._make_request("GET", server.url(), jsn={})


@pytest.mark.parametrize("answer", [whole(BODY), packed(BODY), whole(BODY).but(framing="chunked")])
def test_body_is_read_and_the_connection_is_reused(answer, server, client):
    url = server.play("/a", answer)
    for _ in range(3):
        response = client._make_request("GET", url)
        assert response.content == BODY
    assert server.connections == 1


def test_head_response_without_a_body_is_complete(server, client):
    server.play("/a", status(200).but(framing="close"))
    assert client._make_request("HEAD", server.url("/a")).content == b""


_FAILED = {
    **{str(code): status(code) for code in (400, 404, 503)},
    **{"login": redirect("/login"), "loop": redirect("/a"), "reset": reset()},
    **{"cut": cut(BODY, 5000), "stalled": stalled(BODY, 5000)},
    "chunks": whole(BODY).but(framing="chunked", stops_at=5000),
    "damaged": whole(b"no gzip", Content_Encoding="gzip"),
}


@pytest.mark.parametrize("answer", _FAILED.values(), ids=_FAILED)
def test_failed_or_truncated_response_returns_none_and_logs_one_line(answer, server, capsys):
    client, url = CivitaiHttpClient(timeout=0.3, max_retries=1), server.play("/a", answer)
    assert client._make_request("GET", url) is None
    assert len(capsys.readouterr().err.splitlines()) == 1
    if answer.status != 200:
        assert client.get_stream_response(url) is None


@pytest.mark.parametrize(
    "kwargs",
    [{"json": float("nan")}, {"headers": {"X": "a\nb"}}, {"proxies": {"http": "nonsense://x"}}],
    ids=["json", "header", "proxy"],
)
def test_invalid_request_returns_none_and_logs_one_line(kwargs, capsys):
    url = f"http://127.0.0.1:{unused_port()}/"
    assert CivitaiHttpClient(max_retries=0)._make_request("GET", url, **kwargs) is None
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("is_file", [False, True], ids=["bytes", "file"])
def test_only_a_repeatable_body_is_sent_again(is_file, server, client):
    url = server.play("/a", [status(503), status(200)])
    response = client._make_request("POST", url, data=io.BytesIO(b"x") if is_file else b"x")
    assert (response is None) is is_file
    assert [request.body for request in server.requests] == [b"x"] * (1 if is_file else 2)


@pytest.mark.parametrize("name", ["get_stream", "get_stream_response"])
@pytest.mark.parametrize(
    "answer",
    [whole(BODY), packed(BODY), packed(BODY).but(framing="chunked"), ranged(BODY)],
    ids=["whole", "packed", "packed-chunks", "ranged"],
)
def test_streamed_response_can_be_copied(name, answer, server, client, tmp_path):
    url = server.play("/a.png", answer)
    for _ in range(4):  # more than there are places at the host
        with getattr(client, name)(url) as response, open(tmp_path / "a", "wb") as file:
            response.raw.decode_content = True
            shutil.copyfileobj(response.raw, file)
        assert (tmp_path / "a").read_bytes() == BODY
    assert server.connections == 1


def test_truncated_streamed_body_raises_while_it_is_copied(server, client):
    for answer in (cut(BODY, 9000), whole(BODY).but(framing="chunked", stops_at=9000)):
        response = client.get_stream_response(server.play("/a", answer))
        with pytest.raises(urllib3.exceptions.ProtocolError):
            shutil.copyfileobj(response.raw, io.BytesIO())
