"""The SQLite file of the jobs: its tables."""

from __future__ import annotations

from ..ground import sqlite_file

__all__ = ["jobs_database"]

_TABLES = """
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
    tries INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, UNIQUE (job, image_id)
);
CREATE INDEX items_by_state ON items (job, state, place);
CREATE TABLE records (
    place INTEGER PRIMARY KEY REFERENCES items (place) ON DELETE CASCADE, record TEXT NOT NULL
);
CREATE TABLE saved (
    image_id INTEGER PRIMARY KEY, path TEXT NOT NULL, bytes INTEGER NOT NULL, at REAL NOT NULL
);
CREATE TABLE claims (image_id INTEGER PRIMARY KEY, job INTEGER NOT NULL)
"""
_SCHEMA = sqlite_file.Schema(1, _TABLES, "The database of jobs", "The pictures are untouched.")


def jobs_database(path: str) -> sqlite_file.Database:
    """Raises DiskError with a sentence when the file cannot be used."""
    return sqlite_file.Database(path, _SCHEMA)
