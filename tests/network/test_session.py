"""Where the key goes and where it does not; where a redirect may lead; proxies."""

import importlib.util
import socket
import socketserver
import struct
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress

import pytest
import responses
from civitai_manager_libs import network, setting
from civitai_manager_libs.core import Cancellation
from civitai_manager_libs.errors import Cancelled, CivitaiShortcutError, InputError, NetworkError
from civitai_manager_libs.errors import Refused
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.network import session
from civitai_manager_libs.network.session import HttpSession, OutgoingRequest, prepare_request
from civitai_manager_libs.network.session import USER_AGENT
from fault_responses import json_answer, page, redirect, stalled, status, unused_port, whole
from fault_server import FaultServer
from hypothesis import given, strategies as st

KEY = "0123456789abcdef-the-users-key"
PICTURE = "https://image.civitai.example/a.png"


@pytest.fixture
def other() -> Iterator[FaultServer]:
    """Another host: the same address at another port."""
    with FaultServer() as server:
        yield server


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def send(url: str, key: str = KEY, **asked: object) -> int:
    """Send a request and return the status."""
    ask = OutgoingRequest(prepare_request(asked.pop("method", "GET"), url, **asked), 5, key)
    response = HttpSession().send(ask)
    response.close()
    return response.status_code


_NAMES = ("civitai.com", "civitai.red", "civitai.green", "image.civitai.com", "mirror.example")
_NAMES += ("[::1]:8", "civitai.com:444", "civitai.red@mirror.example", "civitai.com.example")
_NAMES += ("xcivitai.com", "civitai.com@other.example", "www.civitai.com", "CIVITAI.com")
_BASES = ("", "https://civitai.com", "https://civitai.red/", "https://mirror.example/m")
_BASES += ("http://[::1]:8",)


@given(
    host=st.sampled_from(setting.HOSTS),
    environment=st.sampled_from(_BASES),
    scheme=st.sampled_from(["http", "https"]),
    name=st.sampled_from(_NAMES),
    path=st.sampled_from(["/api/v1/images", "/m/api/v1/me", "/models/1", "/apiary", "/a/api/b"]),
)
def test_key_gets_to_no_host_but_the_chosen_one(host, environment, scheme, name, path):
    with pytest.MonkeyPatch.context() as patch, responses.RequestsMock() as mocked:
        patch.setattr(setting, "civitai_host", host)
        patch.setenv("CIVITAI_BASE_URL", environment)
        mocked.get(f"{scheme}://{name}{path}", json={})
        send(f"{scheme}://{name}{path}")
        key = mocked.calls[0].request.headers.get("Authorization")
    base, plain = environment.rstrip("/") or f"https://{host}", name.lower().removeprefix("www.")
    has_key = f"{scheme}://{plain}{path}".startswith(f"{base}/api/")
    assert key == (f"Bearer {KEY}" if has_key else None)


def test_redirect_to_another_host_sends_no_secret(server, other, monkeypatch):
    monkeypatch.setenv("CIVITAI_BASE_URL", server.url(""))
    secrets = {"Cookie": "a=b", "Referer": "https://x/?token=1", "Authorization": "Bearer own"}
    server.play("/api/download?token=abc", redirect(other.url("/signed")))
    other.play("/signed", whole(b"file"))
    send(server.url("/api/download"), params={"token": "abc"}, headers={**secrets, "X-Kept": "1"})
    assert server.requests[0].headers["authorization"] == "Bearer own"
    sent = other.requests[0].headers
    assert sent["x-kept"] == "1" and sent["user-agent"] == USER_AGENT
    assert not {"authorization", "cookie", "referer"} & set(sent)


