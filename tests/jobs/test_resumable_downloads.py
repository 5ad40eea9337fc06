"""The partial files of a job: kept while the job may be resumed, removed at its end."""

import os
import threading

import pytest
from api_server import MODEL_ID
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import JobClient
from civitai_manager_libs.jobs.service import JobService
from civitai_manager_libs.jobs.worker import JobWorker
from page_driver import wait_for

pytestmark = pytest.mark.usefixtures("each_system")

SERVER = {"count": 6, "size": 150_000}
_AT = 60 * 1024  # an older urllib3 hands on whole kilobytes


@pytest.fixture
def held(server):
    """Send half of the first image, and no more until the test is over."""
    over = threading.Event()

    def half(request, body):
        headers = {"Content-Length": str(len(body)), "ETag": request.etag}
        request.send(200, headers, body[:_AT])
        over.wait(20)
        request.close_connection = True

    server.script(server.ids[0], half)
    yield server.ids[0]
    over.set()


def _run(store, job_id, state=None):
    """Run the job to its end; or stop it when only the held image is under way."""
    folder = store.get_job(job_id).folder

    def show(progress):
        if state and progress.saved == 5 and _half_size(folder) == _AT:
            run.stop(state)

    run = JobWorker(store, job_id, JobClient(CivitaiHttpClient()), show)
    return run.run()


def _add(store, folder):
    return store.add_job("A model", ImageQuery(MODEL_ID), folder, 100)


def _partials(folder):
    return [name for name in os.listdir(folder) if name.startswith(".")]


def _half_size(folder):
    """Return the partial file's size; progress may not include the last bytes before a pause."""
    parts = [name for name in _partials(folder) if name.endswith(".part")]
    return os.path.getsize(os.path.join(folder, parts[0])) if len(parts) == 1 else 0


def _come_to(folder, count):
    """Wait for so many partial files: a thread may end a moment later than its job."""
    wait_for(lambda: len(_partials(folder)) == count, f"{count} partial files")


def test_pause_keeps_the_partial_file_and_the_job_resumes_it(server, store, folder, held):
    job_id = _add(store, folder)
    job = _run(store, job_id, "paused")
    assert (job.state, job.saved, job.waiting) == ("paused", 5, 1)
    _come_to(folder, 2)
    job = _run(store, job_id)
    assert (job.state, job.saved) == ("done", 6)
    path = f"/image/{held:08x}-"
    ranges = [sent.get("range") for name, sent in server.sent if name.startswith(path)]
    assert ranges == [None, f"bytes={_AT}-"]
    for image_id in server.ids:
        with open(os.path.join(folder, server.file_of(image_id)), "rb") as file:
            assert file.read() == server.bytes_of(image_id)
    assert len(os.listdir(folder)) == 3 * len(server.ids)


@pytest.mark.parametrize("end", ["cancelled", "paused-then-cancelled", "paused-then-forgotten"])
def test_finished_job_leaves_no_partial_file(server, store, folder, held, end):
    job_id = _add(store, folder)
    job = _run(store, job_id, end.partition("-")[0])
    assert (job.state, job.saved, job.waiting) == (end.partition("-")[0], 5, 1)
    if end == "paused-then-cancelled":
        _come_to(folder, 2)
        JobService(CivitaiHttpClient).stop(job_id, "cancelled")
    elif end == "paused-then-forgotten":
        _come_to(folder, 2)
        store.forget(job_id)
    _come_to(folder, 0)


def test_finished_job_keeps_the_partial_files_of_another(server, store, folder, held):
    job_id = _add(store, folder)
    _run(store, job_id, "paused")
    _come_to(folder, 2)
    other = store.add_job("A model", ImageQuery(MODEL_ID), folder, 100)
    store.set_state(other, "cancelled")
    _come_to(folder, 2)


@pytest.mark.parametrize("end", ["cancelled", "forgotten"])
def test_what_a_killed_run_left_goes_with_its_job(server, store, folder, end):
    os.makedirs(folder)
    job_id = _add(store, folder)
    with open(os.path.join(folder, ".civitai-shortcut-0123.part"), "wb"):
        pass
    if end == "cancelled":
        store.set_state(job_id, "cancelled")
    else:
        store.forget(job_id)
    assert _partials(folder) == []


def test_partial_file_goes_when_another_job_has_saved_the_image(server, store, folder, held):
    job_id = _add(store, folder)
    _run(store, job_id, "paused")
    _come_to(folder, 2)
    _run(store, _add(store, f"{folder}-2"))
    assert _run(store, job_id).skipped == 1
    assert _partials(folder) == []
