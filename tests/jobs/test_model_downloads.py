"""Model files through the whole engine: paused, cancelled, killed and gone on with."""

import json
import os
import random
import shutil
import time

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import failures, JobService, JobStore
from cli_process import CliProcess, part_files
from job_service import comes_to, end_all, shown
from model_storage import ModelStorage, Rules, safetensors
from page_driver import wait_for

_BODY = safetensors(12_000_000)
_MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def _site():
    with ModelStorage(_BODY) as site:
        yield site


@pytest.fixture
def site(_site, monkeypatch):
    """Return a storage that sends 8 MB a second over each connection."""
    monkeypatch.setenv("CIVITAI_BASE_URL", _site.base)
    _site.body, _site.bytes_sent = _BODY, 0
    _site.rules = Rules(rate=8_000_000)
    _site.route.clear()
    return _site


@pytest.fixture
def service():
    client = CivitaiHttpClient(api_key="", max_retries=0)
    service = JobService(lambda: client)
    yield service
    end_all(service)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "Lora"


def _requests(site, folder, count=1):
    return [site.request(folder / f"{i}.safetensors", i) for i in range(1, count + 1)]


def _is_under_way(service, job_id):
    progress = shown(service, job_id)
    return progress is not None and progress.bytes > _MEGABYTE


def _start(service, site, folder):
    """Start a job and wait until a part of its file is there."""
    job_id = service.download_model_files(_requests(site, folder), "Mix")[0]
    wait_for(lambda: _is_under_way(service, job_id), "a part of the file")
    return job_id


def _check_saved(site, folder, count=1):
    names = [f"{i}{end}" for i in range(1, count + 1) for end in (".civitai.info", ".json")]
    models = [f"{i}.safetensors" for i in range(1, count + 1)]
    assert sorted(os.listdir(folder)) == sorted(names + models)
    for name in models:
        assert (folder / name).read_bytes() == site.body


def test_pause_keeps_the_partial_file_and_the_job_resumes_it(service, site, folder):
    job_id = _start(service, site, folder)
    service.stop(job_id, "paused")
    view = comes_to(service, job_id, "paused")
    (file,) = view.model_files
    assert file.state == "waiting" and file.received > _MEGABYTE
    assert (view.bytes, view.total_bytes) == (file.received, len(_BODY))
    assert sorted(os.listdir(folder)) == [os.path.basename(path) for path in part_files(folder)]
    service.resume(job_id)
    assert comes_to(service, job_id, "done").saved == 1
    _check_saved(site, folder)
    assert site.bytes_sent < len(_BODY) + 2 * _MEGABYTE


def _start_refused(service, site, folder):
    """Start a job whose half file the route refuses; return its id once it has failed."""
    job_id = _start(service, site, folder)
    service.stop(job_id, "paused")
    comes_to(service, job_id, "paused")
    site.rules.route = (401, {}, b'{"error": "Unauthorized", "message": "log in"}')
    service.resume(job_id)
    assert comes_to(service, job_id, "done").failed == 1
    return job_id


def test_refused_file_is_resumed_by_a_retry(service, site, folder):
    job_id = _start_refused(service, site, folder)
    site.rules.route, before = None, site.bytes_sent
    service.retry(job_id)
    wait_for(lambda: shown(service, job_id).saved, "the file")
    assert site.bytes_sent - before < len(_BODY) - _MEGABYTE // 2
    _check_saved(site, folder)


def test_partial_file_is_deleted_with_its_job_unless_another_needs_it(service, site, folder):
    first = _start_refused(service, site, folder)
    site.rules.route = None
    second = _start(service, site, folder)
    service.stop(second, "paused")
    comes_to(service, second, "paused")
    service.forget(first)
    assert len(part_files(folder)) == 2
    service.stop(second, "cancelled")
    wait_for(lambda: not os.listdir(folder), "an empty folder")
    service.forget(_start_refused(service, site, folder))
    wait_for(lambda: not os.listdir(folder), "an empty folder")


def test_file_that_is_requested_again_right_after_a_stop_is_downloaded(service, site, folder):
    job_id = _start(service, site, folder)
    for state in ("paused", "cancelled", "paused"):
        service.stop(job_id, state)
        service.resume(job_id)
        time.sleep(random.Random(state).uniform(0, 0.2))
    view = comes_to(service, job_id, "done")
    assert (view.saved, view.failed) == (1, 0), view.failures
    _check_saved(site, folder)