def test_key_is_kept_on_a_redirect_within_the_api_and_removed_on_others(
    server, other, mocked, monkeypatch
):
    mocked.add_passthru("http://127.0.0.1")
    with monkeypatch.context() as patch:
        patch.setenv("CIVITAI_BASE_URL", server.url(""))
        server.play("/api/a", redirect("/api/b", 307))
        server.play("/api/b", redirect(other.url("/c"), 308))
        other.play("/c", json_answer(1))
        assert CivitaiHttpClient(api_key=KEY).fetch_json(server.url("/api/a")) == 1
    assert ["authorization" in r.headers for r in server.requests] == [True, True]
    assert "authorization" not in other.requests[0].headers
    assert KEY not in repr(other.requests)
    mocked.get(PICTURE, status=302, headers={"Location": "https://civitai.com/api/v1/me"})
    mocked.get("https://civitai.com/api/v1/me", json={})
    assert send(PICTURE) == 200  # a redirect to the API gets none
    assert not any("Authorization" in call.request.headers for call in mocked.calls)


def test_netrc_is_never_used(server, tmp_path, monkeypatch):
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login me password secret\nmachine 127.0.0.1 login me password s\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    server.play("/a", redirect("/b"))
    CivitaiHttpClient().get_json(server.url("/a"))
    CivitaiHttpClient().download_file(server.url("/a"), str(tmp_path / "a"))
    assert len(server.requests) == 4
    assert not any("authorization" in asked.headers for asked in server.requests)


def test_changed_key_is_used_by_the_next_request(server, monkeypatch):
    monkeypatch.setenv("CIVITAI_BASE_URL", server.url(""))
    server.play("/api/a", json_answer(1))
    client = CivitaiHttpClient()
    keys = []
    for change in (
        lambda: None,
        lambda: setattr(setting, "civitai_api_key", "of-the-settings"),
        lambda: client.update_api_key("its-own"),
        lambda: client.update_api_key(""),
        lambda: client.update_api_key(None),
    ):
        change()
        client.get_json(server.url("/api/a"))
        keys.append(server.requests[-1].headers.get("authorization", "").removeprefix("Bearer "))
    assert keys == ["", "of-the-settings", "its-own", "", "of-the-settings"]


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}\r\nX: 1", f"{KEY}\u9375"], ids=repr)
def test_invalid_key_is_reported_without_quoting_it(key, capsys):
    client = CivitaiHttpClient(api_key=key)
    with pytest.raises(InputError) as caught:
        client.fetch_json("https://civitai.com/api/v1/me")
    assert client.get_json("https://civitai.com/api/v1/me") is None
    assert KEY not in "".join(traceback.format_exception(caught.value)) + capsys.readouterr().err


@pytest.mark.parametrize("answer", [status(404), status(500), page(), redirect("/login"), None])
def test_key_is_in_no_error_and_no_log_line(answer, server, tmp_path, monkeypatch, capsys):
    base = server.url("") if answer else f"http://127.0.0.1:{unused_port()}"
    monkeypatch.setenv("CIVITAI_BASE_URL", base)
    server.play("/api/a", answer or status(200))
    client = CivitaiHttpClient(api_key=KEY, max_retries=1)
    with pytest.raises(CivitaiShortcutError) as caught:
        client.fetch_json(f"{base}/api/a")
    client.get_json(f"{base}/api/a?token={KEY}")
    client.download_file(f"{base}/api/a?token={KEY}", str(tmp_path / "a"))
    logged = capsys.readouterr()
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in logged.err + logged.out and logged.err.count("[http_client]") == 2


@pytest.mark.parametrize(
    "target",
    [f"https://{host}/a.png" for host in ("127.0.0.1", "a.localhost", "[::1]", "192.168.1.1")]
    + ["http://image.civitai.example/b.png"],
)
def test_redirect_to_a_private_address_or_away_from_https_is_refused(target, mocked):
    mocked.get(PICTURE, status=302, headers={"Location": target})
    mocked.get(target, body=b"inner")
    with pytest.raises(Refused):
        send(PICTURE)
    assert len(mocked.calls) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_redirect_is_judged_by_the_connected_address(address, server, mocked, monkeypatch):
    port = server.host.split(":")[1]
    away = f"http://public.example:{port}/secret"
    mocked.get("http://origin.example/a.png", status=302, headers={"Location": away})
    mocked.add_passthru("http://public.example")
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, int(port)))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Refused, match="your own network"):
        send("http://origin.example/a.png")
    assert server.requests == []
    assert send(away) == 404  # whoever names it gets it: only a redirect may not


def _is_ipv6_here() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


