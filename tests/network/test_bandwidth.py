"""A limit of bytes a second for all: against a clock of the tests', without sleeping."""

from __future__ import annotations

import heapq
import threading
import time
from contextlib import suppress

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import Cancellation
from civitai_manager_libs.errors import Cancelled
from civitai_manager_libs.http_client import CivitaiHttpClient, SendOptions
from civitai_manager_libs.network.limiter import BandwidthLimit
from fault_responses import png, ranged
from fault_server import FaultServer


class _World:
    """Connections to a server that always has bytes: each reads, waits as told, and reads again."""

    def __init__(self, limit):
        self.now, self.limit, self.received = 0.0, limit, 0
        self.bandwidth = BandwidthLimit(lambda: self.limit, lambda: self.now)

    def run(self, seconds, connections=1):
        """Return how many bytes came in these seconds."""
        end, before = self.now + seconds, self.received
        due = [(self.now, number) for number in range(connections)]
        while due[0][0] < end:
            self.now, number = heapq.heappop(due)
            count = self.bandwidth.allowed_bytes(512 * 1024)
            self.received += count
            wait = max(1e-6, self.bandwidth.record_read(count))
            heapq.heappush(due, (self.now + wait, number))
        self.now = end
        return self.received - before


@pytest.mark.parametrize("connections", [1, 3, 16])
def test_limit_applies_to_all_connections_together(connections):
    assert _World(100_000).run(60, connections) == pytest.approx(6_000_000, rel=0.03)


def test_without_a_limit_no_read_waits():
    bandwidth = BandwidthLimit(lambda: 0)
    assert bandwidth.allowed_bytes(512 * 1024) == 512 * 1024
    assert bandwidth.record_read(10**12) == 0


def test_idle_time_is_not_made_up_for():
    world = _World(100_000)
    world.run(1)
    world.now += 50
    assert world.run(1) == pytest.approx(100_000, rel=0.25)


def test_changed_limit_applies_to_the_next_read():
    world = _World(100_000)
    world.run(10)
    world.limit = 10_000
    assert world.run(10) == pytest.approx(100_000, rel=0.15)
    world.limit = 0
    assert world.bandwidth.allowed_bytes(4096) == 4096


def test_small_reads_keep_the_progress_current():
    assert BandwidthLimit(lambda: 1_000_000).allowed_bytes(512 * 1024) == 100_000
    assert BandwidthLimit(lambda: 1000).allowed_bytes(512 * 1024) == 512


def test_read_never_takes_more_than_it_asked_for():
    assert BandwidthLimit(lambda: 1000).allowed_bytes(100) == 100


def test_job_that_waits_for_the_limit_does_not_block_page_requests(tmp_path):
    """All three slots are a slow job's, for minutes; a cancel ends its waits at once."""
    setting.change("gallery_max_rate_kb", 2.0)
    client, cancelled = CivitaiHttpClient(), Cancellation()
    with FaultServer() as server:
        urls = [server.play(f"/{n}.png", ranged(png(n, 300_000))) for n in range(5)]

        def download(url):
            with suppress(Cancelled):
                sending = SendOptions(throttled=True)
                client.fetch(url, str(tmp_path / url[-5:]), sending=sending, cancelled=cancelled)

        threads = [threading.Thread(target=download, args=(url,)) for url in urls]
        for thread in threads:
            thread.start()
        try:
            server.wait_for(3)
            time.sleep(0.5)
            small = server.play("/small.png", ranged(png("x", 500)))
            client.fetch(small, str(tmp_path / "small.png"), sending=SendOptions(urgent=True))
            assert len(server.requests) == 4  # the job has no more of them for it
        finally:
            cancelled.set()
            for thread in threads:
                thread.join(10)
        assert not any(thread.is_alive() for thread in threads)
