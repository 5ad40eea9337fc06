"""A limit of bytes a second, shared: against a clock of the tests', without sleeping."""

from __future__ import annotations

import heapq
import threading
import time
from contextlib import suppress

import pytest
from civitai_manager_libs.core import Cancellation
from civitai_manager_libs.errors import Cancelled
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.network.bandwidth import BandwidthLimit
from fault_responses import png, ranged
from fault_server import FaultServer


class _World:
    """Readers of a network without end: each reads, pays, and comes again when that is due."""

    def __init__(self, limit):
        self.now, self.limit = 0.0, limit
        self.rate = BandwidthLimit(lambda: self.limit, lambda: self.now)
        self.got = {}
        self._due = []

    def add(self, name, share=None, at=0.0, until=1e9):
        share = share or self.rate.add_share()
        self.got.setdefault(name, 0)
        heapq.heappush(self._due, (at, len(self._due), name, share, until))
        return share

    def run(self, seconds):
        turn = 1000
        while self._due and self._due[0][0] <= seconds:
            self.now, _, name, share, until = heapq.heappop(self._due)
            if self.now >= until:
                continue
            count = share.allowed_bytes(512 * 1024)
            self.got[name] += count
            turn += 1
            again = self.now + max(1e-6, self.rate.wait_seconds(share, count))
            heapq.heappush(self._due, (again, turn, name, share, until))
        self.now = seconds


def test_one_has_all_of_the_limit():
    world = _World(100_000)
    world.add("a")
    world.run(60)
    assert world.got["a"] == pytest.approx(6_000_000, rel=0.01)


def test_without_a_limit_nothing_waits():
    rate = BandwidthLimit(lambda: 0)
    share = rate.add_share()
    assert share.allowed_bytes(512 * 1024) == 512 * 1024
    assert rate.wait_seconds(share, 10**12) == 0


def test_jobs_have_equal_shares_however_many_connections_each_has():
    world = _World(300_000)
    share = world.add("many")
    for _ in range(8):
        world.add("many", share)
    world.add("one"), world.add("other")
    world.run(60)
    assert sum(world.got.values()) == pytest.approx(18_000_000, rel=0.02)
    for name in ("many", "one", "other"):
        assert world.got[name] == pytest.approx(6_000_000, rel=0.05)


def test_what_one_does_not_use_is_the_others():
    world = _World(100_000)
    world.add("ends", until=10)
    world.add("stays")
    world.run(60)
    assert world.got["ends"] == pytest.approx(500_000, rel=0.05)
    assert world.got["stays"] == pytest.approx(5_500_000, rel=0.05)


def test_time_in_which_nothing_came_is_not_made_up_for():
    world = _World(100_000)
    share = world.add("a", until=1)
    world.run(50)
    before = world.got["a"]
    world.add("a", share, at=50)
    world.run(51)
    assert world.got["a"] - before == pytest.approx(100_000, rel=0.25)


def test_new_limit_holds_from_the_next_byte_on():
    world = _World(100_000)
    world.add("a")
    world.run(10)
    world.limit, before = 10_000, world.got["a"]
    world.run(20)
    assert world.got["a"] - before == pytest.approx(100_000, rel=0.15)
    world.limit, before = 0, world.got["a"]
    assert world.rate.add_share().allowed_bytes(4096) == 4096


def test_little_is_read_at_once_so_that_progress_lives():
    world = _World(1_000_000)
    share = world.rate.add_share()
    assert share.allowed_bytes(512 * 1024) == 100_000
    world.limit = 1000
    assert share.allowed_bytes(512 * 1024) == 512


def test_who_waits_stops_at_once_when_it_is_cancelled():
    share = BandwidthLimit(lambda: 1000).add_share()
    cancelled, ended = Cancellation(), []

    def pay():
        try:
            share.consume(1_000_000, cancelled)
        except Cancelled:
            ended.append(time.monotonic())

    thread = threading.Thread(target=pay)
    thread.start()
    told = time.monotonic()
    cancelled.set()
    thread.join(5)
    assert ended and ended[0] - told < 0.5


@pytest.mark.parametrize("other", ["page", "another-job"])
def test_who_waits_for_the_rate_keeps_nobody_else_from_the_host(tmp_path, other):
    """All three places are a slow job's, for minutes."""
    rate, client, wish = BandwidthLimit(lambda: 2000), CivitaiHttpClient(), Cancellation()
    slow = rate.add_share()
    with FaultServer() as server:
        urls = [server.play(f"/{n}.png", ranged(png(n, 300_000))) for n in range(5)]

        def download(url):
            with suppress(Cancelled):
                client.fetch(url, str(tmp_path / url[-5:]), cancelled=wish, share=slow)

        threads = [threading.Thread(target=download, args=(url,)) for url in urls]
        for thread in threads:
            thread.start()
        try:
            server.wait_for(3)
            time.sleep(0.5)
            started, small = time.monotonic(), server.play("/small.png", ranged(png("x", 500)))
            mine = {"urgent": True} if other == "page" else {"share": rate.add_share()}
            client.fetch(small, str(tmp_path / "small.png"), **mine)
            assert time.monotonic() - started < 5
            assert len(server.requests) == 4  # a job has no more of them for it
        finally:
            wish.set()
            for thread in threads:
                thread.join(10)
