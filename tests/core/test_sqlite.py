"""SQLite files: repaired, shared by threads, and locks between processes."""

import os
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest
from civitai_manager_libs.core import sqlite
from civitai_manager_libs.core.sqlite import Database, ProcessLock, Schema
from civitai_manager_libs.errors import DiskError
from civitai_manager_libs.jobs.tables import jobs_database
from cli_process import start_python
from hypothesis import given, strategies as st
from lock_holder import hold_lock
from page_driver import wait_for

pytestmark = pytest.mark.usefixtures("each_system")

_INSERT = "INSERT INTO claims (image_id, job) VALUES (?, 1)"


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "data" / "gallery.db")


def _filled(path, count=2000):
    db = jobs_database(path)
    with db.writing() as connection:
        connection.executemany(_INSERT, [(n,) for n in range(count)])
    db.close()
    sqlite._checked.clear()  # as the next process begins


def _count(path):
    db = jobs_database(path)
    counted = db.rows("SELECT count(*) FROM claims")[0][0]
    db.close()
    return counted, db.recovery_notice


def test_wal_mode_lets_readers_and_a_writer_work_at_once(path):
    os.makedirs(os.path.dirname(path))
    open(path, "wb").close()  # an empty file is a new one
    _filled(path, 5)
    assert _count(path) == (5, "")
    db = jobs_database(path)
    assert db.rows("PRAGMA journal_mode") == [("wal",)]
    db.close()


def test_failed_block_writes_nothing(path):
    db = jobs_database(path)
    with pytest.raises(RuntimeError), db.writing() as connection:
        connection.execute(_INSERT, (1,))
        raise RuntimeError
    assert db.rows("SELECT * FROM claims") == []
    db.close()


def test_many_can_create_a_file_at_once(path):
    start = threading.Barrier(10)

    def use(n):
        start.wait()
        db = jobs_database(path)
        with db.writing() as connection:
            connection.execute(_INSERT, (n,))
        db.close()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(use, range(10)))
    assert _count(path) == (10, "")


def _overwrite_start(path):
    with open(path, "r+b") as file:
        file.write(b"this is no database at all")


def _overwrite_middle(path):
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        file.write(os.urandom(4096 * 3))


def _cut_short(path):
    with open(path, "r+b") as file:
        file.truncate(os.path.getsize(path) // 2)


def _run_sql(sql):
    def change(path):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(sql)
            connection.commit()

    return change


_DAMAGES = {
    **{"start": _overwrite_start, "middle": _overwrite_middle, "cut": _cut_short},
    "version-below-0": _run_sql("PRAGMA user_version = -3"),
    "version-lost": _run_sql("PRAGMA user_version = 0"),
    "version-1-with-the-tables-of-2": _run_sql("PRAGMA user_version = 1"),
}


@pytest.mark.parametrize("damage", _DAMAGES.values(), ids=_DAMAGES)
def test_damaged_file_is_renamed_and_a_new_one_works(path, damage):
    _filled(path)
    damage(path)
    with open(path, "rb") as file:
        before = file.read()
    counted, recovery_notice = _count(path)
    assert counted == 0
    assert "was damaged" in recovery_notice and "pictures are untouched" in recovery_notice
    with open(recovery_notice.split("renamed to ")[1].split(". Your ")[0], "rb") as file:
        assert len(file.read()) == len(before)
    _filled(path, 3)
    assert _count(path) == (3, "")


@given(where=st.floats(0, 1), damage=st.binary(min_size=1, max_size=300), is_known=st.booleans())
def test_any_damage_is_reported_or_replaced(tmp_path, where, damage, is_known):
    whole, path = tmp_path / "whole.db", tmp_path / "gallery.db"
    if not whole.exists():
        _filled(str(whole), 20)
    for old in tmp_path.glob("gallery.db*"):
        old.unlink()
    body = whole.read_bytes()
    at = int(where * (len(body) - len(damage)))
    path.write_bytes(body[:at] + damage + body[at + len(damage) :])
    (sqlite._checked.add if is_known else sqlite._checked.discard)(str(path))
    with suppress(DiskError):
        assert 0 <= _count(str(path))[0] <= 20


def test_damage_found_by_many_at_once_renames_one_file(path):
    _filled(path)
    _overwrite_start(path)
    start = threading.Barrier(6)

    def use(_):
        start.wait()
        db = jobs_database(path)
        db.close()
        return db.recovery_notice

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(use, range(6)))
    assert sorted(found)[:-1] == [""] * 5
    assert len([n for n in os.listdir(os.path.dirname(path)) if "damaged" in n]) == 1


def test_damaged_file_is_not_renamed_while_it_is_open(path, monkeypatch):
    monkeypatch.setattr(sqlite, "_WAIT_ALONE", 0.1)
    _filled(path)
    user = jobs_database(path)
    _overwrite_start(path)
    sqlite._checked.clear()
    with pytest.raises(DiskError, match="damaged.*in use"):
        jobs_database(path)
    assert os.path.exists(path)
    user.close()
    counted, recovery_notice = _count(path)
    assert counted == 0 and recovery_notice