mapped = pytest.mark.posix  # Windows reaches no IPv4 server by an IPv6 address
_INNER = {
    "ipv6-loopback": ("::1", "[::1]", ""),
    "mapped-in-hex": ("127.0.0.1", "[::ffff:7f00:1]", ""),
    "one-number": ("127.0.0.1", "2130706433", "127.0.0.1"),
    "name-of-mapped": ("127.0.0.1", "away.example", "::ffff:127.0.0.1"),
    "name-of-loopback": ("127.0.0.1", "away.example", "127.0.0.1"),
}


@pytest.mark.skipif(not _is_ipv6_here(), reason="no IPv6 on loopback")
@pytest.mark.parametrize(
    "listens, named, found",
    [pytest.param(*v, id=k, marks=mapped if "mapped" in k else ()) for k, v in _INNER.items()],
)
def test_redirect_from_the_internet_sends_nothing_to_a_private_address(
    listens, named, found, server, monkeypatch
):
    """On real sockets; the first host, which can only be here, is taken for one of the internet."""
    places = {"origin.example": "127.0.0.1", named: found}
    lookup = socket.getaddrinfo

    def find(host: str, *rest: object, **named: object) -> list:
        return lookup(places.get(host) or host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", find)
    monkeypatch.setattr(session, "is_private_address", lambda _: False)
    with FaultServer(listens) as inner:
        secret = f"http://{named}:{inner.port}/secret"
        inner.play("/secret", whole(b"inner"))
        server.play("/a.png", redirect(secret))
        with pytest.raises(Refused, match="your own network"):
            send(f"http://origin.example:{server.port}/a.png")
        assert len(server.requests) == 1 and inner.requests == []
        assert send(secret) == 200  # it could have been had


@pytest.mark.parametrize(
    "code, method, body",
    [(301, "GET", b""), (302, "GET", b""), (303, "GET", b"")]
    + [(307, "POST", b'{"a": 1}'), (308, "POST", b'{"a": 1}')],
)
def test_redirected_post_keeps_its_body_with_307_and_308(code, method, body, server):
    server.play("/a", redirect("/b", code))
    send(server.url("/a"), method="POST", json={"a": 1})
    assert (server.requests[1].method, server.requests[1].body) == (method, body)


@pytest.fixture
def proxy(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    monkeypatch.setenv("HTTP_PROXY", server.url(""))
    monkeypatch.setenv("HTTPS_PROXY", server.url(""))
    monkeypatch.setenv("NO_PROXY", "direct.example,127.0.0.1")
    return server


def test_proxy_does_not_receive_the_key_of_an_https_request(proxy):
    url = "https://civitai.com/api/v1/images"
    with pytest.raises(NetworkError, match="proxy"):
        send(url)
    assert [asked.method for asked in proxy.requests] == ["CONNECT"]
    assert "authorization" not in proxy.requests[0].headers


def test_local_proxy_does_not_change_how_redirects_are_judged(proxy):
    proxy.play("http://far.example/a", redirect("http://other.example/b"))
    proxy.play("http://far.example/c", redirect("http://127.0.0.1:1/d"))
    assert send("http://far.example/a") == 404
    with pytest.raises(Refused):
        send("http://far.example/c")


@pytest.mark.parametrize("name", ["socks5://127.0.0.1:1", "nonsense://x", "http://", "http://["])
def test_invalid_proxy_and_missing_certificates_are_errors_with_messages(
    name, monkeypatch, tmp_path
):
    with monkeypatch.context() as patch:
        patch.setenv("HTTP_PROXY", name)
        with pytest.raises((Refused, NetworkError)) as caught:
            send("http://far.example/a")
        assert str(caught.value).endswith(".")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(NetworkError, match="secure connection"):
        send("https://far.example/a")


def test_server_without_tls_is_an_error_with_a_message():
    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(10_000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        with pytest.raises(NetworkError, match="secure connection"):
            send("https://127.0.0.1:%d/a" % listener.getsockname()[1])
        thread.join(10)


_PNG = b"\x89PNG\r\n\x1a\n a picture"
_NO_SOCKS = importlib.util.find_spec("socks") is None
_needs_socks = pytest.mark.skipif(_NO_SOCKS, reason="PySocks is not installed")


def _send(url):
    response = HttpSession().send(OutgoingRequest(prepare_request("GET", url), 5))
    response.close()
    return response.status_code


def test_proxy_in_the_settings_overrides_the_environments(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    setting.change("proxy", f" {server.url('')} ")
    server.play("http://far.example/a", whole(_PNG))
    assert _send("http://far.example/a") == 200
    setting.change("proxy", "")
    with pytest.raises(NetworkError, match="proxy could not be reached"):
        _send("http://far.example/a")


@pytest.mark.parametrize("listed", [True, False], ids=["no-proxy", "inside"])
def test_private_hosts_and_hosts_in_no_proxy_are_reached_directly(server, monkeypatch, listed):
    setting.change("proxy", f"http://127.0.0.1:{unused_port()}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1" if listed else "")
    assert _send(server.url("/direct")) == 404


@pytest.mark.parametrize("url", ["nonsense", "ftp://a:1", "socks5h://", "http://a:b", "http://[x"])
def test_invalid_proxy_is_refused_and_no_request_bypasses_it(server, url):
    setting.change("proxy", url)
    with pytest.raises(InputError, match="socks5h://127.0.0.1:1080"):
        _send("http://far.example/a")
    assert server.requests == []


def test_proxy_with_a_password_is_refused_without_quoting_it():
    with pytest.raises(InputError, match="HTTPS_PROXY") as caught:
        network.validate_proxy("http://user:sekret@127.0.0.1:80")
    assert "sekret" not in str(caught.value)


def test_socks_proxy_without_pysocks_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    setting.change("proxy", "socks5h://127.0.0.1:1080")
    with pytest.raises(InputError, match="pip install PySocks"):
        _send("http://far.example/a")


class _Socks(socketserver.StreamRequestHandler):
    """A request to a SOCKS5 proxy (RFC 1928), which leads all to the server of the test."""

    def handle(self):
        _, methods = self.rfile.read(2)
        self.rfile.read(methods)
        self.wfile.write(b"\x05\x00")  # no password
        is_name = self.rfile.read(4)[3] == 3
        host = self.rfile.read(self.rfile.read(1)[0] if is_name else 4)
        self.rfile.read(2)
        self.server.asked.append(host.decode() if is_name else socket.inet_ntoa(host))
        with socket.create_connection(("127.0.0.1", self.server.leads_to)) as there:
            self.wfile.write(b"\x05\x00\x00\x01" + b"\x00" * 4 + struct.pack("!H", 0))
            threading.Thread(target=_pump, args=(there, self.connection), daemon=True).start()
            _pump(self.connection, there)


def _pump(one, other):
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def socks(server):
    """Yield a SOCKS5 proxy: `url`, and `asked`, the hosts of its requests."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Socks) as proxy:
        proxy.asked, proxy.leads_to, proxy.daemon_threads = [], server.port, True
        proxy.url = f"socks5h://127.0.0.1:{proxy.server_address[1]}"
        threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True).start()
        yield proxy
        proxy.shutdown()


@_needs_socks
@pytest.mark.parametrize("by", ["setting", "environment"])
def test_socks_proxy_resolves_the_host_name(server, socks, tmp_path, monkeypatch, by):
    if by == "setting":
        setting.change("proxy", socks.url)
    else:
        monkeypatch.setenv("HTTP_PROXY", socks.url)
    server.play("/a.png", whole(_PNG))
    got = CivitaiHttpClient().fetch("http://far.example/a.png", str(tmp_path / "a.png"))
    assert socks.asked == ["far.example"]
    assert (tmp_path / "a.png").read_bytes() == _PNG and got.size == len(_PNG)


@_needs_socks
def test_cancel_cuts_off_a_request_through_a_socks_proxy(server, socks, tmp_path):
    server.play("/a.png", stalled(_PNG * 1000, 5000))
    cancelled = Cancellation()
    setting.change("proxy", socks.url)
    threading.Timer(0.3, cancelled.set).start()
    with pytest.raises(Cancelled), cancelled.as_current():
        CivitaiHttpClient().fetch("http://far.example/a.png", str(tmp_path / "a"))
