"""Pictures over TLS: whom the client trusts, what it makes of a cut, how soon it lets go."""

import os
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from civitai_manager_libs.core.threads import Cancellation
from civitai_manager_libs.errors import Cancelled, CivitaiShortcutError, NetworkError
from civitai_manager_libs.http_client import CivitaiHttpClient, FileOptions
from fault_responses import cut, png, ranged, stalled
from fault_server import FaultServer

trustme = pytest.importorskip("trustme")

BODY = png("tls", 100_000)
_OURS, _OTHERS = trustme.CA(), trustme.CA()
_ENDED = datetime.now(timezone.utc) - timedelta(days=1)


@pytest.fixture
def serve() -> Iterator[Callable[..., FaultServer]]:
    """serve(names of the certificate) -> a server on loopback that shows it."""
    servers = []

    def serve(*names: str, **options: object) -> FaultServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _OURS.issue_cert(*(names or ("127.0.0.1",)), **options).configure_cert(context)
        servers.append(FaultServer(tls=context))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[trustme.CA], None]:
    """trust(ca): of now on its certificates are known, and no others."""

    def trust(authority: trustme.CA) -> None:
        bundle = tmp_path / "bundle.pem"
        authority.cert_pem.write_to_path(str(bundle))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))

    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    return trust


@pytest.fixture
def server(serve: Callable[..., FaultServer], trust: Callable[[trustme.CA], None]) -> FaultServer:
    """One whose certificate is trusted."""
    trust(_OURS)
    return serve()


def _client(**options: object) -> CivitaiHttpClient:
    return CivitaiHttpClient(timeout=5, **options)


@pytest.mark.parametrize("framing", ["length", "close"])
def test_environments_ca_bundle_is_used(framing, server, folder):
    url = server.play("/a.png", ranged(BODY).but(framing=framing))
    _client(max_retries=0).fetch(url, str(folder / "a.png"))
    assert url.startswith("https://") and (folder / "a.png").read_bytes() == BODY


_UNTRUSTED = {
    **{"nobodys": ("127.0.0.1", {}, None), "another-authoritys": ("127.0.0.1", {}, _OTHERS)},
    "another-hosts": ("other.example", {}, _OURS),
    "expired": ("127.0.0.1", {"not_after": _ENDED}, _OURS),
}


@pytest.mark.parametrize("name, options, known", _UNTRUSTED.values(), ids=_UNTRUSTED)
def test_untrusted_certificate_gets_no_request_and_leaves_no_file(
    name, options, known, serve, trust, folder
):
    server = serve(name, **options)
    url = server.play("/a.png", ranged(BODY))
    if known is not None:
        trust(known)
    with pytest.raises(NetworkError) as caught:
        _client(max_retries=1).fetch(url, str(folder / "a.png"))
    assert caught.value.reason == "network" and "secure connection" in str(caught.value)
    assert server.requests == [] and os.listdir(folder) == []
    assert server.connections == 2  # the first try and the further one


def test_body_cut_without_a_tls_close_is_resumed(server, folder):
    url = server.play("/a.png", [cut(BODY, 60_000), ranged(BODY)])
    _client().fetch(url, str(folder / "a.png"))
    assert (folder / "a.png").read_bytes() == BODY and os.listdir(folder) == ["a.png"]
    first, second = server.requests_for("/a.png")
    assert "range" not in first.headers and second.headers["if-range"] == '"v1"'
    assert 0 < int(second.headers["range"][len("bytes=") : -1]) <= 60_000


def test_cancel_on_a_reused_connection_leaves_no_file(server, folder):
    client, cancelled, came, ended = _client(), Cancellation(), threading.Event(), []
    client.fetch(server.play("/first.png", ranged(png())), str(folder / "first.png"))
    (folder / "first.png").unlink()
    url = server.play("/a.png", stalled(BODY, 90_000))

    def fetch() -> None:
        try:
            with cancelled.as_current():
                client.fetch(
                    url,
                    str(folder / "a.png"),
                    FileOptions(chunk_size=1000),
                    progress=lambda *_: came.set(),
                )
        except CivitaiShortcutError as error:
            ended.append(type(error))

    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    assert came.wait(10)
    cancelled.set()
    thread.join(5)
    assert ended == [Cancelled]
    assert os.listdir(folder) == [] and server.connections == 1
