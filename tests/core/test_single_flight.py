"""One call for all threads that want the same result at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from civitai_manager_libs.core.cancellation import Cancellation, never_cancelled
from civitai_manager_libs.core.single_flight import SingleFlight
from civitai_manager_libs.errors import Cancelled, CivitaiShortcutError, DiskFull, NotFound


class Crew:
    """Threads that request one key at once; the first calls `work` while the others wait."""

    def __init__(self, work: Callable[[int], str], count: int) -> None:
        self.flights: SingleFlight[str] = SingleFlight()
        self.led, self.results = 0, [""] * count
        self._work, self._aboard = work, threading.Event()
        self._threads = [threading.Thread(target=self._join, args=(n,)) for n in range(count)]

    def fly(self) -> list[str]:
        self._threads[0].start()
        _until(lambda: self.led == 1)
        flight = self.flights._flights["key"]
        wait, waiting = flight.is_done.wait, []
        flight.is_done.wait = lambda seconds: waiting.append(1) or wait(seconds)
        for thread in self._threads[1:]:
            thread.start()
        _until(lambda: len(waiting) >= len(self._threads) - 1)
        self._aboard.set()
        for thread in self._threads:
            thread.join(10)
        return self.results

    def _join(self, number: int) -> None:
        def lead() -> str:
            self.led += 1
            assert self._aboard.wait(10)
            return self._work(self.led)

        try:
            self.results[number] = self.flights.do("key", lead, never_cancelled())
        except CivitaiShortcutError as error:
            self.results[number] = error.reason


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_simultaneous_callers_share_one_call():
    crew = Crew(lambda _: "done", 20)

    assert crew.fly() == ["done"] * 20
    assert crew.led == 1


def test_error_is_raised_in_all_callers():
    def work(_: int) -> str:
        raise NotFound("It is gone.", 404)

    crew = Crew(work, 5)

    assert crew.fly() == ["gone"] * 5
    assert crew.led == 1


@pytest.mark.parametrize("own", [Cancelled("Cancelled."), DiskFull("No room.")], ids=repr)
def test_cancelled_or_failed_disk_makes_the_next_caller_work(own):
    def work(led: int) -> str:
        if led == 1:
            raise own
        return "done"

    crew = Crew(work, 5)

    assert sorted(crew.fly()) == sorted([own.reason, *["done"] * 4])
    assert 2 <= crew.led <= 5


def test_bug_in_a_call_is_not_shared():
    def work() -> str:
        raise ZeroDivisionError

    flights: SingleFlight[str] = SingleFlight()
    with pytest.raises(ZeroDivisionError):
        flights.do("key", work, never_cancelled())

    assert flights.do("key", lambda: "done", never_cancelled()) == "done"


def test_other_keys_and_later_calls_are_not_shared():
    flights: SingleFlight[int] = SingleFlight()
    done = [flights.do(key, lambda n=n: n, never_cancelled()) for n, key in enumerate("aab")]

    assert done == [0, 1, 2]


def test_waiting_caller_can_be_cancelled():
    flights: SingleFlight[str] = SingleFlight()
    leads, land, cancelled = threading.Event(), threading.Event(), Cancellation()

    def lead() -> str:
        leads.set()
        return str(land.wait(10))

    leader = threading.Thread(target=flights.do, args=("key", lead, never_cancelled()))
    leader.start()
    assert leads.wait(10)
    threading.Timer(0.1, cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        flights.do("key", lead, cancelled)

    assert time.monotonic() - started < 5 and leader.is_alive()
    land.set()
    leader.join(10)
