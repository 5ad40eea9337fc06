"""The power goes at any moment: what the database or the folder calls saved is whole.

`pytest -m long tests/jobs/test_power.py`; as root, for it mounts a disk.
"""

import json
import os
import random
import shutil
import sqlite3
import sys
import time

import pytest
from api_server import MODEL_ID, ApiServer
from civitai_manager_libs.jobs import JobStore
from cli_process import CliProcess, part_files
from crash_checks import list_whole_images
from model_storage import ModelStorage, safetensors
from power_loss import CutDisk, stopped

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="mounts an ext4"),
]
_COUNT, _CUTS = 1500, 20


@pytest.fixture
def server():
    with ApiServer(count=_COUNT, size=60_000) as server:
        server.delay = 0.05
        yield server


@pytest.fixture
def disk(tmp_path):
    disk = CutDisk(tmp_path)
    yield disk
    disk.close()


def _saved(data):
    """Return file name and bytes of each image that the database calls saved."""
    with sqlite3.connect(data / "gallery.db") as db:
        rows = db.execute("SELECT image_id, path, bytes FROM saved").fetchall()
    return {image_id: (path.rpartition("/")[2], size) for image_id, path, size in rows}


def _check(server, folder, data):
    """Assert that saved images are whole; return how many the database calls saved."""
    here = list_whole_images(server, folder) if folder.exists() else set()
    saved = _saved(data)
    assert set(saved) <= here, f"{len(set(saved) - here)} of {len(saved)} are not there"
    for image_id in saved:
        assert {f"{image_id}.{end}" for end in ("txt", "json")} <= set(_names(folder))
    return len(saved)


def _names(folder):
    return [path.name for path in folder.iterdir()]


def test_saved_images_are_complete_after_a_power_cut(server, disk, tmp_path):
    """Keep the database on another disk, which loses nothing: it promises the most that it can."""
    moments, data, counts = random.Random(1), tmp_path / "data", []
    program = CliProcess(server.url, data)
    download = ("download", str(MODEL_ID), "--dest", str(disk.path / "out"), "--limit", "9999")
    with program.start(*download, "--concurrency", "4") as process:
        while not (data / "gallery.db").exists() or not _saved(data):
            time.sleep(0.01)
        for cut in range(_CUTS):
            time.sleep(moments.uniform(0.05, 1))
            with stopped(process):
                copy, kept = disk.cut(), tmp_path / f"data-{cut}"
                shutil.copytree(data, kept)
                assert process.poll() is None, "the cut came too late"
                with disk.mounted(copy) as path:
                    counts.append(_check(server, path / "out", kept))
            if cut < _CUTS - 1:
                copy.unlink()
        process.kill()
    assert counts == sorted(counts) and counts[-1] > counts[0] + _CUTS
    disk.restore(copy)
    done = CliProcess(server.url, kept).run("resume", "--json")
    result = json.loads(done.stdout)
    assert (result["saved"], result["skipped"], result["failed"]) == (_COUNT, 0, [])
    assert list_whole_images(server, disk.path / "out") == set(server.ids)
    assert part_files(disk.path) == []


def test_names_of_the_last_images_survive_a_power_cut(server, disk, tmp_path):
    """Cut the power right after the last image, when no later write has flushed its name."""
    program = CliProcess(server.url, tmp_path / "data", save_infotext=False, save_record=False)
    for limit in ("1", "3", "8"):
        done = program.run(
            "download", str(MODEL_ID), "--dest", str(disk.path / limit), "--limit", limit, "--again"
        )
        copy = disk.cut()
        assert done.returncode == 0, done.stderr
        with disk.mounted(copy) as path:
            assert list_whole_images(server, path / limit) == set(server.ids[: int(limit)])


def test_saved_model_files_are_complete_after_a_power_cut(disk, tmp_path):
    moments, data, count, counts = random.Random(2), tmp_path / "data", 40, []
    with ModelStorage(safetensors(3_000_000)) as site:
        site.rules.rate = 10_000_000
        program = CliProcess(site.base, data)
        paths = {i: disk.path / f"{i}.safetensors" for i in range(1, count + 1)}
        requests = [site.request(path, i) for i, path in paths.items()]
        with JobStore(str(data / "gallery.db")) as store:
            store.add_model_files("Mix", requests)
        with program.start("resume", "1") as process:
            while len(counts) < 8:
                time.sleep(moments.uniform(0.2, 1))
                with stopped(process):
                    copy, kept = disk.cut(), tmp_path / f"data-{len(counts)}"
                    shutil.copytree(data, kept)
                    assert process.poll() is None, "the cut came too late"
                with disk.mounted(copy) as path, JobStore(str(kept / "gallery.db")) as store:
                    saved = [f for f in store.list_model_files(1) if f.state == "saved"]
                    for file in saved:
                        model = path / os.path.basename(file.path)
                        assert model.read_bytes() == site.body
                        assert model.with_suffix(".json").is_file()
                    for model in path.glob("*.safetensors"):
                        assert model.read_bytes() == site.body
                counts.append(len(saved))
                copy.unlink()
            process.kill()
    assert counts[-1] > counts[0]
