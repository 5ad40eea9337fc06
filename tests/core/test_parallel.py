"""The same work for many items in threads."""

from __future__ import annotations

import threading
import time

import pytest
from civitai_manager_libs.core.threads import Cancellation, prefetch, run_parallel


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
    assert most == concurrency
    assert _no_workers_are_left()


def test_work_begins_in_the_order_of_the_items():
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        time.sleep(0.001)  # so that the next thread waits

    list(run_parallel(range(200), work, 1))
    assert begun == list(range(200))


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


def test_item_running_at_a_cancellation_is_still_yielded():
    cancelled = Cancellation()

    def work(item: int) -> int:
        if item == 1:
            cancelled.set()
            time.sleep(0.05)
        return item

    assert 1 in [item for item, _ in run_parallel(range(100), work, 1, cancelled)]


def test_work_cancelled_before_it_begins_does_nothing():
    cancelled, worked = Cancellation(), []
    cancelled.set()
    assert list(run_parallel(range(9), worked.append, 2, cancelled)) == []
    assert worked == []


def test_ticks_are_called_while_the_caller_waits():
    release, ticks = threading.Event(), []

    def tick() -> None:
        ticks.append(threading.current_thread())
        if len(ticks) == 3:
            release.set()

    assert list(run_parallel([1], lambda _: release.wait(10), 1, on_tick=tick)) == [(1, True)]
    assert len(ticks) >= 3 and set(ticks) == {threading.current_thread()}


# prefetch


def test_only_the_next_item_is_read_in_advance():
    drawn, second = [], threading.Event()

    def items():
        for number in range(5):
            drawn.append(number)
            if number == 1:
                second.set()
            yield number

    numbers = prefetch(items(), Cancellation(), lambda: None)
    assert next(numbers) == 0
    assert second.wait(10)
    time.sleep(0.05)
    assert drawn == [0, 1]
    assert list(numbers) == [1, 2, 3, 4]
    assert _no_workers_are_left()


def test_exception_of_the_items_is_raised_after_earlier_items():
    def items():
        yield 1
        raise KeyError("a bug")

    numbers = prefetch(items(), Cancellation(), lambda: None)
    assert next(numbers) == 1
    with pytest.raises(KeyError):
        next(numbers)


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
