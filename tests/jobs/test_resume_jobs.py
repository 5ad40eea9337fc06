"""The jobs that resume when the program starts."""

from __future__ import annotations

from civitai_manager_libs.civitai.pagination import ImageQuery
from civitai_manager_libs.jobs.queue.resume_jobs import queue_unfinished_jobs


def test_unfinished_jobs_are_queued_in_order(store, folder):
    states = [("queued", ""), ("paused", ""), ("paused", "network"), ("running", ""), ("done", "")]
    ids = [store.add_job("A model", ImageQuery(101), folder, 1) for _ in states]
    for job_id, (state, reason) in zip(ids, states):
        store.set_state(job_id, state, reason)
    lock = store.job_lock(ids[3])
    assert lock.acquire()
    assert queue_unfinished_jobs(store) == [ids[0], ids[2]]
    assert [store.get_job(i).state for i in ids] == [
        "queued",
        "paused",
        "queued",
        "running",
        "done",
    ]
    lock.release()
    assert queue_unfinished_jobs(store) == [ids[3], ids[0], ids[2]]
