"""The jobs' database file and its rows."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from .. import setting
from ..civitai import ImageQuery
from ..core import Image, resize_url, sqlite
from .filename_template import DEFAULT_TEMPLATE, fill_template, MAX_NAME_BYTES
from .job_records import Item, item_path, Job, JobOptions, JobState, NamingContext, WalkedPage
from .job_records import WalkReport, WalkState

# In `jobs`, walked is a `WalkState`; options is a `JobOptions` and report a `WalkReport`, both as
# JSON. In `items`, name is as in `Item`; walks: 1 first walk, 2 second walk, 3 both. An item of
# kind `model` is a model file: image_id is Civitai's id of the file, bytes its expected size until
# it is saved, and its record a `ModelFileRequest`. The tables `saved` and `claims` are for images
# only. `made` has the images that engines make: a `MakeJob`.
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
_MADE = """
CREATE TABLE IF NOT EXISTS made (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL, image_id INTEGER NOT NULL,
    engine TEXT NOT NULL, plan TEXT NOT NULL, prompt_id TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', problem TEXT NOT NULL DEFAULT '{}',
    path TEXT NOT NULL DEFAULT ''
)
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
_CHANGES = (_TO_2, _TO_3, _TO_4, _TO_5, _MADE)
_SCHEMA = sqlite.Schema(
    f"{_TABLES};{_MADE}", "The jobs database", "Your pictures are untouched.", changes=_CHANGES
)
_MAX_WINDOWS_PATH = 259  # characters, unless the user has allowed more
_MOST = 2**53  # the largest id or number of bytes: JavaScript's largest exact integer
_LAST_TIME = 253_402_300_800.0  # the year 10000, which Python's dates cannot represent
_COLUMN_TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("id", "wanted"), int),
    **dict.fromkeys(("title", "folder", "reason", "note"), str),
    "created": (int, float),
    "cursor": (str, type(None)),
}
_ITEM = "SELECT items.place, image_id, url, kind, {}, state, reason, message, name FROM items"
# Read the record as bytes, since damaged text cannot be decoded.
WITH_RECORD = _ITEM.format("CAST(record AS BLOB)") + " JOIN records ON records.place = items.place"
# A model file's record is short, and has the file's path.
WITHOUT_RECORD = _ITEM.format(
    "CASE WHEN kind = 'model' THEN coalesce((SELECT CAST(record AS BLOB) FROM records"
    " WHERE records.place = items.place), '') ELSE '' END"
)
JOB = (
    "SELECT jobs.id, created, title, query, folder, wanted, again, state, reason, note, cursor,"
    " options, report, walked, (SELECT json_group_object(state, json_array(n, size)) FROM"
    " (SELECT CAST(state AS TEXT) AS state, count(*) AS n, total(bytes) AS size FROM items"
    " WHERE job = jobs.id GROUP BY 1)) FROM jobs"
)
_JOB_FIELDS = (  # fields of `Job` in the order of the query `JOB`
    *("id", "created", "title", "query", "folder", "wanted", "again", "state", "reason", "note"),
    *("cursor", "options", "report", "walk", "counts"),
)


def jobs_database(path: str) -> sqlite.Database:
    """Open the jobs database at a path. Raises DiskError if the file is unusable."""
    return sqlite.Database(path, _SCHEMA)


def insert_job(
    db: sqlite3.Connection,
    title: str,
    query: ImageQuery,
    folder: str,
    wanted: int,
    again: bool,
    options: JobOptions,
    cursor: str | None = None,
) -> int:
    """Insert a queued job and return its id; for the parameters see `JobStore.add_job`."""
    values = (title, json.dumps(query.to_json()), folder, wanted, again, to_json(asdict(options)))
    row = db.execute(
        "INSERT INTO jobs (created, title, query, folder, wanted, again, options, cursor)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (time.time(), *values, cursor),
    )
    return int(row.lastrowid or 0)


def insert_page(db: sqlite3.Connection, job_id: int, page: WalkedPage) -> None:
    """Store a gallery page's images as items of a job; update the job's cursor and report."""
    sql = "SELECT options, folder, report FROM jobs WHERE id = ?"
    options, folder, report_json = db.execute(sql, (job_id,)).fetchone()
    parsed, report = _parse_options(options), WalkReport(**json.loads(report_json))
    known_sql = "job = ? AND image_id IN (SELECT value FROM json_each(?))"
    ids = (job_id, json.dumps([image.id for image in page.images]))
    known = {i for (i,) in db.execute(f"SELECT image_id FROM items WHERE {known_sql}", ids)}
    db.execute(f"UPDATE items SET walks = walks | ? WHERE {known_sql}", (page.walk, *ids))
    images = [image for image in page.images if image.id not in known]
    names = _choose_names(db, folder, parsed, images)
    rows, width = [], parsed.width
    for i in images:
        # Civitai's renditions of videos are unreliable.
        is_original = not width or i.type != "image" or 0 < i.width <= width
        url = remove_base_url(i.url if is_original else resize_url(i.url, f"width={width}"))
        rows.append((job_id, i.id, url, i.type, names.get(i.id, ""), page.walk))
    columns = "job, image_id, url, kind, name, walks"
    db.executemany(f"INSERT OR IGNORE INTO items ({columns}) VALUES (?, ?, ?, ?, ?, ?)", rows)
    # In a separate table: a row of `items` that shrinks would not free its space.
    db.executemany(
        "INSERT OR IGNORE INTO records SELECT place, ? FROM items WHERE job = ? AND image_id = ?",
        [(to_json(image.record), job_id, image.id) for image in images],
    )
    walk = WalkState.after_page(page.walk, page.cursor is None, page.report.end, parsed.verify)
    if page.walk == 1:
        report = page.report if page.is_first else report + page.report
    elif not walk.is_under_way:
        sql = "SELECT walks, count(*) FROM items WHERE job = ? GROUP BY walks"
        found = dict(db.execute(sql, (job_id,)).fetchall())
        only_first, only_second, both = (found.get(walks, 0) for walks in (1, 2, 3))
        first, second, end = only_first + both, only_second + both, page.report.end
        report = replace(report, first=first, second=second, both=both, second_end=end)
        # If both walks found the same images, no empty page at either end hides anything.
        if 0 < report.both == report.first == report.second:
            walk, report = WalkState.OVER, replace(report, end="end", second_end="end")
    values = (page.cursor, walk.value, json.dumps(asdict(report)), job_id)
    db.execute("UPDATE jobs SET cursor = ?, walked = ?, report = ? WHERE id = ?", values)


