"""The same work for many items in threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from civitai_manager_libs.core.cancellation import Cancellation
from civitai_manager_libs.core.parallel import (
    download_all,
    DownloadSummary,
    prefetch,
    run_parallel,
)


@pytest.fixture
def file_for(tmp_path) -> Callable[[str], str]:
    return lambda url: str(tmp_path / url)


def _write(_url: str, path: str) -> bool:
    with open(path, "w") as file:
        file.write("whole")
    return True


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


# download_all


def test_each_url_is_saved_skipped_or_failed(tmp_path, file_for):
    (tmp_path / "there").write_text("old")
    asked = []

    def fetch(url: str, path: str) -> bool:
        asked.append(url)
        return url != "broken" and _write(url, path)

    summary = download_all(["a", "there", "broken", "b"], fetch, file_for, 2)
    assert summary == DownloadSummary(
        total=4, saved=2, skipped=1, failed=[("broken", file_for("broken"))]
    )
    assert sorted(asked) == ["a", "b", "broken"]
    assert (tmp_path / "there").read_text() == "old"


def test_progress_is_reported_in_the_callers_thread(file_for):
    told = []

    def on_done(summary: DownloadSummary) -> None:
        told.append((summary.done, summary.total, threading.current_thread()))

    download_all([f"u{n}" for n in range(25)], _write, file_for, 4, on_done)
    assert told == [(n, 25, threading.current_thread()) for n in range(1, 26)]


@pytest.mark.parametrize("bug", [RuntimeError("bug"), KeyboardInterrupt()])
def test_exception_in_fetch_is_raised_and_ends_all_downloads(file_for, bug):
    asked = []

    def fetch(url: str, path: str) -> bool:
        asked.append(url)
        raise bug

    with pytest.raises(type(bug)):
        download_all([f"u{n}" for n in range(50)], fetch, file_for, 2)
    assert _no_workers_are_left()
    assert len(asked) <= 4


def test_exception_in_the_callback_is_raised_and_ends_all_downloads(file_for):
    asked = []

    def fetch(url: str, path: str) -> bool:
        asked.append(url)
        return _write(url, path)

    def on_done(_: DownloadSummary) -> None:
        raise ValueError("the caller's bug")

    try:
        download_all([f"u{n}" for n in range(50)], fetch, file_for, 1, on_done)
    except ValueError:  # its traceback holds on to everything while we look
        assert _no_workers_are_left()
        assert len(asked) <= 3
    else:
        pytest.fail("the bug was swallowed")


# run_parallel


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
    results = run_parallel(range(100), lambda n: n if n < 5 else hang.wait(10), 2, cancelled)
    done = [next(results)[0] for _ in range(5)]
    started = time.monotonic()
    cancelled.set()
    assert [item for item, _ in results] == []
    assert time.monotonic() - started < 5
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
