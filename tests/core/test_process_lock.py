"""Locks that end with their process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest
from civitai_manager_libs.core.process_lock import ProcessLock
from civitai_manager_libs.core.sqlite_file import SharedLock
from civitai_manager_libs.errors import DiskError
from lock_holder import held_for

pytestmark = pytest.mark.usefixtures("each_system")

_HOLDER = """
import sys
sys.path.insert(0, sys.argv[1])
from civitai_manager_libs.core import process_lock, sqlite_file
kind = getattr(process_lock, sys.argv[3], None) or getattr(sqlite_file, sys.argv[3])
lock = kind(sys.argv[2])
print(lock.acquire(0), flush=True)
sys.stdin.read()
"""
_SCRIPTS = os.path.join(os.path.dirname(__file__), "..", "..", "scripts")


def _holder(path, kind):
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDER, _SCRIPTS, path, kind.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "locks" / "a.lock")


def test_second_one_is_refused_until_the_first_lets_go(path):
    first, second = ProcessLock(path), ProcessLock(path)
    assert first.acquire()
    assert not second.acquire() and not second.acquire(patience=0.1)
    first.release()
    assert second.acquire()
    second.release()


def test_patient_one_waits_for_who_only_looks(path):
    lock = ProcessLock(path)
    with held_for(0.15, ProcessLock(path)):
        started = time.monotonic()
        assert lock.acquire(patience=5)
    assert 0.1 < time.monotonic() - started < 5
    lock.release()


def test_shared_lock_is_shared_and_keeps_out_who_wants_it_alone(path):
    first, second, alone = (SharedLock(path) for _ in range(3))
    assert first.acquire(0) and second.acquire(0)
    assert not alone.acquire(0.05, alone=True)
    first.release(), second.release()
    assert alone.acquire(0, alone=True)
    assert not first.acquire(0.05)
    alone.release()
    assert os.path.getsize(path) == 0


@pytest.mark.parametrize("kind", [ProcessLock, SharedLock])
def test_release_without_a_lock_is_no_error(path, kind):
    kind(path).release()


@pytest.mark.parametrize("kind, alone", [(ProcessLock, ()), (SharedLock, (True,))])
def test_killed_process_leaves_no_lock(path, kind, alone):
    with _holder(path, kind) as holder:
        assert holder.stdout.readline() == "True\n"
        assert not kind(path).acquire(0, *alone)
        holder.kill()
        holder.wait()
    lock = kind(path)
    assert lock.acquire(0, *alone)
    lock.release()


def test_no_lock_can_be_where_no_file_can(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "a.lock", tmp_path / "folder"):
        with pytest.raises(DiskError, match=re.escape(str(path))):
            ProcessLock(str(path)).acquire()
