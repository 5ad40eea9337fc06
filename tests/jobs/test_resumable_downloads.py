"""The half files of a job: kept while somebody may go on with it, and gone with its end."""

from __future__ import annotations

import os
import threading

import pytest
from api_server import MODEL_ID, ApiServer, status
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.pagination import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import JobClient
from civitai_manager_libs.jobs.queue.service import JobService
from civitai_manager_libs.jobs.store import JobStore
from civitai_manager_libs.jobs.worker import JobWorker
from cli_process import CliProcess, end_process, ENDING_SIGNALS, part_files
from page_driver import until

pytestmark = pytest.mark.usefixtures("each_system")

_AT, _SIZE = 60 * 1024, 150_000  # an older urllib3 hands on whole kilobytes


@pytest.fixture
def server(monkeypatch):
    with ApiServer(count=6, size=_SIZE) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def store():
    with JobStore(setting.database_file()) as store:
        yield store


@pytest.fixture
def held(server):
    """The first picture comes to its half, and no further until the test is over."""
    over = threading.Event()

    def half(request, body):
        headers = {"Content-Length": str(len(body)), "ETag": request.etag}
        request.send(200, headers, body[:_AT])
        over.wait(20)
        request.close_connection = True

    server.script(server.ids[0], half)
    yield server.ids[0]
    over.set()


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "pictures")


def _run(store, job_id, state=None):
    """To its end, or until only the one that is held is on its way."""

    folder = store.get_job(job_id).folder

    def show(progress):
        if state and progress.saved == 5 and _half_size(folder) == _AT:
            run.stop(state)

    run = JobWorker(store, job_id, JobClient(CivitaiHttpClient()), show)
    return run.run()


def _add(store, folder):
    return store.add_job("A model", ImageQuery(MODEL_ID), folder, 100)


def _ranges(server, image_id):
    """What was asked for of a picture, each time."""
    path = f"/image/{image_id:08x}-"
    return [sent.get("range") for name, sent in server.sent if name.startswith(path)]


def _check_saved(server, folder):
    for image_id in server.ids:
        with open(os.path.join(folder, server.file_of(image_id)), "rb") as file:
            assert file.read() == server.bytes_of(image_id)
    assert len(os.listdir(folder)) == 3 * len(server.ids)


def _partials(folder):
    return [name for name in os.listdir(folder) if name.startswith(".")]


def _half_size(folder):
    """Progress is told at most ten times a second: the last bytes before a silence may not be."""
    parts = [name for name in _partials(folder) if name.endswith(".part")]
    return os.path.getsize(os.path.join(folder, parts[0])) if len(parts) == 1 else 0


def _come_to(folder, count):
    """A worker that waits for the disk may be a moment later than its job."""
    until(lambda: len(_partials(folder)) == count, f"{count} partial files")


def test_pause_keeps_the_half_file_and_the_job_goes_on_with_it(server, store, folder, held):
    job_id = _add(store, folder)
    job = _run(store, job_id, "paused")
    assert (job.state, job.saved, job.waiting) == ("paused", 5, 1)
    _come_to(folder, 2)
    job = _run(store, job_id)
    assert (job.state, job.saved) == ("done", 6)
    assert _ranges(server, held) == [None, f"bytes={_AT}-"]
    _check_saved(server, folder)


def test_file_that_changed_meanwhile_is_fetched_anew(server, store, folder, held):
    job_id = _add(store, folder)
    _run(store, job_id, "paused")
    _come_to(folder, 2)
    server.kinds[held] = "jpg" if server.kinds[held] == "png" else "png"
    server.script(held, lambda request, body: request.reply(200, body, {"ETag": '"new"'}))
    assert _run(store, job_id).saved == 6
    _check_saved(server, folder)


@pytest.mark.parametrize("end", ["cancelled", "paused-then-cancelled", "paused-then-forgotten"])
def test_end_of_a_job_leaves_no_half_file(server, store, folder, held, end):
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


def test_end_of_one_job_leaves_the_half_files_of_another(server, store, folder, held):
    job_id = _add(store, folder)
    _run(store, job_id, "paused")
    _come_to(folder, 2)
    other = store.add_job("A model", ImageQuery(MODEL_ID), folder, 100)
    store.set_state(other, "cancelled")
    _come_to(folder, 2)


def test_picture_that_is_gone_leaves_nothing(server, store, folder, held):
    job_id = _add(store, folder)
    _run(store, job_id, "paused")
    _come_to(folder, 2)
    server.script(held, status(404))
    assert _run(store, job_id).failed == 1
    _come_to(folder, 0)


@pytest.mark.parametrize("sent", ENDING_SIGNALS)
def test_terminal_goes_on_where_it_was(server, tmp_path, sent):
    """What is killed has noted where it was, as long as something came."""
    over, slow = threading.Event(), server.ids[0]

    def drip(request, body):
        headers = {"Content-Length": str(len(body)), "ETag": request.etag}
        request.send(200, headers, b"")
        for at in range(0, len(body), 2000):
            request.wfile.write(body[at : at + 2000])
            if over.wait(0.1):
                break
        request.close_connection = True

    server.script(slow, drip)
    program, dest = CliProcess(server.url, tmp_path / "data"), tmp_path / "out"
    download = ("download", str(MODEL_ID), "--dest", str(dest))
    with program.start(*download) as process:
        until(lambda: any(p.endswith(".note") for p in part_files(dest)), "a note")
        until(lambda: len(list(dest.glob("[!.]*"))) == 3 * 5, "the others")
        end_process(process, sent)
        process.wait(20)
    over.set()
    assert len(part_files(dest)) == 2
    assert program.run("resume").returncode == 0
    first, second = _ranges(server, slow)
    assert first is None and int(second[len("bytes=") : -1]) >= 2000
    _check_saved(server, str(dest))