def test_file_of_a_newer_version_is_renamed_unchanged(path):
    _filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    count, said = _count(path)
    assert count == 0 and "newer version" in said and "pictures are untouched" in said
    [kept] = [name for name in os.listdir(os.path.dirname(path)) if ".newer-" in name]
    assert kept in said
    with sqlite3.connect(os.path.join(os.path.dirname(path), kept)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)
        assert connection.execute("SELECT count(*) FROM claims").fetchone() == (2000,)
    connection.close()
    assert _count(path) == (0, "")


def test_writer_that_does_not_finish_is_reported(path, tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "_WAIT", 0.1)
    first, second = jobs_database(path), jobs_database(path)
    with first.writing():
        with pytest.raises(DiskError, match="locked"), second.writing():
            pytest.fail("two writers at once")
    first.close(), second.close()
    os.makedirs(tmp_path / "folder.db")
    (tmp_path / "file").write_text("")
    for bad, said in (("folder.db", "folder.db cannot be used"), ("file/gallery.db", "file")):
        with pytest.raises(DiskError, match=said):
            jobs_database(str(tmp_path / bad))


def test_damage_found_while_open_is_reported(path):
    _filled(path, 20_000)
    jobs_database(path).close()
    db = jobs_database(path)  # not looked through again, so its pages are not in memory
    _overwrite_middle(path)
    with pytest.raises(DiskError, match="malformed"):
        db.rows("SELECT count(*) FROM claims")
    db.close()
    assert _count(path)[0] == 0, "not looked at anew"


_SCHEMA = Schema("CREATE TABLE notes (text TEXT)", "The notes", "Nothing is lost.")


@pytest.fixture
def notes_path(tmp_path):
    return str(tmp_path / "notes.db")


@pytest.fixture
def opened():
    return []


@pytest.fixture
def pool(opened, monkeypatch):
    monkeypatch.setattr(sqlite, "_IDLE", 60)

    def open_database(notes_path):
        opened.append(Database(notes_path, _SCHEMA))
        return opened[-1]

    pool = sqlite.ConnectionPool(open_database)
    yield pool
    pool.close_idle()


def test_connection_is_reused_but_not_twice_at_once(pool, opened, notes_path):
    for _ in range(3):
        with pool.borrow(notes_path) as first:
            with pool.borrow(notes_path) as second:
                assert first is not second
    assert len(opened) == 2


def test_connection_to_a_replaced_file_is_not_reused(pool, notes_path):
    with pool.borrow(notes_path) as database, database.writing() as db:
        db.execute("INSERT INTO notes VALUES ('old')")
    os.replace(notes_path, f"{notes_path}.old")
    with pool.borrow(notes_path) as database:
        assert database.rows("SELECT * FROM notes") == []


def test_failed_block_closes_the_idle_connections_of_its_file_too(pool, opened, notes_path):
    with pool.borrow(notes_path), pool.borrow(notes_path):
        pass
    with pytest.raises(RuntimeError), pool.borrow(notes_path):
        raise RuntimeError
    with pool.borrow(notes_path):
        pass
    assert len(opened) == 3


def test_idle_connection_is_closed_soon(pool, notes_path, monkeypatch):
    monkeypatch.setattr(sqlite, "_IDLE", 0.01)
    with pool.borrow(notes_path):
        pass
    wait_for(lambda: not pool._idle and not pool._timer)


_HOLDER = """
import sys
from civitai_manager_libs.core import sqlite
lock = sqlite.ProcessLock(sys.argv[1])
print(lock.acquire(shared=sys.argv[2] == "True"), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock_path(tmp_path):
    return str(tmp_path / "locks" / "a.lock")


def test_second_lock_is_refused_until_the_first_is_released(lock_path):
    first, second = ProcessLock(lock_path), ProcessLock(lock_path)
    first.release()  # without a lock: no error
    assert first.acquire()
    assert not second.acquire() and not second.acquire(patience=0.1)
    releaser = threading.Thread(target=first.release)  # another thread than took it
    releaser.start()
    releaser.join()
    assert second.acquire()
    second.release()


def test_lock_waits_for_its_holder(lock_path):
    lock = ProcessLock(lock_path)
    with hold_lock(0.15, ProcessLock(lock_path)):
        assert not lock.acquire() and lock.acquire(patience=5)
    lock.release()


def test_shared_lock_is_shared_and_excludes_an_exclusive_one(lock_path):
    first, second, alone = (ProcessLock(lock_path) for _ in range(3))
    assert first.acquire(shared=True) and second.acquire(shared=True)
    assert not alone.acquire(0.05)
    first.release(), second.release()
    assert alone.acquire()
    assert not first.acquire(0.05, shared=True)
    alone.release()
    assert os.path.getsize(lock_path) == 0


@pytest.mark.parametrize("shared", [False, True])
def test_killed_process_leaves_no_lock(lock_path, shared):
    with start_python(_HOLDER, lock_path, shared) as holder:
        assert holder.stdout.readline() == "True\n"
        assert not ProcessLock(lock_path).acquire()
        holder.kill()
        holder.wait()
    lock = ProcessLock(lock_path)
    assert lock.acquire()
    lock.release()


def test_lock_at_an_impossible_path_is_a_disk_error(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for lock_path in (tmp_path / "file" / "a.lock", tmp_path / "folder"):
        with pytest.raises(DiskError, match=re.escape(str(lock_path))):
            ProcessLock(str(lock_path)).acquire()
