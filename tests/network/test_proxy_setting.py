"""The setting of a proxy: it wins over the environment's, and nothing goes past it."""

import importlib.util
import socket
import socketserver
import struct
import threading
from contextlib import suppress

import pytest
from civitai_manager_libs import host, setting
from civitai_manager_libs.core import Cancellation
from civitai_manager_libs.errors import Cancelled, InputError, NetworkError
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.network.session import HttpSession, OutgoingRequest, prepare_request
from fault_responses import stalled, unused_port, whole

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
        host.validate_proxy("http://user:sekret@127.0.0.1:80")
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
