"""The jobs that resume when the program starts."""

from __future__ import annotations

from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.jobs.service import queue_unfinished_jobs

_RESUMED = [("queued", ""), ("paused", "busy"), ("paused", "disk"), ("paused", "network")]
_NOT_RESUMED = [("paused", ""), ("paused", "needs_key"), ("done", "empty_end")]
_NOT_RESUMED += [("cancelled", "disk")]


def _add(store, folder, state, reason=""):
    job_id = store.add_job("A model", ImageQuery(101), folder, 1)
    store.set_state(job_id, state, reason)
    return job_id


def test_unfinished_jobs_are_queued_in_order_unless_the_user_paused_them(store, folder):
    first, *others = [_add(store, folder, *each) for each in _RESUMED]
    ended = [_add(store, folder, *each) for each in _NOT_RESUMED]
    running = _add(store, folder, "running")
    lock = store.job_lock(running)
    assert lock.acquire()
    assert queue_unfinished_jobs(store) == [first, *others]
    assert {store.get_job(i).state for i in (first, *others)} == {"queued"}
    assert [store.get_job(i).state for i in ended] == [state for state, _ in _NOT_RESUMED]
    assert store.get_job(running).state == "running"
    lock.release()
    assert queue_unfinished_jobs(store) == [running, first, *others]
