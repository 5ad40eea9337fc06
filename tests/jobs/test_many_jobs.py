"""A thousand unfinished jobs: what the program holds of the machine.

`pytest -m long -s tests/jobs/test_many_jobs.py` prints the numbers.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager

import pytest
from api_server import MODEL_ID, ApiServer
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.jobs import JobStore
from page_driver import Server, wait_for

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc"),
]
_JOBS, _SOFT_LIMIT = 1000, 256
_MOST_HANDLES = 64


@contextmanager
def _few_handles():
    """Start what the block starts with the soft limit of an old desktop."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_SOFT_LIMIT, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _held(server):
    """Return the numbers of open handles and threads of the server's process."""
    process = f"/proc/{server.process.pid}"
    return len(os.listdir(f"{process}/fd")), len(os.listdir(f"{process}/task"))


def test_thousand_unfinished_jobs_need_few_resources(tmp_path):
    with ApiServer(count=300, size=2000) as civitai:
        civitai.on_picture = lambda _: time.sleep(0.2)
        data = tmp_path / "data"
        data.mkdir()
        with JobStore(str(data / "gallery.db")) as store:
            for n in range(_JOBS):
                folder = str(tmp_path / str(n))
                job_id = store.add_job(f"Job {n}", ImageQuery(MODEL_ID), folder, 300)
                store.set_state(job_id, "running")  # as a killed program leaves it
        with _few_handles():
            server = Server(civitai.url, data)
        try:
            wait_for(lambda: civitai.fetched, "the first picture")
            held, end = [], time.monotonic() + 10
            while time.monotonic() < end:
                held.append(_held(server))
                time.sleep(0.1)
        finally:
            server.kill()
    handles, threads = map(max, zip(*held))
    print(f"handles {handles}, threads {threads}")
    assert handles <= _MOST_HANDLES
