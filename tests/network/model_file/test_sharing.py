"""Model files have connections of their own, and share the rate limit with all other downloads."""

import os
import threading
import time
from math import inf

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import Cancellation
from civitai_manager_libs.errors import Cancelled, FileInUse
from civitai_manager_libs.http_client import CivitaiHttpClient, ExpectedFile, SendOptions
from civitai_manager_libs.network import parallel_download, pieces
from fault_responses import png, ranged
from fault_server import FaultServer
from model_storage import ModelStorage, safetensors
from page_driver import wait_for


@pytest.fixture
def site(monkeypatch):
    with ModelStorage(safetensors(3_000_000)) as site:
        monkeypatch.setenv("CIVITAI_BASE_URL", site.base)
        monkeypatch.setattr(parallel_download, "_SHARED_FROM", 500_000)
        monkeypatch.setattr(pieces, "FIRST_PIECE", 100_000)
        yield site


@pytest.fixture
def client():
    return CivitaiHttpClient(max_retries=0)


def _start(client, site, path, cancelled):
    """Download a model in another thread; return the thread and what the download raised."""
    raised = []

    def fetch():
        try:
            with cancelled.as_current():
                client.fetch_model(site.url, str(path), ExpectedFile(site.sha256))
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=fetch)
    thread.start()
    return thread, raised


def test_image_and_api_requests_do_not_wait_for_model_files(site, client, tmp_path):
    setting.change("gallery_max_concurrent_downloads", 1)
    site.rules.hangs, site.rules.stops_after = inf, 150_000
    wish = Cancellation()
    thread, raised = _start(client, site, tmp_path / "a.safetensors", wish)
    wait_for(lambda: site.at_once == 4)
    with FaultServer() as images:
        client.fetch(images.play("/a.png", ranged(png())), str(tmp_path / "a.png"))
    site.rules.route = (200, {"Content-Type": "application/json"}, b'{"items": []}')
    assert client.fetch_json(f"{site.base}/api/download/models/1") == {"items": []}
    assert site.at_once == 4 and thread.is_alive()
    wish.set()
    thread.join(20)
    assert raised and not thread.is_alive()


def test_all_model_files_together_have_as_many_connections_as_one(site, client, tmp_path):
    site.rules.rate = 2_000_000
    threads = []
    for name in "ab":
        folder = tmp_path / name
        folder.mkdir()
        threads.append(_start(client, site, folder / "a.safetensors", Cancellation())[0])
    for thread in threads:
        thread.join(60)
    assert site.most_at_once <= setting.model_connections
    for name in "ab":
        assert (tmp_path / name / "a.safetensors").read_bytes() == site.body


def test_bandwidth_limit_applies_to_all_connections_together(site, client, tmp_path):
    setting.change("gallery_max_rate_kb", 500)
    started, seen = time.monotonic(), []
    wish = Cancellation()

    def watch(received, total):
        seen.append((time.monotonic() - started, received))
        if received > 1_000_000:
            wish.set()

    with pytest.raises(Cancelled), wish.as_current():
        client.fetch_model(
            site.url,
            str(tmp_path / "a.safetensors"),
            sending=SendOptions(),
            progress=watch,
        )
    assert all(received <= 512_000 * (seconds + 0.5) + 400_000 for seconds, received in seen)


def test_file_that_another_program_downloads_is_refused(site, client, tmp_path):
    site.rules.rate = 2_000_000
    thread, raised = _start(client, site, tmp_path / "a.safetensors", Cancellation())
    wait_for(lambda: site.bytes_sent > 200_000)
    asked = len(site.route)
    with pytest.raises(FileInUse):
        CivitaiHttpClient().fetch_model(site.url, str(tmp_path / "b.safetensors"))
    assert len(site.route) == asked
    thread.join(60)
    assert not raised and "b.safetensors" not in os.listdir(tmp_path)
    assert (tmp_path / "a.safetensors").read_bytes() == site.body
