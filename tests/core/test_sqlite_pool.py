"""A pool of SQLite connections that stay open for a second."""

from __future__ import annotations

import os

import pytest
from civitai_manager_libs.core import sqlite
from civitai_manager_libs.core.sqlite import Database, Schema
from page_driver import wait_for

_SCHEMA = Schema(1, "CREATE TABLE notes (text TEXT)", "The notes", "Nothing is lost.")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "notes.db")


@pytest.fixture
def opened():
    return []


@pytest.fixture
def pool(opened, monkeypatch):
    monkeypatch.setattr(sqlite, "_IDLE", 60)

    def open_database(path):
        opened.append(Database(path, _SCHEMA))
        return opened[-1]

    pool = sqlite.ConnectionPool(open_database)
    yield pool
    pool.close_idle()


def test_connection_is_reused_but_not_twice_at_once(pool, opened, path):
    for _ in range(3):
        with pool.borrow(path) as first:
            with pool.borrow(path) as second:
                assert first is not second
    assert len(opened) == 2


def test_connection_to_a_replaced_file_is_not_reused(pool, path):
    with pool.borrow(path) as database, database.writing() as db:
        db.execute("INSERT INTO notes VALUES ('old')")
    os.replace(path, f"{path}.old")
    with pool.borrow(path) as database:
        assert database.rows("SELECT * FROM notes") == []


def test_failed_block_closes_the_idle_connections_of_its_file_too(pool, opened, path):
    with pool.borrow(path), pool.borrow(path):
        pass
    with pytest.raises(RuntimeError), pool.borrow(path):
        raise RuntimeError
    with pool.borrow(path):
        pass
    assert len(opened) == 3


def test_idle_connection_is_closed_soon(pool, path, monkeypatch):
    monkeypatch.setattr(sqlite, "_IDLE", 0.01)
    with pool.borrow(path):
        pass
    wait_for(lambda: not pool._idle and not pool._timer)
