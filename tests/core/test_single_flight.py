"""One call for all threads that want the same result at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from civitai_manager_libs.core import threads as single_flight
from civitai_manager_libs.core.threads import Cancellation, never_cancelled, SingleFlight
from civitai_manager_libs.errors import Cancelled, CivitaiShortcutError, DiskFull, NotFound


@pytest.fixture
def call_at_once(monkeypatch):
    """Return a function that calls `do` in five threads, and returns the results and reasons.

    The first of them calls `work`, with 1, only when all others wait for it.
    """
    waiting, all_wait, wait = set(), threading.Event(), single_flight.wait

    def counted(running: list, seconds: float) -> object:
        waiting.add(threading.get_ident())
        if len(waiting) == 4:
            all_wait.set()
        return wait(running, seconds)

    monkeypatch.setattr(single_flight, "wait", counted)

    def call(work: Callable[[int], str]) -> list[str]:
        flights, results, calls = SingleFlight(), [], []

        def lead() -> str:
            calls.append(1)
            assert all_wait.wait(10)
            return work(len(calls))

        def run() -> None:
            try:
                results.append(flights.do("key", lead, never_cancelled()))
            except CivitaiShortcutError as error:
                results.append(error.reason)

        threads = [threading.Thread(target=run) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        return sorted(results)

    return call


def test_simultaneous_callers_share_one_call(call_at_once):
    assert call_at_once(str) == ["1"] * 5


def test_error_is_raised_in_all_callers(call_at_once):
    calls = []

    def work(call: int) -> str:
        calls.append(call)
        raise NotFound("It is gone.", 404)

    assert call_at_once(work) == ["gone"] * 5 and calls == [1]


@pytest.mark.parametrize("own", [Cancelled("Cancelled."), DiskFull("No room.")], ids=repr)
def test_cancelled_or_failed_disk_makes_the_next_caller_work(call_at_once, own):
    def work(call: int) -> str:
        if call == 1:
            raise own
        return "1"

    assert call_at_once(work) == ["1"] * 4 + [own.reason]


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
    with pytest.raises(Cancelled):
        flights.do("key", lead, cancelled)
    assert leader.is_alive()
    land.set()
    leader.join(10)