def add_base_url(url: str) -> str:
    """Return an absolute URL: put the base URL in the settings before one that begins with "/"."""
    return setting.base_url() + url if url[:1] == "/" else url


def remove_base_url(url: str) -> str:
    """Return a URL without the base URL in the settings; return other sites' URLs unchanged."""
    base = setting.base_url()  # may change, as with a demo's port
    return url.removeprefix(base) if url.startswith(f"{base}/") else url


def _choose_names(
    db: sqlite3.Connection, folder: str, options: JobOptions, images: Sequence[Image]
) -> dict[int, str]:
    """Return {image id: its file's path below `folder`}, all different; {} if named by the ids."""
    if options.name == DEFAULT_TEMPLATE:
        return {}
    limit = MAX_NAME_BYTES
    if os.name == "nt":
        limit = min(limit, _MAX_WINDOWS_PATH - len(folder) - len("/.workflow.json"))
    names = {i.id: fill_template(options.name, i, options.facts, limit) for i in images}
    for image_id in names:
        while _is_taken(db, folder, names[image_id], image_id):
            names[image_id] += f" {image_id}"
    return names


def _is_taken(db: sqlite3.Connection, folder: str, name: str, image_id: int) -> bool:
    listed_sql = (
        "SELECT 1 FROM items JOIN jobs ON jobs.id = items.job WHERE name != ''"
        " AND name = ? COLLATE NOCASE AND folder = ? AND image_id != ? LIMIT 1"
    )
    saved_sql = (
        "SELECT 1 FROM saved WHERE path > ? COLLATE NOCASE AND path < ? COLLATE NOCASE"
        " AND image_id != ? LIMIT 1"
    )
    path = item_path(folder, image_id, name)
    bounds = (f"{path}.", f"{path}.\U0010ffff")  # any extension
    is_listed = db.execute(listed_sql, (name, folder, image_id)).fetchone()
    return bool(is_listed or db.execute(saved_sql, (*bounds, image_id)).fetchone())


def mark_queued(db: sqlite3.Connection, job_id: int) -> None:
    """Set a job's state to `queued` and clear the reason of its pause."""
    sql = "UPDATE jobs SET state = 'queued', reason = '', note = '' WHERE id = ?"
    db.execute(sql, (job_id,))


def parse_items(rows: Iterable[tuple[Any, ...]]) -> list[Item]:
    """Parse database rows as items; leave out damaged rows."""
    items = []
    for place, image_id, url, kind, record, *rest in rows:
        has_id = type(image_id) is int and 0 < image_id <= _MOST
        if has_id and all(type(text) is str for text in (url, kind, *rest)):
            text = record.decode("utf-8", "replace") if isinstance(record, bytes) else record
            items.append(Item(place, image_id, add_base_url(url), kind, text, *rest))
    return items


def parse_job_or_none(row: tuple[Any, ...]) -> Job | None:
    """Return the job of a database row, None if the row is damaged."""
    values = dict(zip(_JOB_FIELDS, row))
    try:
        counts = json.loads(values.pop("counts"))
        for state in ("saved", "skipped", "failed", "waiting"):
            values[state] = counts.get(state, (0, 0))[0]
        for name, state in (("bytes", "saved"), ("waiting_bytes", "waiting")):
            values[name] = int(min(counts.get(state, (0, 0))[1], _MOST))
        values["query"] = ImageQuery.from_json(json.loads(values["query"]))
        values["again"], values["state"] = bool(values["again"]), JobState(values["state"])
        values["walk"] = WalkState(values["walk"])
        values["options"] = _parse_options(values["options"])
        values["report"] = WalkReport(**json.loads(values["report"]))
        job = Job(**values)
        if not all(isinstance(getattr(job, n), kind) for n, kind in _COLUMN_TYPES.items()):
            return None
        is_in_range = 0 < job.id <= _MOST and 0 <= job.created < _LAST_TIME and job.wanted >= 0
        context = job.options.facts
        defaults: Any = ((job.report, WalkReport()), (job.options, JobOptions()))
        is_typed = all(
            type(value) is type(getattr(default, name))
            for record, default in (*defaults, (context, NamingContext()))
            for name, value in vars(record).items()
        )
        are_names = all(isinstance(name, str) for name in context.versions.values())
        return job if is_in_range and is_typed and are_names else None
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError):
        return None


def _parse_options(text: str) -> JobOptions:
    values = json.loads(text)
    context = values.pop("facts", {})
    context["versions"] = {int(key): name for key, name in context.get("versions", {}).items()}
    return JobOptions(**values, facts=NamingContext(**context))


def to_json(record: Mapping[str, Any]) -> str:
    """Return a record as JSON that UTF-8 can encode: a lone surrogate becomes a question mark."""
    text = json.dumps(record, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def delete_claims(db: sqlite3.Connection, job_id: int) -> None:
    db.execute("DELETE FROM claims WHERE job = ?", (job_id,))
