"""`kill -9` at any moment: no cut file under a final name, nothing saved is fetched twice."""

import itertools
import json
import os
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path
from unittest.mock import patch

import pytest
from api_server import MODEL_ID, ApiServer
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.infotext import embed_infotext
from civitai_manager_libs.jobs import JobClient, JobStore, JobWorker
from cli_process import CliProcess, part_files
from crash_checks import check_none_fetched_again, list_whole_images
from fault_responses import png, unused_port
from hypothesis import given, strategies as st
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


_KILLED, _CHANGES = 99, ("open", "os.rename", "os.link", "os.remove")
_FILES = st.sets(st.integers(0, 3))


@pytest.mark.posix
@given(
    step=st.integers(1, 120),
    before=_FILES,
    during=_FILES,
    after=_FILES,
    is_cancelled=st.booleans(),
    other=st.sampled_from(["out", "two"]),
)
def test_only_what_a_killed_job_had_downloaded_is_changed(
    server, step, before, during, after, is_cancelled, other
):
    """Kill it before a change of its folder; its user puts files there at any time; go on.

    It is cancelled or resumed, and another job follows.
    """
    setting.change("embeds_infotext", True)
    server.kinds, server.bytes_of = dict.fromkeys(server.ids, "png"), lambda i: png(i, size=3000)
    with tempfile.TemporaryDirectory() as data, patch.dict(os.environ, CIVITAI_BASE_URL=server.url):
        top, theirs = Path(data), {}
        ours = {i: _embed(server, i, top / "embedded") for i in server.ids[:4]}

        def put(numbers):
            for path in (top / "out" / f"{server.ids[n]}.png" for n in numbers):
                if not path.exists():
                    theirs[path] = png(path.name)
                    path.write_bytes(theirs[path])

        def check():
            for path in top.glob("*/[!.]*.png"):
                assert path.read_bytes() == theirs.get(path, ours[int(path.stem)])

        def run(folder, step=0):
            with JobStore(str(top / "gallery.db")) as store:
                for job in store.list_unfinished() if is_cancelled else ():
                    store.set_state(job.id, "cancelled")
                store.add_job("A model", ImageQuery(MODEL_ID), str(top / folder), len(ours))
                _die_at(str(top / folder), step)
                for job in store.list_unfinished():
                    JobWorker(store, job.id, JobClient(CivitaiHttpClient())).run()

        (top / "out").mkdir()
        put(before)
        server.on_picture = lambda image_id: put({server.ids.index(image_id)} & during)
        assert _run_forked(lambda: run("out", step)) in (0, _KILLED)
        check()
        put(after)
        assert _run_forked(lambda: run(other)) == 0
        check()
        found = {int(path.stem) for path in top.glob("*/[!.]*.png")}
        assert (found, part_files(top)) == (set(ours), []) and set(theirs) <= set(top.glob("*/*"))
        with JobStore(str(top / "gallery.db")) as store:
            saved = sum(job.saved for job in store.list_jobs())
        own = len([*top.glob("*/[!.]*.png")]) - len(theirs)
        assert saved == own or during or after or is_cancelled


def _embed(server, image_id, path):
    path.write_bytes(server.bytes_of(image_id))
    assert embed_infotext(str(path), f"picture {image_id}\nSteps: 20, CFG scale: 7, Seed: 1")
    return path.read_bytes()


def _run_forked(work):
    """Run it in a process of its own, return its exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        work()
        os._exit(0)
    finally:
        traceback.print_exc()
        os._exit(1)


def _die_at(folder, step):
    """End this process before its n-th change in a folder."""
    steps = itertools.count(1)

    def hook(event, args):
        if event in _CHANGES and folder in str(args) and next(steps) == step:
            os._exit(_KILLED)

    sys.addaudithook(hook)


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
