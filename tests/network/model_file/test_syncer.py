"""Little of a file is received that is not on the disk, unless the disk is slow."""

from __future__ import annotations

import threading
import time

import pytest
from civitai_manager_libs.core import Cancellation, ResumableFile
from civitai_manager_libs.errors import Cancelled
from civitai_manager_libs.http_client import CivitaiHttpClient, ExpectedFile
from civitai_manager_libs.network import pieces
from civitai_manager_libs.network.pieces import BackgroundSync
from model_storage import ModelStorage, safetensors

_PART = 300_000  # bytes


@pytest.fixture
def lost(monkeypatch):
    """Return a list of how many bytes a loss of power would have cost at the end of each sync."""
    found, synced, sync = [], {}, ResumableFile.sync

    def watched_sync(file):
        size = file.size
        sync(file)
        found.append(file.size - synced.get(file, 0))
        synced[file] = size

    monkeypatch.setattr(ResumableFile, "sync", watched_sync)
    return found


@pytest.fixture
def file(tmp_path):
    with ResumableFile(str(tmp_path), "https://civitai.com/api/download/models/7") as file:
        yield file


def _write(sync, file, count):
    for _ in range(count):
        with sync.wait_to_write(_PART, Cancellation()):
            file.write_at(bytes(_PART), file.size)


def test_loss_of_power_destroys_less_than_a_megabyte_at_any_speed(lost, tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "_LEAST_SPEED", 0)  # of a disk that other programs make slow
    with ModelStorage(safetensors(60_000_000)) as site:
        monkeypatch.setenv("CIVITAI_BASE_URL", site.base)
        path = str(tmp_path / "a.safetensors")
        CivitaiHttpClient().fetch_model(site.url, path, ExpectedFile(site.sha256))
    assert len(lost) > 1 and max(lost) <= 1_000_000


def test_slow_disk_may_lose_more_and_does_not_delay_the_download(file, monkeypatch):
    monkeypatch.setattr(ResumableFile, "sync", lambda file: time.sleep(0.02))
    sync = BackgroundSync(file, pytest.fail)
    _write(sync, file, 40)
    with Cancellation().with_timeout(20) as cancelled, sync.wait_to_write(3_000_000, cancelled):
        sync.close()


def test_writer_that_waits_for_the_disk_can_be_cancelled(file, monkeypatch):
    ends = threading.Event()
    monkeypatch.setattr(ResumableFile, "sync", lambda file: ends.wait(20))
    sync, cancelled = BackgroundSync(file, pytest.fail), Cancellation()
    _write(sync, file, 3)
    cancelled.set()
    with pytest.raises(Cancelled), sync.wait_to_write(_PART, cancelled):
        pytest.fail("there is room")
    ends.set()
    sync.close()
