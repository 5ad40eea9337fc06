"""The library survives kill -9, a full disk and two processes at once."""

import json
import os
import random
import sqlite3
import subprocess
import time

import pytest
from cli_process import start_python

_PROGRAM = """
import json
from civitai_manager_libs.civitai import image_from_json
from civitai_manager_libs.library import bookmarks, image_records, search, wait_for_writes

def image(n):
    url = f"https://image.civitai.com/x/{n:032x}/original=true/{n}.jpeg"
    meta = {"prompt": f"picture {n} lighthouse " + "detail " * 200, "steps": n % 50 + 1}
    return image_from_json({"id": n, "url": url, "browsingLevel": 1, "meta": meta})

def keep(first, count):
    for start in range(first, first + count, 10):
        images = [image(n) for n in range(start, start + 10)]
        image_records.store_images(images, galleries=["model 1"])
        assert wait_for_writes(60)
        print(start + 9, flush=True)

def note(n, text):
    bookmarks.change_annotations([n], bookmarks.AnnotationChange(note=text))

def state():
    ids = search.run_search(search.parse_query("lighthouse"), limit=200).ids
    found = image_records.find_images(ids), bookmarks.find_annotations(ids)
    print(json.dumps([len(ids), *map(len, found)]))
"""


@pytest.fixture
def run(tmp_path):
    started = []

    def run(code, data=tmp_path / "data"):
        process = start_python(f"{_PROGRAM}\n{code}", CIVITAI_SHORTCUT_DATA=str(data))
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def _said(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1]), err


def _is_sound(path):
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.execute("INSERT INTO trigrams (trigrams, rank) VALUES ('integrity-check', 1)")
    both = "SELECT (SELECT count(*) FROM images), (SELECT count(*) FROM search_fields)"
    [(images, facts)] = db.execute(both).fetchall()
    db.close()
    assert images == facts
    return images


def test_killed_writer_loses_nothing_that_it_reported_as_written(run, tmp_path):
    dice, written, first = random.Random(0), 0, 1
    for _ in range(3):
        process = run(f"keep({first}, 10_000)")
        assert process.stdout.readline()
        time.sleep(dice.random() * 0.3)
        process.kill()
        lines = process.stdout.read().split()
        written = int(lines[-1]) if lines else first + 9
        first = written + 11
        assert _is_sound(tmp_path / "data" / "library.db") >= written - first
    found, _ = _said(run("state()"))
    assert found[0] == found[1] > 0


def test_two_processes_can_write_and_read_at_once(run, tmp_path):
    both = [run(f"keep({first}, 150)") for first in (1, 5001)]
    readers = [run("for _ in range(8): state()") for _ in range(2)]
    for process in (*both, *readers):
        _said(process)
    assert _is_sound(tmp_path / "data" / "library.db") == 300


def test_full_disk_is_reported_and_stored_data_stays(run, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        _said(run("keep(1, 20); note(1, 'n')", disk))
        filler = disk / "filler"
        with open(filler, "wb") as file:
            free = os.statvfs(disk)
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - 8192)
        _, err = _said(run("keep(1001, 200)", disk))
        assert "There is no disk space left" in err
        refused = run("note(2, 'n' * 9000)", disk)
        assert refused.wait(60) and "DiskFull" in refused.stderr.read()
        filler.unlink()
        assert _said(run("keep(2001, 10); state()", disk))[0] >= [30, 30, 1]
        _is_sound(disk / "library.db")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
