"""The SQLite file of jobs: its tables, and upgrades from older versions."""

from __future__ import annotations

from ...core import sqlite_file

__all__ = ["jobs_database"]

# In `jobs`, walked is a `states.WalkState`; options is a `records.JobOptions` and report a
# `records.WalkReport`, both as JSON. In `items`, name is as in `records.Item`; walks: 1 first walk,
# 2 second walk, 3 both. An item of kind `model` is a model file: image_id is Civitai's id of the
# file, bytes its expected size until it is saved, and its record a `ModelFileRequest`. The tables
# `saved` and `claims` are for images only.
_TABLES = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL, title TEXT NOT NULL,
    query TEXT NOT NULL, folder TEXT NOT NULL, wanted INTEGER NOT NULL, again INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', reason TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '', cursor TEXT, walked INTEGER NOT NULL DEFAULT 0,
    options TEXT NOT NULL DEFAULT '{}', report TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE items (
    place INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    image_id INTEGER NOT NULL, url TEXT NOT NULL, kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting', path TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    name TEXT NOT NULL DEFAULT '', walks INTEGER NOT NULL DEFAULT 1, UNIQUE (job, image_id)
);
CREATE INDEX items_by_state ON items (job, state, place);
CREATE INDEX items_by_name ON items (name COLLATE NOCASE) WHERE name != '';
CREATE INDEX model_files ON items (image_id) WHERE kind = 'model';
CREATE TABLE records (
    place INTEGER PRIMARY KEY REFERENCES items (place) ON DELETE CASCADE, record TEXT NOT NULL
);
CREATE TABLE saved (
    image_id INTEGER PRIMARY KEY, path TEXT NOT NULL, bytes INTEGER NOT NULL, at REAL NOT NULL
);
CREATE INDEX saved_by_path ON saved (path COLLATE NOCASE);
CREATE TABLE claims (image_id INTEGER PRIMARY KEY, job INTEGER NOT NULL)
"""
# The first line fails for files of the first two days, whose version 1 has no table `records`: they
# are set aside as damaged.
_TO_2 = """
SELECT place FROM records LIMIT 1;
ALTER TABLE jobs ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE jobs ADD COLUMN report TEXT NOT NULL DEFAULT '{}';
ALTER TABLE items ADD COLUMN name TEXT NOT NULL DEFAULT '';
CREATE INDEX items_by_name ON items (name COLLATE NOCASE) WHERE name != '';
CREATE INDEX saved_by_path ON saved (path COLLATE NOCASE)
"""
_TO_3 = "ALTER TABLE items ADD COLUMN walks INTEGER NOT NULL DEFAULT 1"
_TO_4 = "CREATE INDEX model_files ON items (image_id) WHERE kind = 'model'"
# Up to version 4, these states of `WalkState` shared their numbers with others.
_TO_5 = """
UPDATE jobs SET walked = 4 WHERE walked = 2
    AND CASE WHEN json_valid(report) THEN json_extract(report, '$.second_end') END = 'empty';
UPDATE jobs SET walked = 5 WHERE walked = 1
    AND CASE WHEN json_valid(options) THEN json_extract(options, '$.verify') END
    AND CASE WHEN json_valid(report) THEN json_extract(report, '$.end') END IN ('end', 'blank')
    AND coalesce(json_extract(report, '$.second_end'), '') = ''
"""
_CHANGES = (_TO_2, _TO_3, _TO_4, _TO_5)
_SCHEMA = sqlite_file.Schema(
    5, _TABLES, "The jobs database", "Your pictures are untouched.", changes=_CHANGES
)


def jobs_database(path: str) -> sqlite_file.Database:
    """Open the jobs database at a path. Raises DiskError if the file is unusable."""
    return sqlite_file.Database(path, _SCHEMA)
