"""A flag by which one thread cancels the work of others."""

from __future__ import annotations

import threading

import pytest
from civitai_manager_libs.core.threads import Cancellation, never_cancelled
from civitai_manager_libs.errors import Cancelled


def test_set_cancellation_raises_in_check_and_sleep():
    cancelled = Cancellation()
    cancelled.set()
    cancelled.set()

    for stop in (cancelled.check, lambda: cancelled.sleep(60)):
        with pytest.raises(Cancelled):
            stop()


def test_sleep_ends_at_a_cancellation():
    cancelled = Cancellation()
    threading.Timer(0.05, cancelled.set).start()

    with pytest.raises(Cancelled):
        cancelled.sleep(60)


def test_callback_is_called_only_during_its_block():
    cancelled, called = Cancellation(), []
    with cancelled.call_when_cancelled(lambda: called.append("over")):
        assert called == []
    with pytest.raises(ZeroDivisionError), cancelled.call_when_cancelled(
        lambda: called.append("live")
    ):
        cancelled.set()
        raise ZeroDivisionError

    assert called == ["live"]


def test_block_does_not_begin_after_a_cancellation():
    cancelled = Cancellation()
    cancelled.set()

    with pytest.raises(Cancelled), cancelled.call_when_cancelled(lambda: None):
        pytest.fail("began")


def test_callback_may_cancel_again():
    cancelled, inner = Cancellation(), []

    def set_again() -> None:
        inner.append(1)
        if len(inner) < 3:
            cancelled.set()

    with cancelled.call_when_cancelled(set_again):
        cancelled.set()

    assert len(inner) == 3


def test_timed_cancellation_is_set_with_the_other_or_after_its_timeout():
    cancelled = Cancellation()
    with cancelled.with_timeout(0.01) as bounded, pytest.raises(Cancelled):
        bounded.sleep(60)
    assert not cancelled.is_set()
    with never_cancelled().with_timeout(0.01) as bounded, pytest.raises(Cancelled):
        bounded.sleep(60)
    with cancelled.with_timeout(60) as bounded:
        cancelled.set()
        assert bounded.is_set()
