"""A disk that is full, read-only or not writable at one path."""

import json
import os
import subprocess
import time

import pytest
from api_server import MODEL_ID
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import JobClient, JobStore, JobWorker
from cli_process import CliProcess, part_files
from crash_checks import read_images

SERVER = {"count": 20, "size": 100_000}
_MEGABYTE = 1024 * 1024
_DOWNLOAD = ("download", str(MODEL_ID), "--dest")


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of 4 MB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(path)]
    try:
        done = subprocess.run(mount, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no mount command here")
    if done.returncode != 0:
        pytest.skip("nothing may be mounted here")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def _fill(disk, leaving):
    """Write a file that leaves so many bytes free."""
    filler = disk / "filler"
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, _free(disk) - leaving)
    return filler


def _free(disk):
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def _run(store, folder):
    job_id = store.add_job("A model", ImageQuery(MODEL_ID), str(folder), 100)
    return JobWorker(store, job_id, JobClient(CivitaiHttpClient())).run()


def test_full_disk_pauses_the_job_until_there_is_space(server, small_disk, tmp_path):
    program, dest = CliProcess(server.url, tmp_path / "data"), small_disk / "out"
    filler = _fill(small_disk, leaving=_MEGABYTE)
    done = program.run(*_DOWNLOAD, str(dest), "--json")
    result = json.loads(done.stdout)
    assert done.returncode == 1
    assert 0 < result["saved"] < 11 and result["failed"] == []
    assert "more. Continue with: resume 1" in done.stderr.splitlines()[-1]
    there = read_images(dest)
    assert there == {name: server.files()[name] for name in there}
    assert len(there) == result["saved"] and part_files(small_disk) == []
    with JobStore(str(tmp_path / "data" / "gallery.db")) as store:
        assert [job.state for job in store.list_jobs()] == ["paused"]
    asked = server.fetched
    assert program.run("resume").returncode == 1, "there is no room yet"
    assert server.fetched == asked, "nothing is asked for while it cannot fit"
    filler.unlink()
    done = program.run("resume")
    assert (done.returncode, done.stdout) == (0, f"20 saved, 0 skipped, 0 failed: {dest}\n")
    assert read_images(dest) == server.files()
    assert set(os.listdir(dest)) == {
        f"{i}.{end}" for i in server.ids for end in ("txt", "json", server.kinds[i])
    }


def test_reserved_space_stays_free_during_parallel_downloads(server, small_disk, tmp_path):
    server.size = 200_000
    for image_id in server.ids:
        server.always(image_id, _begun_first)
    program = CliProcess(server.url, tmp_path / "data", gallery_disk_reserve_mb=3)
    done = program.run(*_DOWNLOAD, str(small_disk / "out"))
    assert done.returncode == 1 and "too little disk space" in done.stderr
    assert _free(small_disk) >= 3 * _MEGABYTE - 30_000, "no more than what lies beside pictures"


def _begun_first(request, body):
    """Send the length long before the body."""
    request.send(200, {"Content-Length": str(len(body))}, body[:600])
    time.sleep(0.2)
    request.wfile.write(body[600:])


def test_full_disk_during_a_database_write_loses_nothing(server, small_disk, tmp_path):
    program, dest = CliProcess(server.url, small_disk / "data"), tmp_path / "out"
    with JobStore(str(small_disk / "data" / "gallery.db")):
        pass  # its tables are made while there is space
    filler = _fill(small_disk, leaving=70_000)
    done = program.run(*_DOWNLOAD, str(dest))
    assert "Traceback" not in done.stderr
    assert done.returncode == 0 or "no disk space left for the database" in done.stderr
    filler.unlink()
    asked = server.fetched
    there = {name for name in os.listdir(dest)} if dest.exists() else set()
    assert program.run("resume").returncode == 0
    assert program.run(*_DOWNLOAD, str(dest)).returncode == 0
    assert read_images(dest) == server.files()
    again = {i for i, n in server.fetched.items() if n > asked[i]}
    assert not there & {server.file_of(i) for i in again}


@pytest.mark.usefixtures("each_system")
def test_folder_in_place_of_an_image_file_fails_only_that_image(server, tmp_path):
    bad = server.file_of(server.ids[4])
    (tmp_path / "out" / bad).mkdir(parents=True)
    with JobStore(setting.database_file()) as store:
        job = _run(store, tmp_path / "out")
        (item,) = store.list_failed(job.id)
    assert (job.saved, item.image_id, item.reason) == (19, server.ids[4], "disk")
    assert bad in item.message
    assert part_files(tmp_path) == []


@pytest.mark.usefixtures("each_system")
def test_unwritable_sidecar_fails_its_image_but_keeps_the_file(server, tmp_path):
    image_id = server.ids[4]
    (tmp_path / "out" / f"{image_id}.json").mkdir(parents=True)
    with JobStore(setting.database_file()) as store:
        job = _run(store, tmp_path / "out")
        (item,) = store.list_failed(job.id)
        assert (item.image_id, item.reason) == (image_id, "disk")
        assert (tmp_path / "out" / server.file_of(image_id)).is_file()
        (tmp_path / "out" / f"{image_id}.json").rmdir()
        store.retry_failed(job.id)
        job = JobWorker(store, job.id, JobClient(CivitaiHttpClient())).run()
    assert (job.state, job.finished, job.failed) == ("done", 20, 0)
    assert server.fetched[image_id] == 1
