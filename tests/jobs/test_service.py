"""The jobs of this process: created, stopped and resumed."""

import threading

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.core.images import Image
from civitai_manager_libs.errors import InputError
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import store as store_module
from civitai_manager_libs.jobs.job_records import NamingContext
from civitai_manager_libs.jobs.service import JobService, queue_unfinished_jobs
from civitai_manager_libs.jobs.store import JobStore
from civitai_manager_libs.jobs.worker import JobWorker
from job_service import comes_to, end_all, shown
from page_driver import wait_for


@pytest.fixture
def service(server):
    service = JobService(CivitaiHttpClient)
    yield service
    end_all(service)


def _gallery(service, wanted=12):
    return service.download_gallery(ImageQuery(101), wanted, NamingContext("A model"))


def _held(server):
    """Return an event that all images wait for."""
    gate = threading.Event()
    server.on_picture = lambda _: gate.wait(10)
    return gate


def test_selection_is_downloaded_without_requesting_a_page(server, service):
    row = server._row(server.ids[0])
    image = Image(row["id"], row["url"], record=row)
    job_id = service.download_selection([image], NamingContext("A model"))
    assert comes_to(service, job_id, "done").saved == 1
    assert server.pages == []


def test_cancelled_job_resumes_where_it_stopped(server, service):
    server.page = 4
    gate = threading.Event()
    server.on_picture = lambda i: i not in server.ids[:3] and gate.wait(10)
    job_id = _gallery(service)
    wait_for(lambda: len(server.fetched) > 3, "a picture that is held")
    wait_for(lambda: shown(service, job_id).saved == 3, "those that are not")
    service.stop(job_id, "cancelled")
    view = comes_to(service, job_id, "cancelled")
    assert (view.saved, view.failed) == (3, 0)
    gate.set()
    service.resume(job_id)
    job = comes_to(service, job_id, "done")
    assert (job.saved, job.skipped, job.failed, job.waiting) == (12, 0, 0, 0)
    assert [server.fetched[i] for i in server.ids[:3]] == [1, 1, 1]
    with JobStore(setting.database_file()) as store:
        assert store._database.rows("SELECT * FROM claims") == []


def test_resumed_job_is_shown_as_running_at_once(server, service):
    gate = _held(server)
    job_id = _gallery(service)
    for state in ("paused", "cancelled"):
        wait_for(lambda: shown(service, job_id).is_live, "its progress")
        service.stop(job_id, state)
        comes_to(service, job_id, state)
        service.resume(job_id)
        answers = [shown(service, job_id).state for _ in range(100)]
        assert set(answers) == {"running"}
    gate.set()
    assert comes_to(service, job_id, "done").saved == 12


@pytest.mark.parametrize("last, end", [("resume", "done"), ("paused", "paused")])
def test_last_request_counts_while_a_job_is_stopping(server, service, last, end):
    gate = _held(server)
    job_id = _gallery(service)
    wait_for(lambda: server.fetched, "a picture that is held")
    service.stop(job_id, "cancelled")
    service.resume(job_id)
    if last == "paused":
        service.stop(job_id, "paused")
    gate.set()
    wait_for(lambda: not service._workers._entries, "its end")
    assert shown(service, job_id).state == end


def test_cancel_after_resume_wins_while_the_pause_is_not_over(server, service, monkeypatch):
    """Cancel after the run has stored its end, when it no longer looks at requests."""
    told, gate, run = threading.Event(), threading.Event(), JobWorker.run

    def ends_slowly(self):
        job = run(self)
        told.set()
        gate.wait(10)
        return job

    monkeypatch.setattr(JobWorker, "run", ends_slowly)
    pictures = _held(server)
    job_id = _gallery(service)
    wait_for(lambda: server.fetched, "the first request")
    service.stop(job_id, "paused")
    pictures.set()
    assert told.wait(10)
    service.resume(job_id)
    service.stop(job_id, "cancelled")
    assert shown(service, job_id).state == "running"  # so that whoever looks asks again
    gate.set()
    comes_to(service, job_id, "cancelled")


def test_stop_before_the_run_begins_stops_the_job(server, service):
    gate, opened = threading.Event(), service._workers._get_client
    service._workers._get_client = lambda: gate.wait(10) and opened()
    job_id = _gallery(service)
    service.stop(job_id, "cancelled")
    gate.set()
    wait_for(lambda: not service._workers._entries, "its end")
    assert shown(service, job_id).state == "cancelled" and not server.requests


def test_job_that_is_resumed_twice_runs_once(server, service):
    gate = _held(server)
    job_id = _gallery(service)
    wait_for(lambda: shown(service, job_id).is_live, "its progress")
    service.resume(job_id)
    gate.set()
    comes_to(service, job_id, "done")
    assert max(server.fetched.values()) == 1


def test_jobs_that_ran_when_the_program_ended_resume_at_its_start(server, service):
    with JobStore(setting.database_file()) as store:
        ids = [
            store.add_job("A model", ImageQuery(101), setting.data_folder(), 3) for _ in range(4)
        ]
        for job_id, state in zip(ids, ("running", "queued", "paused", "cancelled")):
            store.set_state(job_id, state)
    service.resume_after_start()
    for job_id, state in zip(ids, ("done", "done", "paused", "cancelled")):
        comes_to(service, job_id, state)


def test_job_that_another_program_runs_is_not_started(server, service, monkeypatch):
    with JobStore(setting.database_file()) as store:
        job_id = store.add_job("A model", ImageQuery(101), setting.data_folder(), 3)
        store.set_state(job_id, "running")
        lock = store.job_lock(job_id)
        assert lock.acquire()
        service.resume_after_start()
        monkeypatch.setattr(store_module, "_LOCK_SECONDS", 0.01)
        with pytest.raises(InputError, match="already running"):
            service.stop(job_id, "cancelled")
        assert shown(service, job_id).state == "running" and not server.fetched
        lock.release()


def test_job_of_a_killed_program_is_shown_as_paused_and_can_be_resumed(server, service):
    with JobStore(setting.database_file()) as store:
        job_id = store.add_job("A model", ImageQuery(101), setting.data_folder(), 3)
        store.set_state(job_id, "running")
    assert shown(service, job_id).state == "paused" and not server.fetched
    service.resume(job_id)
    comes_to(service, job_id, "done")


def test_each_job_uses_the_http_client_that_is_current_when_it_starts(server, monkeypatch):
    made = []
    service = JobService(lambda: made.append(1) or CivitaiHttpClient())
    for count in (1, 2):
        comes_to(service, _gallery(service, 2), "done")
        assert len(made) == count


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
