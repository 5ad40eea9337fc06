"""Jobs that download model files: one file after another, counted in bytes."""

import os
import threading
from dataclasses import replace

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.core import find_cancellation, Image
from civitai_manager_libs.errors import Busy, EarlyAccess, FileInUse, NetworkError, NotFound
from civitai_manager_libs.errors import QuotaReached, StorageDown, WrongHash
from civitai_manager_libs.jobs import JobService, JobWorker, queue
from civitai_manager_libs.jobs.progress import ProgressMeter
from civitai_manager_libs.model_files import ModelFileRequest, ReceivedModel
from job_service import comes_to, end_all
from page_driver import wait_for

_SIZE = 1000  # bytes of each file


class ModelClient:
    """A job's client without a server. fails: the error of a file, by its id."""

    def __init__(self):
        self.fails, self.asked, self.at_once, self.most_at_once = {}, [], 0, 0
        self.before = lambda request, progress: None

    def receive_model(self, request, progress):
        self.asked.append(request.file_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.before(request, progress)
            find_cancellation().check()
            if request.file_id in self.fails:
                raise self.fails[request.file_id]
            if os.path.exists(request.path):
                return ReceivedModel(request.path, os.path.getsize(request.path), was_here=True)
            os.makedirs(os.path.dirname(request.path), exist_ok=True)
            with open(request.path, "wb") as file:
                file.write(bytes(_SIZE))
            progress(_SIZE, _SIZE)
            return ReceivedModel(request.path, _SIZE)
        finally:
            self.at_once -= 1

    def paused_seconds(self, url):
        return 0.0


@pytest.fixture
def client():
    return ModelClient()


def _requests(tmp_path, count=3, folder="Lora"):
    return [
        ModelFileRequest(
            **{"file_id": i, "version_id": 100 + i, "model_id": 200 + i, "record": {"id": 100 + i}},
            url=f"{setting.base_url()}/api/download/models/{100 + i}",
            path=str(tmp_path / folder / f"{i}.safetensors"),
            **{"name": f"{i}.safetensors", "kind": "lora", "size": _SIZE, "sha256": ""},
            title=f"Model {i}",
        )
        for i in range(1, count + 1)
    ]


def _add(store, tmp_path, *options):
    requests = _requests(tmp_path, *options)
    return store.add_model_files("Models", requests)[0]


def _run(store, job_id, client, on_progress=None):
    return JobWorker(store, job_id, client, on_progress).run()


def test_files_are_downloaded_one_at_a_time_and_counted_in_bytes(store, tmp_path, client):
    job_id = _add(store, tmp_path)
    job = store.get_job(job_id)
    assert (job.has_models, job.total, job.bytes, job.total_bytes) == (True, 3, 0, 3 * _SIZE)
    job = _run(store, job_id, client)
    assert (job.state, job.saved, job.bytes, job.waiting_bytes) == ("done", 3, 3 * _SIZE, 0)
    assert sorted(os.listdir(tmp_path / "Lora")) == [f"{i}.safetensors" for i in (1, 2, 3)]
    assert client.asked == [1, 2, 3] and client.most_at_once == 1
    assert store.find_saved_paths() == {} and store.estimate_size() == 0  # no images of these ids
    images = [Image(1, "https://image.civitai.com/1")]
    job_id = store.add_job("Images", ImageQuery(), "/x", 1, images=images)
    assert store.count_to_fetch(job_id) == 1


def test_existing_file_counts_as_skipped(store, tmp_path, client):
    (tmp_path / "Lora").mkdir()
    (tmp_path / "Lora" / "2.safetensors").write_bytes(b"here")
    job = _run(store, _add(store, tmp_path), client)
    assert (job.saved, job.skipped, job.bytes) == (2, 1, 2 * _SIZE)
    assert store.count_saved_elsewhere(job.id) == 0


_PERMANENT = [EarlyAccess("It is early.", "2027-01-01"), NotFound("It is gone.", 404)]
_TEMPORARY = [NetworkError("It broke off."), Busy(300.0), QuotaReached("Enough.")]
_TEMPORARY += [FileInUse("Taken."), StorageDown("Not now.", 404)]


@pytest.mark.parametrize("error", [*_PERMANENT, WrongHash("Another.")], ids=lambda e: e.reason)
def test_permanent_failure_fails_its_file_and_others_are_downloaded(store, tmp_path, client, error):
    client.fails[2] = error
    job = _run(store, _add(store, tmp_path), client)
    assert (job.state, job.saved, job.failed, job.total_bytes) == ("done", 2, 1, 2 * _SIZE)
    (item,) = store.list_failed(job.id)
    assert (item.image_id, item.reason, item.message) == (2, error.reason, str(error))
    assert item.model_request.title == "Model 2"
    is_gone = isinstance(error, NotFound)  # which no retry changes
    assert store.retry_failed(job.id) == (not is_gone)
    if is_gone:
        return
    assert store.get_job(job.id).waiting_bytes == _SIZE
    client.fails.clear()
    job = _run(store, job.id, client)
    assert (job.state, job.saved, job.failed, client.asked) == ("done", 3, 0, [1, 2, 3, 2])


@pytest.mark.parametrize("error", _TEMPORARY, ids=lambda error: error.reason)
def test_temporary_failure_pauses_and_the_file_comes_last_next_time(store, tmp_path, client, error):
    client.fails[1] = error
    job = _run(store, _add(store, tmp_path), client)
    assert (job.state, job.reason, job.note) == ("paused", error.reason, str(error))
    assert (job.waiting, job.failed, client.asked) == (3, 0, [1])
    job = _run(store, job.id, client)
    assert (job.state, job.saved, client.asked) == ("paused", 2, [1, 2, 3, 1])
    client.fails.clear()
    assert _run(store, job.id, client).state == "done"


@pytest.mark.parametrize("record", ["[", "[1]", '{"path": "/a\\ud800/b.safetensors"}'])
def test_unreadable_record_fails_its_file(store, tmp_path, client, record):
    job_id = _add(store, tmp_path)
    with store._database.writing() as db:
        db.execute("UPDATE records SET record = ? WHERE place = 2", (record,))
    job = _run(store, job_id, client)
    assert (job.saved, job.failed) == (2, 1)
    assert [item.reason for item in store.list_failed(job_id)] == ["bad_answer"]
    store.forget(job_id)


def test_nothing_is_requested_without_disk_space(store, tmp_path, client):
    requests = [replace(each, size=1 << 60) for each in _requests(tmp_path)]
    requests[0] = replace(requests[0], path=str(tmp_path / "other" / "1.safetensors"))
    job_id = store.add_model_files("Models", requests)[0]
    worker = JobWorker(store, job_id, client)
    assert (worker.run().reason, client.asked) == ("disk", [])
    assert worker.error.missing > 2 << 60, "both folders are on one disk"


def test_progress_counts_received_bytes_of_the_total(store, tmp_path, client):
    told = []
    client.before = lambda request, progress: progress(_SIZE // 2, _SIZE)
    client.fails[2] = WrongHash("It is another file.")
    _run(store, _add(store, tmp_path), client, told.append)
    sizes = [(each.bytes, each.total_bytes) for each in told]
    assert sizes[0] == (0, 3 * _SIZE) and sizes[-1] == (2 * _SIZE, 2 * _SIZE)
    assert all(0 <= done <= total for done, total in sizes)


def test_earlier_partial_file_counts_as_progress_but_not_as_speed(
    store, tmp_path, monkeypatch, client
):
    gate, told = threading.Event(), []
    monkeypatch.setattr("civitai_manager_libs.jobs.worker.resumable_size", lambda *_: 600)
    client.before = lambda *_: gate.wait(10)

    def show(progress):
        told.append(progress)
        if progress.bytes == 600:
            gate.set()

    job = _run(store, _add(store, tmp_path, 1), client, show)
    half = next(each for each in told if each.bytes == 600)
    assert (half.waiting_bytes, half.rate, half.seconds_left) == (400, 0.0, None)
    assert job.bytes == _SIZE


def test_size_from_the_server_replaces_an_unknown_size(store, tmp_path, client):
    requests = [replace(each, size=0) for each in _requests(tmp_path, 2)]
    job_id, meter = store.add_model_files("Models", requests)[0], ProgressMeter()
    meter.record_start(1, 0, 0)
    meter.record_progress(1, _SIZE // 4, _SIZE)
    now = meter.compute_progress(store.get_job(job_id), [], "running", None, 0.0)
    assert (now.bytes, now.total_bytes) == (_SIZE // 4, _SIZE)


@pytest.fixture
def service(client, monkeypatch):
    monkeypatch.setattr(queue, "JobClient", lambda _: client)
    service = JobService(lambda: None)
    yield service
    end_all(service)


def test_files_of_an_unfinished_job_are_left_out_and_reported(service, tmp_path, client):
    gate = threading.Event()
    client.before = lambda *_: gate.wait(10)
    first, elsewhere = service.download_model_files(_requests(tmp_path, 2), "Models")
    assert elsewhere == {}
    second, elsewhere = service.download_model_files(_requests(tmp_path, 3), "Models")
    assert elsewhere == {1: first, 2: first}
    third = service.download_model_files(_requests(tmp_path, 1), "Models")
    assert third == (None, {1: first})
    with service.open_store() as store:
        assert [store.list_image_ids(job_id) for job_id in (first, second)] == [{1, 2}, {3}]
    gate.set()
    for job_id in (first, second):
        comes_to(service, job_id, "done")
    assert sorted(client.asked) == [1, 2, 3]
    again, _ = service.download_model_files(_requests(tmp_path, 1), "Models")
    assert comes_to(service, again, "done").skipped == 1


def test_paused_job_resumes_when_one_of_its_files_is_requested_again(service, tmp_path, client):
    gate = threading.Event()
    client.before = lambda *_: gate.is_set() or find_cancellation().sleep(10)
    first, _ = service.download_model_files(_requests(tmp_path), "Models")
    wait_for(lambda: client.asked, "a request")
    service.stop(first, "paused")
    assert comes_to(service, first, "paused").waiting == 3
    gate.set()
    assert service.download_model_files(_requests(tmp_path, 1), "Models")[0] is None
    assert comes_to(service, first, "done").saved == 3


def test_jobs_folder_contains_all_its_files(service, tmp_path):
    requests = _requests(tmp_path, 1) + _requests(tmp_path, 2, "VAE")[1:]
    job_id, _ = service.download_model_files(requests, "Models")
    assert comes_to(service, job_id, "done").folder == str(tmp_path)
    assert (tmp_path / "VAE" / "2.safetensors").is_file()
