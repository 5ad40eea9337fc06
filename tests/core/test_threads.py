"""Work in threads: cancelled, side by side, once for all who ask."""

import threading
import time
from collections.abc import Callable

import pytest
from civitai_manager_libs.core import threads as single_flight
from civitai_manager_libs.core.threads import Cancellation, never_cancelled, prefetch, run_parallel
from civitai_manager_libs.core.threads import SingleFlight
from civitai_manager_libs.errors import Cancelled, CivitaiShortcutError, DiskFull, NotFound


def test_set_cancellation_raises_in_check_and_sleep_and_lets_nothing_begin():
    cancelled = Cancellation()
    threading.Timer(0.05, cancelled.set).start()
    with pytest.raises(Cancelled):
        cancelled.sleep(60)
    cancelled.set()
    for stop in (cancelled.check, lambda: cancelled.sleep(60)):
        with pytest.raises(Cancelled):
            stop()
    with pytest.raises(Cancelled), cancelled.call_when_cancelled(lambda: None):
        pytest.fail("began")
    assert list(run_parallel(range(9), pytest.fail, 2, cancelled)) == []


def test_callback_is_called_only_during_its_block_and_may_cancel_again():
    cancelled, called = Cancellation(), []
    with cancelled.call_when_cancelled(lambda: called.append("over")):
        assert called == []
    with pytest.raises(ZeroDivisionError), cancelled.call_when_cancelled(
        lambda: called.append("live")
    ):
        cancelled.set()
        raise ZeroDivisionError
    assert called == ["live"]
    again, calls = Cancellation(), []

    def set_again() -> None:
        calls.append(1)
        if len(calls) < 3:
            again.set()

    with again.call_when_cancelled(set_again):
        again.set()
    assert len(calls) == 3


def test_timed_cancellation_is_set_with_the_other_or_after_its_timeout():
    cancelled = Cancellation()
    with cancelled.with_timeout(0.01) as bounded, pytest.raises(Cancelled):
        bounded.sleep(60)
    assert not cancelled.is_set()
    with never_cancelled().with_timeout(0.01) as bounded, pytest.raises(Cancelled):
        bounded.sleep(60)
    with cancelled.with_timeout(60) as bounded:
        cancelled.set(for_good=True)
        assert bounded.is_set() and bounded.is_for_good


@pytest.fixture(autouse=True)
def _no_workers_of_other_tests(monkeypatch):
    monkeypatch.setitem(globals(), "_OTHERS", set(threading.enumerate()))


_OTHERS: set[threading.Thread] = set()


def _workers() -> list[threading.Thread]:
    named = (t for t in threading.enumerate() if t.name == "gallery-download")
    return [thread for thread in named if thread not in _OTHERS]


def _no_workers_are_left() -> bool:
    deadline = time.monotonic() + 5
    while _workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not _workers()


@pytest.mark.parametrize("bug", [RuntimeError("bug"), KeyboardInterrupt()])
def test_exception_in_the_work_is_raised_and_ends_the_rest(bug):
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        raise bug

    with pytest.raises(type(bug)):
        list(run_parallel(range(50), work, 2))
    assert _no_workers_are_left()
    assert len(begun) <= 4


@pytest.mark.parametrize("concurrency", [1, 3, 10])
def test_as_many_items_as_threads_run_at_once(concurrency):
    full = threading.Barrier(concurrency, timeout=10)  # none passes unless all are at work
    lock = threading.Lock()
    inside, most = 0, 0

    def work(_: int) -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        full.wait()
        with lock:
            inside -= 1

    done = list(run_parallel(range(6 * concurrency), work, concurrency))
    assert len(done) == 6 * concurrency
    if concurrency == 1:  # work begins in the order of the items
        assert [item for item, _ in done] == list(range(6))
    assert most == concurrency
    assert _no_workers_are_left()


def test_items_are_read_only_as_fast_as_they_are_processed():
    drawn = 0

    def items():
        nonlocal drawn
        for drawn in range(1, 1_000_000):
            yield drawn

    results = run_parallel(items(), lambda n: n, 3)
    for _ in range(10):
        next(results)
    assert drawn <= 10 + 2 * 3
    results.close()
    assert _no_workers_are_left()


