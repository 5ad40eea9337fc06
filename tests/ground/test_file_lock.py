"""A lock that ends with its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from civitai_manager_libs.errors import DiskError
from civitai_manager_libs.ground import file_lock
from civitai_manager_libs.ground.file_lock import FileLock

_HOLDER = """
import sys
sys.path.insert(0, sys.argv[1])
from civitai_manager_libs.ground import FileLock
lock = FileLock(sys.argv[2])
print(lock.acquire(), flush=True)
sys.stdin.read()
"""
_SCRIPTS = os.path.join(os.path.dirname(__file__), "..", "..", "scripts")


def _holder(path):
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDER, _SCRIPTS, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_second_one_is_refused_until_the_first_lets_go(tmp_path):
    first, second = (FileLock(str(tmp_path / "locks" / "a.lock")) for _ in range(2))
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_shared_lock_is_shared_and_keeps_out_who_wants_it_alone(tmp_path):
    first, second, alone = (FileLock(str(tmp_path / "a.lock")) for _ in range(3))
    assert first.acquire(shared=True) and second.acquire(shared=True)
    assert not alone.acquire()
    first.release(), second.release()
    assert alone.acquire()
    assert not first.acquire(shared=True)
    alone.release()


def test_two_names_are_two_locks(tmp_path):
    first, second = FileLock(str(tmp_path / "a")), FileLock(str(tmp_path / "b"))
    assert first.acquire() and second.acquire()
    first.release(), second.release()


def test_release_without_a_lock_is_no_error(tmp_path):
    FileLock(str(tmp_path / "a")).release()


def test_killed_process_leaves_no_lock(tmp_path):
    path = str(tmp_path / "a.lock")
    with _holder(path) as holder:
        assert holder.stdout.readline() == "True\n"
        assert not FileLock(path).acquire()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        lock = FileLock(path)
        assert lock.acquire()
        lock.release()


def test_patient_one_waits_for_who_only_looks(tmp_path):
    first, second = (FileLock(str(tmp_path / "a.lock")) for _ in range(2))
    assert first.acquire()
    timer = threading.Timer(0.15, first.release)
    timer.start()
    started = time.monotonic()
    assert second.acquire(patience=5)
    assert 0.1 < time.monotonic() - started < 5
    second.release()


def test_patience_has_an_end(tmp_path):
    first, second = (FileLock(str(tmp_path / "a.lock")) for _ in range(2))
    assert first.acquire()
    assert not second.acquire(patience=0.1)
    first.release()


def test_no_lock_can_be_where_no_file_can(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError, match="file"):
        FileLock(str(tmp_path / "file" / "a.lock")).acquire()


@pytest.mark.skipif(file_lock.fcntl is None, reason="POSIX only")
def test_file_system_without_locks_is_said_not_taken_as_held(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(file_lock.fcntl, "flock", no_locks)
    with pytest.raises(DiskError, match="No locks available"):
        FileLock(str(tmp_path / "a.lock")).acquire()
