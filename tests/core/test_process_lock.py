"""Locks between processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time

import pytest
from civitai_manager_libs.core.sqlite import ProcessLock
from civitai_manager_libs.errors import DiskError
from lock_holder import hold_lock

pytestmark = pytest.mark.usefixtures("each_system")

_HOLDER = """
import sys
sys.path.insert(0, sys.argv[1])
from civitai_manager_libs.core import sqlite
print(sqlite.ProcessLock(sys.argv[2]).acquire(shared=sys.argv[3] == "True"), flush=True)
sys.stdin.read()
"""
_SCRIPTS = os.path.join(os.path.dirname(__file__), "..", "..", "scripts")


def _holder(path, shared):
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDER, _SCRIPTS, path, str(shared)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "locks" / "a.lock")


def test_second_lock_is_refused_until_the_first_is_released(path):
    first, second = ProcessLock(path), ProcessLock(path)
    assert first.acquire()
    assert not second.acquire() and not second.acquire(patience=0.1)
    first.release()
    assert second.acquire()
    second.release()


def test_lock_waits_for_its_holder(path):
    lock = ProcessLock(path)
    with hold_lock(0.15, ProcessLock(path)):
        started = time.monotonic()
        assert lock.acquire(patience=5)
    assert 0.1 < time.monotonic() - started < 5
    lock.release()


def test_shared_lock_is_shared_and_excludes_an_exclusive_one(path):
    first, second, alone = (ProcessLock(path) for _ in range(3))
    assert first.acquire(shared=True) and second.acquire(shared=True)
    assert not alone.acquire(0.05)
    first.release(), second.release()
    assert alone.acquire()
    assert not first.acquire(0.05, shared=True)
    alone.release()
    assert os.path.getsize(path) == 0


def test_release_without_a_lock_is_no_error(path):
    ProcessLock(path).release()


def test_lock_can_be_released_by_another_thread(path):
    lock = ProcessLock(path)
    assert lock.acquire()
    releaser = threading.Thread(target=lock.release)
    releaser.start()
    releaser.join()
    assert ProcessLock(path).acquire()


@pytest.mark.parametrize("shared", [False, True])
def test_killed_process_leaves_no_lock(path, shared):
    with _holder(path, shared) as holder:
        assert holder.stdout.readline() == "True\n"
        assert not ProcessLock(path).acquire()
        holder.kill()
        holder.wait()
    lock = ProcessLock(path)
    assert lock.acquire()
    lock.release()


def test_lock_at_an_impossible_path_is_a_disk_error(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "a.lock", tmp_path / "folder"):
        with pytest.raises(DiskError, match=re.escape(str(path))):
            ProcessLock(str(path)).acquire()