def test_slow_item_does_not_delay_the_others():
    release = threading.Event()
    results = run_parallel(range(20), lambda n: release.wait(10) if n == 0 else n, 2)
    first = [next(results)[0] for _ in range(19)]
    release.set()
    assert sorted(first) == list(range(1, 20))
    assert [item for item, _ in results] == [0]


def test_cancellation_ends_the_work_soon_and_keeps_results():
    cancelled, hang = Cancellation(), threading.Event()
    results = run_parallel(range(100), lambda n: n if n < 5 else hang.wait(60), 2, cancelled)
    done = [next(results)[0] for _ in range(5)]
    cancelled.set()
    assert [item for item, _ in results] == []
    assert sorted(done) == list(range(5))
    hang.set()
    assert _no_workers_are_left()

    def work(item: int) -> None:
        if item == 1:
            cancelled.set()
            time.sleep(0.05)

    cancelled = Cancellation()  # what runs at a cancellation is still yielded
    assert 1 in [item for item, _ in run_parallel(range(100), work, 1, cancelled)]


def test_ticks_are_called_while_the_caller_waits():
    release, ticks = threading.Event(), []

    def tick() -> None:
        ticks.append(threading.current_thread())
        if len(ticks) == 3:
            release.set()

    assert list(run_parallel([1], lambda _: release.wait(10), 1, on_tick=tick)) == [(1, True)]
    assert len(ticks) >= 3 and set(ticks) == {threading.current_thread()}


def test_only_the_next_item_is_read_in_advance():
    drawn, second = [], threading.Event()

    def items():
        for number in range(5):
            drawn.append(number)
            if number == 1:
                second.set()
            yield number
        raise KeyError("a bug")

    numbers = prefetch(items(), Cancellation(), lambda: None)
    assert next(numbers) == 0
    assert second.wait(10)
    time.sleep(0.05)
    assert drawn == [0, 1]
    assert [next(numbers) for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(KeyError):  # after all earlier items
        next(numbers)
    assert _no_workers_are_left()


def test_waiting_for_an_item_ticks_and_ends_at_a_cancellation():
    cancelled, hang, ticks = Cancellation(), threading.Event(), []

    def tick() -> None:
        ticks.append(threading.current_thread())
        if len(ticks) == 2:
            cancelled.set()

    assert list(prefetch(iter(lambda: hang.wait(10), None), cancelled, tick)) == []
    assert ticks == [threading.current_thread()] * 2
    hang.set()
    assert _no_workers_are_left()


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
                results.append(flights.do("key", lead))
            except CivitaiShortcutError as error:
                results.append(error.reason)

        threads = [threading.Thread(target=run) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        return sorted(results)

    return call


@pytest.mark.parametrize("fails", [False, True])
def test_simultaneous_callers_share_one_call_and_its_error(call_at_once, fails):
    calls = []

    def work(call: int) -> str:
        calls.append(call)
        if fails:
            raise NotFound("It is gone.", 404)
        return str(call)

    assert call_at_once(work) == ["gone" if fails else "1"] * 5 and calls == [1]


@pytest.mark.parametrize("own", [Cancelled("Cancelled."), DiskFull("No room.")], ids=repr)
def test_cancelled_or_failed_disk_makes_the_next_caller_work(call_at_once, own):
    def work(call: int) -> str:
        if call == 1:
            raise own
        return "1"

    assert call_at_once(work) == ["1"] * 4 + [own.reason]


def test_bugs_other_keys_and_later_calls_are_not_shared():
    flights: SingleFlight[int] = SingleFlight()
    with pytest.raises(ZeroDivisionError):
        flights.do("a", lambda: 1 // 0)
    done = [flights.do(key, lambda n=n: n) for n, key in enumerate("aab")]
    assert done == [0, 1, 2]


def test_waiting_caller_can_be_cancelled():
    flights: SingleFlight[str] = SingleFlight()
    leads, land, cancelled = threading.Event(), threading.Event(), Cancellation()

    def lead() -> str:
        leads.set()
        return str(land.wait(10))

    leader = threading.Thread(target=flights.do, args=("key", lead))
    leader.start()
    assert leads.wait(10)
    threading.Timer(0.1, cancelled.set).start()
    with pytest.raises(Cancelled), cancelled.as_current():
        flights.do("key", lead)
    assert leader.is_alive()
    land.set()
    leader.join(10)