def test_cancelled_file_that_a_new_job_requests_at_once_is_downloaded(service, site, folder):
    service.stop(_start(service, site, folder), "cancelled")
    new_id, elsewhere = service.download_model_files(_requests(site, folder), "Mix")
    job_id = new_id or elsewhere[1]
    wait_for(lambda: all(view.state.is_over for view in service.list_jobs(100)[0]), "the end")
    if new_id is None:  # the other job had not yet ended
        service.resume(job_id)
    view = comes_to(service, job_id, "done")
    assert (view.saved, view.failed) == (1, 0), view.failures
    _check_saved(site, folder)


def test_partial_file_needs_space_only_for_the_rest(service, site, folder, monkeypatch):
    job_id = _start(service, site, folder)
    service.stop(job_id, "paused")
    half = comes_to(service, job_id, "paused").bytes
    usage = shutil.disk_usage("/")._replace(free=len(_BODY) - half)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    service.resume(job_id)
    assert comes_to(service, job_id, "done").saved == 1


def _add_job(site, folder, count=1):
    with JobStore(setting.database_file()) as store:
        assert store.add_model_files("Mix", _requests(site, folder, count))[0] == 1


def test_command_line_resumes_a_model_job_and_reports_it(site, folder, run):
    _add_job(site, folder, 2)
    (row,) = json.loads(run("jobs", "--json")[1])
    assert (row["kind"], row["total"], row["total_bytes"]) == ("models", 2, 2 * len(_BODY))
    assert "Mix (0 B of 22.9 MB)" in run("jobs")[1]
    code, out, err = run("resume", "1", "--json")
    assert code == 0 and "Downloading model files 2/2" in err
    result = json.loads(out)
    assert (result["saved"], result["bytes"]) == (2, 2 * len(_BODY))
    assert [file["path"] for file in result["files"]] == [
        str(folder / f"{i}.safetensors") for i in (1, 2)
    ]
    _check_saved(site, folder, 2)


def test_command_line_lists_failed_files_and_retries_them(site, folder, run):
    _add_job(site, folder)
    body = json.dumps({"error": "Early Access", "deadline": "2027-01-01T00:00:00Z"}).encode()
    site.rules.route = (403, {"Content-Type": "application/json"}, body)
    code, _, err = run("resume", "1")
    first, count, hint = err.splitlines()[-3:]
    assert code == 1 and first.startswith("1.safetensors: early_access: ") and "2027-01-01" in first
    assert "1" in count and hint.endswith("retry 1")
    site.rules.route = None
    assert run("retry", "1")[0] == 0
    _check_saved(site, folder)


@pytest.mark.parametrize(
    "size, count",
    [
        pytest.param(len(_BODY), 2, id="short"),
        pytest.param(
            300_000_000, 20, id="long", marks=[pytest.mark.long, pytest.mark.timeout(600)]
        ),
    ],
)
def test_job_that_is_killed_repeatedly_ends_with_the_complete_file(
    site, folder, tmp_path, size, count
):
    moments = random.Random(count)
    site.body = _BODY if size == len(_BODY) else safetensors(size)
    program = CliProcess(site.base, tmp_path / "data")
    _add_job(site, folder)
    points = sorted(moments.randrange(size // 20, size * 19 // 20) for _ in range(count))
    for point in points:
        with program.start("resume", "1") as process:
            while site.bytes_sent < point and process.poll() is None:
                time.sleep(0.002)
            process.kill()
        assert not (folder / "1.safetensors").exists() or process.returncode == 0
    done = program.run("resume")
    assert done.returncode == 0, done.stderr
    _check_saved(site, folder)
    assert site.bytes_sent <= size + (count + 4) * _MEGABYTE
    (row,) = json.loads(program.run("jobs", "--json").stdout)
    assert (row["state"], row["failed"]) == ("done", 0)


def test_file_that_another_program_is_downloading_is_awaited(
    service, site, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(failures, "_NETWORK_PAUSES", (0.2, 0.2))
    program = CliProcess(site.base, tmp_path / "data")
    _add_job(site, folder)
    with JobStore(setting.database_file()) as store:
        store.set_state(1, "cancelled")
    with program.start("resume", "1") as process:
        wait_for(lambda: site.bytes_sent > _MEGABYTE, "a part of the file")
        with JobStore(setting.database_file()) as store:  # as if the first had been cancelled
            with store._database.writing() as db:
                db.execute("UPDATE jobs SET state = 'cancelled'")
        job_id = service.download_model_files(_requests(site, folder), "Mix")[0]
        wait_for(lambda: shown(service, job_id).will_retry, "its rest")
        assert shown(service, job_id).reason == "in_use"
        assert process.wait(30) == 0
    assert comes_to(service, job_id, "done").skipped == 1
    _check_saved(site, folder)
    assert site.bytes_sent < len(_BODY) + 2 * _MEGABYTE
