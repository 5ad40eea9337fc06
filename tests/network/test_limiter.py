"""When a request may be sent, and how fast a body may arrive."""

import heapq
import threading
import time
from contextlib import ExitStack, nullcontext, suppress

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core.threads import Cancellation, never_cancelled
from civitai_manager_libs.errors import Cancelled, NetworkError
from civitai_manager_libs.http_client import CivitaiHttpClient, SendOptions
from civitai_manager_libs.network import limiter as host_limiter
from civitai_manager_libs.network.limiter import BandwidthLimit, HostLimiter, HostLimiters
from fault_responses import png, ranged
from fault_server import FaultServer
from loopback_server import Closing


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch):
    monkeypatch.setattr(host_limiter, "_POLL", 0.01)


class Visitors(Closing):
    """Threads that take a slot and keep it until they are let go. inside: all that ever had one."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.gate = HostLimiter(lambda: self.limit)
        self.inside: list[str] = []
        self.changed = threading.Condition()
        self.leave: dict[str, threading.Event] = {}
        self.threads: list[threading.Thread] = []

    def come(self, *names: str) -> None:
        """Those whose name begins with "page" are urgent."""
        for name in names:
            self.leave[name] = threading.Event()
            thread = threading.Thread(target=self._visit, args=(name,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def wait_for(self, count: int) -> list[str]:
        """Until so many have ever been inside."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.inside) >= count, 10), self.inside
            return list(self.inside)

    def wait_for_waiting(self, pages: int, jobs: int) -> None:
        deadline = time.monotonic() + 10
        while (self.gate._waiting[True], self.gate._waiting[False]) != (pages, jobs):
            assert time.monotonic() < deadline, self.gate._waiting
            time.sleep(0.001)

    def next_after(self, name: str) -> str:
        """Who goes in when this one has left."""
        count = len(self.inside) + 1
        self.leave[name].set()
        return self.wait_for(count)[-1]

    def close(self) -> None:
        for leave in self.leave.values():
            leave.set()
        for thread in self.threads:
            thread.join(10)

    def _visit(self, name: str) -> None:
        with self.gate.slot(never_cancelled(), name.startswith("page")):
            with self.changed:
                self.inside.append(name)
                self.changed.notify_all()
            self.leave[name].wait()


def width(gate: HostLimiter) -> int:
    """Return how many requests the limiter lets in at once."""
    with ExitStack() as stack:
        for count in range(100):
            late = Cancellation()
            late.set()  # a request that would have to wait is cancelled
            try:
                stack.enter_context(gate.slot(late))
            except Cancelled:
                return count
    raise AssertionError("no limit")


def test_active_requests_do_not_exceed_the_limit_which_may_be_raised():
    with Visitors(3) as who:
        who.come(*(f"page {n}" for n in range(8)))
        first = who.wait_for(3)
        assert len(first) == 3 and width(who.gate) == 0
        who.next_after(first[0])
        assert len(who.wait_for(4)) == 4 and who.gate._active[True] == 3  # no job waits
        who.limit = 5
        who.wait_for(6)


def test_urgent_requests_go_first():
    with Visitors(2) as who:
        who.come("job 0", "job 1")
        who.wait_for(2)
        who.come("job 2", "job 3")
        who.wait_for_waiting(pages=0, jobs=2)
        who.come("page 0")
        who.wait_for_waiting(pages=1, jobs=2)
        assert who.next_after("job 0") == "page 0"
        assert who.next_after("page 0").startswith("job")


@pytest.mark.parametrize("limit", [2, 3, 16])
def test_one_slot_is_left_to_jobs_among_many_urgent_requests(limit):
    with Visitors(limit) as who:
        who.come(*(f"page {n}" for n in range(limit + 4)))
        who.wait_for(limit)
        who.come("job 0", "job 1", "job 2")
        who.wait_for_waiting(pages=4, jobs=3)
        first, second = who.inside[:2]
        job = who.next_after(first)
        assert job.startswith("job")
        page = who.next_after(second)
        assert page.startswith("page")  # one place is the jobs', not two
        job = who.next_after(job)
        assert job.startswith("job")
        assert who.next_after(page).startswith("page")
        assert who.next_after(job).startswith("job")


def test_urgent_requests_and_jobs_alternate_in_a_single_slot():
    with Visitors(1) as who:
        who.come("page 0")
        who.wait_for(1)
        who.come(*(f"page {n}" for n in range(1, 4)), *(f"job {n}" for n in range(4)))
        who.wait_for_waiting(pages=3, jobs=4)
        for _ in range(6):
            who.next_after(who.inside[-1])
        assert [name.split()[0] for name in who.inside] == ["page", "job"] * 3 + ["page"]
        assert who.next_after(who.inside[-1]).startswith("job")


