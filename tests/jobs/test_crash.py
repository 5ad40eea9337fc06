"""`kill -9` at any moment: no cut file under a final name, nothing saved is fetched twice."""

import json
import random
import time

import pytest
from api_server import MODEL_ID, ApiServer
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.jobs import JobStore
from cli_process import CliProcess, part_files
from crash_checks import check_none_fetched_again, list_whole_images
from fault_responses import unused_port
from page_driver import wait_for

_COUNT = 40


@pytest.fixture
def server():
    with ApiServer(count=_COUNT, size=150_000, page=10) as server:
        server.delay = 0.01
        yield server


def _seeds(first, count):
    many = [pytest.param(seed, marks=pytest.mark.long) for seed in range(first + 1, first + count)]
    return [first, *many]


@pytest.mark.parametrize("seed", _seeds(0, 34))
def test_job_that_is_killed_repeatedly_downloads_each_image_once(server, tmp_path, seed):
    moments = random.Random(seed)
    program, dest = CliProcess(server.url, tmp_path / "data"), tmp_path / "out"
    download = ("download", str(MODEL_ID), "--dest", str(dest), "--concurrency", "4")
    _kill_at_random(program.start(*download), server, moments)
    saved, asked = list_whole_images(server, dest), server.fetched
    if _list_states(program):
        _kill_at_random(program.start("resume"), server, moments)
    check_none_fetched_again(server, saved, asked)
    saved, asked = list_whole_images(server, dest), server.fetched
    words = ("resume", "1") if _list_states(program) else download
    done = program.run(*words, "--json")
    assert done.returncode == 0, done.stderr
    check_none_fetched_again(server, saved, asked)
    _check_finished(server, dest, program, tmp_path, done)


@pytest.mark.parametrize("seed", _seeds(1, 7))
def test_job_of_a_killed_process_is_finished_by_another(server, tmp_path, seed):
    moments = random.Random(seed)
    program, dest = CliProcess(server.url, tmp_path / "data"), tmp_path / "out"
    download = ("download", str(MODEL_ID), "--dest", str(dest))
    with program.start(*download, "--json") as survivor:
        _kill_at_random(program.start(*download), server, moments)
        out, err = survivor.communicate(timeout=60)
    result = json.loads(out)
    assert (survivor.returncode, result["failed"]) == (0, []), err
    assert result["saved"] + result["skipped"] == _COUNT
    assert list_whole_images(server, dest) == set(server.ids)
    asked = server.fetched
    assert program.run("resume").returncode == 0
    assert server.fetched == asked, "all of it was saved by the other one"
    assert part_files(tmp_path) == []


@pytest.mark.parametrize("seed", _seeds(1, 7))
def test_image_of_two_jobs_is_in_one_folder_though_one_was_killed(server, tmp_path, seed):
    moments, dests = random.Random(seed), [tmp_path / "one", tmp_path / "two"]
    program = CliProcess(server.url, tmp_path / "data")
    first, second = (("download", str(MODEL_ID), "--dest", str(dest)) for dest in dests)
    _kill_at_random(program.start(*first), server, moments)
    whole, asked = list_whole_images(server, dests[0]), server.fetched
    assert program.run(*second).returncode == program.run("resume").returncode == 0
    check_none_fetched_again(server, whole, asked)
    one, two = (list_whole_images(server, dest) for dest in dests)
    assert (one | two, one & two) == (set(server.ids), set())
    assert [len(list(dest.iterdir())) for dest in dests if dest.exists()] == [
        3 * len(one),
        3 * len(two),
    ]
    with JobStore(str(program.data / "gallery.db")) as store:
        counts = {job.folder: (job.saved, job.skipped) for job in store.list_jobs()}
    assert counts == {str(d): (len(i), _COUNT - len(i)) for d, i in zip(dests, (one, two))}


@pytest.mark.parametrize("seed", [0, *_seeds(1, 17)])
def test_tab_that_is_killed_goes_on_by_itself_at_its_next_start(server, tmp_path, seed):
    moments, dest = random.Random(seed), tmp_path / "out"
    program = CliProcess(server.url, tmp_path / "data", gallery_max_concurrent_downloads=4)
    with JobStore(str(program.data / "gallery.db")) as store:
        store.add_job("A model", ImageQuery(MODEL_ID), str(dest), _COUNT)

    def start():
        return program.start("--port", str(unused_port()))

    def is_over():
        return _list_states(program) == ["done"]

    saved, asked = set(), server.fetched
    for _ in range(2):
        _kill_at_random(start(), server, moments, is_over)
        check_none_fetched_again(server, saved, asked)
        saved, asked = list_whole_images(server, dest), server.fetched
    with start() as tab:
        try:
            wait_for(is_over, "the end of the job")
        finally:
            tab.kill()
    check_none_fetched_again(server, saved, asked)
    with JobStore(str(program.data / "gallery.db")) as store:
        job = store.get_job(1)
    assert (job.saved, job.skipped, job.failed) == (_COUNT, 0, 0), "its own count as saved"
    _check_files(server, dest, tmp_path)


def _kill_at_random(process, server, moments, is_over=lambda: False):
    """Kill the process in the middle of a file or between two, a little after some requests."""
    wanted = len(server.requests) + moments.randrange(_COUNT + 5)
    with process:
        try:
            while len(server.requests) < wanted and process.poll() is None and not is_over():
                time.sleep(0.001)
            time.sleep(moments.uniform(0, 0.03))
        finally:
            process.kill()


def _list_states(program):
    with JobStore(str(program.data / "gallery.db")) as store:
        return [job.state for job in store.list_jobs()]


def _check_finished(server, dest, program, tmp_path, done):
    result = json.loads(done.stdout)
    assert (result["saved"] + result["skipped"], result["failed"]) == (_COUNT, [])
    assert result["skipped"] == 0, "what it had saved itself counts as saved"
    _check_files(server, dest, tmp_path)
    assert _list_states(program) == ["done"]


def _check_files(server, dest, tmp_path):
    assert list_whole_images(server, dest) == set(server.ids)
    assert len(list(dest.iterdir())) == 3 * _COUNT
    assert part_files(tmp_path) == []
