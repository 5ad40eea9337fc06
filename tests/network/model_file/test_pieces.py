"""The pieces of a model file, and how they are flushed to the disk."""

import random
import threading
import time

import pytest
from civitai_manager_libs.core import ByteRanges, Cancellation, ResumableFile
from civitai_manager_libs.errors import Cancelled
from civitai_manager_libs.http_client import CivitaiHttpClient, ExpectedFile
from civitai_manager_libs.network import pieces
from civitai_manager_libs.network.pieces import BackgroundSync, PiecePlan
from model_storage import ModelStorage, safetensors

_TOTAL = 100_000


class _File:
    """What a plan reads of a file."""

    def __init__(self, *ranges):
        self.ranges = ByteRanges(ranges)

    @property
    def size(self):
        return self.ranges.size

    @property
    def bytes_before_gap(self):
        return self.ranges.bytes_before_gap


@pytest.fixture
def small_pieces(monkeypatch):
    for name, size in (("_MIN_PIECE", 700), ("_MAX_PIECE", 9000), ("FIRST_PIECE", 1000)):
        monkeypatch.setattr(pieces, name, size)
    monkeypatch.setattr(pieces, "_MIN_SPLIT", 50)
    monkeypatch.setattr(pieces, "_SLOW", 0.0)


def _receive(file, piece, count):
    end = min(piece.end, piece.position + count)
    assert not any(start < end and piece.position < stop for start, stop in file.ranges)
    file.ranges.add(piece.position, int(end))
    piece.position = int(end)


@pytest.mark.parametrize("seed", range(20))
def test_all_bytes_are_received_and_none_twice(small_pieces, seed):
    chance = random.Random(seed)
    file = _File((500, 800), (40_000, 40_001))
    plan, active = PiecePlan(file, 4), []
    first = plan.take()
    assert plan.take() is None, "the file's length is not known yet"
    plan.set_total(_TOTAL)
    active.append(first)
    first.end = 500
    for _ in range(100_000):
        if plan.is_complete:
            break
        if len(active) < 4 and (piece := plan.take()) is not None:
            active.append(piece)
        piece = chance.choice(active)
        _receive(file, piece, chance.choice([1, 400, 3000]))
        if not piece.missing or chance.random() < 0.1:  # ended, or broke off
            active.remove(piece)
            plan.give_back(piece)
    assert plan.is_complete and [*file.ranges] == [(0, _TOTAL)]


def test_rest_of_a_slow_piece_is_halved_until_it_is_small(small_pieces):
    file = _File((4000, _TOTAL))
    plan = PiecePlan(file, 4)
    plan.set_total(_TOTAL)
    slow = plan.take()
    _receive(file, slow, 100)
    ends = []
    while (other := plan.take()) is not None:
        assert other.end == (ends[-1] if ends else 4000) or other.start >= slow.end
        _receive(file, other, 10**6)
        plan.give_back(other)
        ends.append(other.start)
    assert slow.end == ends[-1] and slow.missing < 2 * 50


def test_only_one_response_can_be_the_whole_file(small_pieces):
    file = _File()
    plan = PiecePlan(file, 4)
    plan.set_total(_TOTAL)
    one, other = plan.take(), plan.take()
    assert plan.extend_to_end(other) and not plan.extend_to_end(one)
    assert other.end == _TOTAL and plan.take() is None
    plan.give_back(one)
    plan.give_back(other)
    assert plan.take().start == 0


def test_single_connection_takes_all_missing_bytes_at_once():
    plan = PiecePlan(_File((0, 10)), 1)
    plan.set_total(_TOTAL)
    piece = plan.take()
    assert (piece.start, piece.end) == (10, _TOTAL)


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
