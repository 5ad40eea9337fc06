"""The SQLite file of the jobs: opened, of a version that we know, set aside when it is damaged."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import DiskError, DiskFull

__all__ = ["Database"]

_VERSION = 1
_WAIT = 30  # seconds for another writer's turn to end
_SCHEMA = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL, title TEXT NOT NULL,
    query TEXT NOT NULL, folder TEXT NOT NULL, wanted INTEGER NOT NULL, again INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', reason TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '', cursor TEXT, walked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE items (
    place INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    image_id INTEGER NOT NULL, url TEXT NOT NULL, kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting', path TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    record TEXT NOT NULL DEFAULT '', UNIQUE (job, image_id)
);
CREATE INDEX items_by_state ON items (job, state, place);
CREATE TABLE saved (
    image_id INTEGER PRIMARY KEY, path TEXT NOT NULL, bytes INTEGER NOT NULL, at REAL NOT NULL
);
CREATE TABLE claims (image_id INTEGER PRIMARY KEY, job INTEGER NOT NULL)
"""


class Database:
    """One connection, of the thread that made it; many may be open at once.

    Raises DiskError with a sentence when the file cannot be used. A damaged one is renamed, and
    `set_aside` has its new path, so that the user can be told; the pictures are untouched.
    """

    def __init__(self, path: str) -> None:
        self.path, self.set_aside = path, ""
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self.connection = self._opened()
        except OSError as error:
            raise DiskError(f"{path} cannot be used: {error.strerror}.") from error
        except sqlite3.Error as error:
            raise DiskError(f"The database {path} cannot be used: {error}.") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction. It waits for its turn at the start, so it does not fail half-way.

        Raises DiskFull when there is no room for it, DiskError when it cannot be written.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            with self.connection:
                yield self.connection
        except sqlite3.OperationalError as error:
            kind = DiskFull if "full" in str(error) else DiskError
            raise kind(f"The database {self.path} cannot be written: {error}.") from error

    def close(self) -> None:
        self.connection.close()

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._connected()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # "file is not a database", "disk image is malformed"
            self.set_aside = f"{self.path}.damaged-{time.time():.0f}"
            for end in ("", "-wal", "-shm"):
                if os.path.exists(self.path + end):
                    os.replace(self.path + end, self.set_aside + end)
            return self._connected()

    def _connected(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=_WAIT, isolation_level=None)
        try:
            self._prepare(db)
        except (sqlite3.Error, DiskError):
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise DiskError(
                f"{self.path} was written by a newer version of Civitai Shortcut. Update it, or"
                " move that file away; your pictures are not touched."
            )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("BEGIN IMMEDIATE")
        with db:  # another process may have made it since
            if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_VERSION}")