def test_yielded_slot_is_for_requests_that_are_not_throttled():
    gate, late = HostLimiter(lambda: 1), Cancellation()
    with gate.slot(never_cancelled(), throttled=True):
        with gate.lend_slot():
            with gate.slot(never_cancelled(), urgent=True):
                pass
            threading.Timer(0.1, late.set).start()
            with pytest.raises(Cancelled), gate.slot(late, throttled=True):
                raise AssertionError("two throttled requests at once")
        with pytest.raises(Cancelled), gate.slot(late, urgent=True):
            raise AssertionError("the slot is taken again")
    with gate.slot(never_cancelled()):
        pass


def test_no_request_starts_during_a_pause():
    gate = HostLimiter(lambda: 3)
    gate.pause(0.3)
    gate.pause(0.1)  # the longer one counts
    started = time.monotonic()
    with gate.slot(never_cancelled()):
        assert time.monotonic() - started >= 0.29
    assert gate.paused_seconds() == 0


@pytest.mark.parametrize("is_over", [True, False])
def test_retry_in_an_outage_is_decided_by_the_request_under_way(is_over):
    """What the user repeats is not refused for the failures before it."""
    gate = HostLimiter(lambda: 3)
    for _ in range(4):
        gate.record_failure(NetworkError("away"))
    last = NetworkError("still away")
    with gate.slot(never_cancelled(), urgent=True):
        end = gate.record_success if is_over else lambda: gate.record_failure(last)
        threading.Timer(0.1, end).start()
        with nullcontext() if is_over else pytest.raises(NetworkError, match="still away"):
            gate.check_outage()


def test_slot_is_free_again_after_an_error():
    gate = HostLimiter(lambda: 1)
    with pytest.raises(KeyError), gate.slot(never_cancelled()):
        raise KeyError
    assert width(gate) == 1


def test_pause_halves_the_slots_once_and_successes_restore_them():
    limit = 8
    gate = HostLimiter(lambda: limit)
    assert width(gate) == 8
    for _ in range(5):  # one burst
        gate.pause(0.05)
    gate._pause_end = 0.0
    assert width(gate) == 4
    gate.pause(0)
    assert width(gate) == 2
    widths = []
    for _ in range(7):
        for _ in range(20):
            gate.record_success()
        widths.append(width(gate))
    assert widths == [3, 4, 5, 6, 7, 8, 8]
    gate.pause(0)
    limit = 3
    assert width(gate) == 3  # the smaller setting applies to a reduced host too
    for _ in range(9):
        gate.pause(0)
    assert width(gate) == 1


@pytest.mark.parametrize(
    "one, other, is_same",
    [
        ("https://civitai.com/a", "https://CIVITAI.com/b?c#d", True),
        ("https://civitai.com", "https://user:word@civitai.com/", True),
        ("https://civitai.com/a", "https://image.civitai.com/a", False),
        ("http://127.0.0.1:1/a", "http://127.0.0.1:2/a", False),
        ("no address", "http://[", False),
    ],
)
def test_each_host_has_one_limiter(one, other, is_same):
    gates = HostLimiters(lambda: 3)
    assert (gates.for_url(one) is gates.for_url(other)) == is_same
    assert gates.for_url(one) is gates.for_url(one)


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


@pytest.mark.parametrize(
    "limit, asked, count",
    [(0, 2**19, 2**19), (10**6, 2**19, 100_000), (1000, 2**19, 512), (1000, 100, 100)],
    ids=["no-limit", "a-tenth-of-a-second", "least", "no-more-than-asked"],
)
def test_each_read_is_small_enough_to_keep_the_progress_current(limit, asked, count):
    bandwidth = BandwidthLimit(lambda: limit)
    assert bandwidth.allowed_bytes(asked) == count
    assert limit or bandwidth.record_read(10**12) == 0


def test_changed_limit_applies_to_the_next_read_and_idle_time_is_not_made_up_for():
    world = _World(100_000)
    world.run(10)
    world.limit = 10_000
    assert world.run(10) == pytest.approx(100_000, rel=0.15)
    world.now += 50
    assert world.run(10) == pytest.approx(100_000, rel=0.25)


def test_job_that_waits_for_the_limit_does_not_block_page_requests(tmp_path):
    """All three slots are a slow job's, for minutes; a cancel ends its waits at once."""
    setting.change("gallery_max_rate_kb", 2.0)
    client, cancelled = CivitaiHttpClient(), Cancellation()
    with FaultServer() as server:
        urls = [server.play(f"/{n}.png", ranged(png(n, 300_000))) for n in range(5)]

        def download(url):
            with suppress(Cancelled), cancelled.as_current():
                sending = SendOptions(throttled=True)
                client.fetch(url, str(tmp_path / url[-5:]), sending=sending)

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
