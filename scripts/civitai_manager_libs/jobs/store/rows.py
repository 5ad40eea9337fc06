"""Jobs and their pictures as rows, and back."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from ... import setting
from ...civitai import ImageQuery
from ...core import Image, resize_url
from ..filename_template import DEFAULT_TEMPLATE, fill_template, MAX_NAME_BYTES
from ..records import (
    Claim,
    Item,
    item_path,
    Job,
    JobOptions,
    NamingContext,
    WalkedPage,
    WalkReport,
)
from ..states import JobState, WalkState

__all__ = [
    "JOB",
    "LAST_ID",
    "WITHOUT_RECORD",
    "WITH_RECORD",
    "insert_claims",
    "fail_item",
    "delete_claims",
    "insert_job",
    "insert_page",
    "parse_item",
    "parse_items",
    "parse_job",
    "requeue_failed",
    "mark_queued",
    "parse_job_or_none",
    "decode_column",
]


_LONGEST_PATH = 259  # letters that Windows takes, unless its user has allowed more
LAST_ID = 2**53  # of jobs and images; JavaScript has no larger whole numbers
_LAST_TIME = 253_402_300_800.0  # the year 10000, which no date can name
_TYPES = {"id": int, "created": (int, float), "title": str, "folder": str, "wanted": int}
_TYPES |= {"reason": str, "note": str, "cursor": (str, type(None))}
_ITEM = "SELECT items.place, image_id, url, kind, {}, state, reason, message, name FROM items"
# Bytes, for a damaged one need not be text.
WITH_RECORD = _ITEM.format("CAST(record AS BLOB)") + " JOIN records ON records.place = items.place"
WITHOUT_RECORD = _ITEM.format("''")
JOB = (
    "SELECT jobs.id, created, title, query, folder, wanted, again, state, reason, note, cursor,"
    " options, report, walked, (SELECT json_group_object(state, json_array(n, size)) FROM"
    " (SELECT CAST(state AS TEXT) AS state, count(*) AS n, total(bytes) AS size FROM items"
    " WHERE job = jobs.id GROUP BY 1)) FROM jobs"
)


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
    asked, how = json.dumps(query.to_json()), _to_json(asdict(options))
    row = db.execute(
        "INSERT INTO jobs (created, title, query, folder, wanted, again, options, cursor)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (time.time(), title, asked, folder, wanted, again, how, cursor),
    )
    return int(row.lastrowid or 0)


def insert_page(db: sqlite3.Connection, job_id: int, page: WalkedPage) -> None:
    sql = "SELECT options, folder, report FROM jobs WHERE id = ?"
    how, folder, told = db.execute(sql, (job_id,)).fetchone()
    _insert_items(db, job_id, page, folder, _parse_options(how))
    report = WalkReport(**json.loads(told))
    walk = WalkState.after_page(page.walk, page.cursor is None, page.report.end)
    if page.walk == 1:
        report = page.report if page.is_first else report + page.report
    elif not walk.is_under_way:
        report = _measure_walks(db, job_id, report, page)
    values = (page.cursor, walk.column, json.dumps(asdict(report)), job_id)
    db.execute("UPDATE jobs SET cursor = ?, walked = ?, report = ? WHERE id = ?", values)


def _insert_items(
    db: sqlite3.Connection, job_id: int, page: WalkedPage, folder: str, options: JobOptions
) -> None:
    """List the page's images, or note of those that are listed that this walk found them too."""
    those = "job = ? AND image_id IN (SELECT value FROM json_each(?))"
    values = (job_id, json.dumps([image.id for image in page.images]))
    listed = {i for (i,) in db.execute(f"SELECT image_id FROM items WHERE {those}", values)}
    db.execute(f"UPDATE items SET walks = walks | ? WHERE {those}", (page.walk, *values))
    images = [image for image in page.images if image.id not in listed]
    names = _choose_names(db, folder, options, images)
    db.executemany(
        "INSERT OR IGNORE INTO items (job, image_id, url, kind, name, walks)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                job_id,
                i.id,
                _strip_base_url(_download_url(i, options.width)),
                i.type,
                names.get(i.id, ""),
                page.walk,
            )
            for i in images
        ],
    )
    # Apart from the items: a row that shrinks leaves its page as large as it was.
    db.executemany(
        "INSERT OR IGNORE INTO records SELECT place, ? FROM items WHERE job = ? AND image_id = ?",
        [(_to_json(i.record), job_id, i.id) for i in images],
    )


def _measure_walks(
    db: sqlite3.Connection, job_id: int, report: WalkReport, page: WalkedPage
) -> WalkReport:
    """Return the report with what each of the two walks found, now that the second is over."""
    sql = "SELECT walks, count(*) FROM items WHERE job = ? GROUP BY walks"
    found = dict(db.execute(sql, (job_id,)).fetchall())
    only_first, only_second, both = (found.get(walks, 0) for walks in (1, 2, 3))
    return replace(
        report,
        first=only_first + both,
        second=only_second + both,
        both=both,
        second_end=page.report.end,
    )


def _download_url(image: Image, width: int) -> str:
    """The original has what is embedded in it, so nothing else is fetched where it is no wider; nor
    of videos, whose renditions are not to be relied on."""
    if not width or image.type != "image" or 0 < image.width <= width:
        return image.url
    return resize_url(image.url, f"width={width}")


def _choose_names(
    db: sqlite3.Connection, folder: str, options: JobOptions, images: Sequence[Image]
) -> dict[int, str]:
    """Where each goes below the job's folder; nothing where that is its id, which no other has."""
    if options.name == DEFAULT_TEMPLATE:
        return {}
    longest = _max_name_bytes(folder)
    filled = {i.id: fill_template(options.name, i, options.facts, longest) for i in images}
    return {i: _free_name(db, folder, name, i) for i, name in filled.items()}


def _max_name_bytes(folder: str) -> int:
    """Return how many bytes a name below this folder may have; Windows bounds the whole path."""
    if os.name != "nt":
        return MAX_NAME_BYTES
    return min(MAX_NAME_BYTES, _LONGEST_PATH - len(folder) - len("/.workflow.json"))


def _free_name(db: sqlite3.Connection, folder: str, name: str, image_id: int) -> str:
    """`name`, unless another template has led another picture to the same place."""
    while _is_taken(db, folder, name, image_id):
        name = f"{name} {image_id}"
    return name


def _is_taken(db: sqlite3.Connection, folder: str, name: str, image_id: int) -> bool:
    listed = (
        "SELECT 1 FROM items JOIN jobs ON jobs.id = items.job WHERE name != ''"
        " AND name = ? COLLATE NOCASE AND folder = ? AND image_id != ? LIMIT 1"
    )
    saved = (
        "SELECT 1 FROM saved WHERE path > ? COLLATE NOCASE AND path < ? COLLATE NOCASE"
        " AND image_id != ? LIMIT 1"
    )
    path = item_path(folder, image_id, name)
    ends = (f"{path}.", f"{path}.\U0010ffff")  # whatever its extension
    taken = db.execute(listed, (name, folder, image_id)).fetchone()
    return bool(taken or db.execute(saved, (*ends, image_id)).fetchone())


def requeue_failed(db: sqlite3.Connection, job_id: int) -> int:
    """Of what failed, all but what is gone for good."""
    changed = db.execute(
        "UPDATE items SET state = 'waiting', reason = '', message = ''"
        " WHERE job = ? AND state = 'failed' AND reason != 'gone'",
        (job_id,),
    ).rowcount
    if changed:
        mark_queued(db, job_id)
    return changed


def mark_queued(db: sqlite3.Connection, job_id: int) -> None:
    """Say of a job that it waits its turn."""
    sql = "UPDATE jobs SET state = 'queued', reason = '', note = '' WHERE id = ?"
    db.execute(sql, (job_id,))


def decode_column(data: bytes) -> str:
    """Return a text of the database, which may have been damaged."""
    return data.decode("utf-8", "replace")


def parse_items(found: Iterable[tuple[Any, ...]]) -> list[Item]:
    """Return the items of these rows; one that cannot be read is passed over."""
    return [parse_item(row) for row in found if _is_item(row)]


def _is_item(row: tuple[Any, ...]) -> bool:
    _, image_id, url, kind, record, *rest = row
    is_image = type(image_id) is int and 0 < image_id <= LAST_ID
    texts = (url, kind, *rest)
    return is_image and isinstance(record, (str, bytes)) and all(type(t) is str for t in texts)


def fail_item(db: sqlite3.Connection, place: int, message: str) -> None:
    sql = "UPDATE items SET state = 'failed', reason = 'bad_answer', message = ? WHERE place = ?"
    db.execute(sql, (message, place))


def parse_item(row: tuple[Any, ...]) -> Item:
    item = Item(*row)
    url = setting.base_url() + item.url if item.url[:1] == "/" else item.url
    record = row[4] if isinstance(row[4], str) else row[4].decode("utf-8", "replace")
    return replace(item, url=url, record=record)


def parse_job_or_none(row: tuple[Any, ...]) -> Job | None:
    """Return a row's job; None where a damaged or a strange program wrote it."""
    try:
        job = parse_job(row)
        names = [*job.options.facts.versions.values()]
        for name, kind in _TYPES.items():
            if not isinstance(getattr(job, name), kind):
                return None
        is_in_range = 0 < job.id <= LAST_ID and 0 <= job.created < _LAST_TIME and job.wanted >= 0
        is_like = _has_types_of(job.report, WalkReport()) and _has_types_of(
            job.options, JobOptions()
        )
        is_like = is_like and _has_types_of(job.options.facts, NamingContext())
        are_texts = all(isinstance(name, str) for name in names)
        return job if is_in_range and is_like and are_texts else None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
        return None


def _has_types_of(record: object, usual: object) -> bool:
    """Whether each value is of the kind that it usually is."""
    return all(type(value) is type(getattr(usual, name)) for name, value in vars(record).items())


def parse_job(row: tuple[Any, ...]) -> Job:
    job_id, created, title, query, folder, wanted, again, state, *rest = row
    reason, note, cursor, how, told, walked, counted = rest
    counts = {state: tuple(pair) for state, pair in json.loads(counted).items()}
    numbers = [counts.get(s, (0, 0))[0] for s in ("saved", "skipped", "failed", "waiting")]
    asked = ImageQuery.from_json(json.loads(query))
    size = int(counts.get("saved", (0, 0))[1])
    head = (job_id, created, title, asked, folder, wanted, bool(again), JobState(state))
    options, report = _parse_options(how), WalkReport(**json.loads(told))
    walk = WalkState.of_column(walked, report.end, report.second_end, options.verify)
    return Job(*head, reason, note, cursor, walk, *numbers, size, options, report)


def _parse_options(text: str) -> JobOptions:
    """What is not in it is as it was before there was a choice."""
    kept = json.loads(text)
    facts = kept.pop("facts", {})
    facts["versions"] = {int(key): name for key, name in facts.get("versions", {}).items()}
    return JobOptions(**kept, facts=NamingContext(**facts))


def _to_json(record: Mapping[str, Any]) -> str:
    """Half of a surrogate pair, which JSON can carry and UTF-8 cannot, becomes a question mark."""
    text = json.dumps(record, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def _strip_base_url(url: str) -> str:
    """Without the base URL: the demo's port, or a mirror's name, may be another the next time."""
    base = setting.base_url()
    return url.removeprefix(base) if url.startswith(f"{base}/") else url


def insert_claims(
    db: sqlite3.Connection, job_id: int, image_ids: Sequence[int]
) -> dict[int, Claim]:
    """Say that this job is about to fetch these, as far as no other job has said so."""
    marks = ",".join("?" * len(image_ids))
    saved_sql = f"SELECT image_id, path, bytes FROM saved WHERE image_id IN ({marks})"
    owner_sql = f"SELECT image_id, job FROM claims WHERE image_id IN ({marks})"
    saved = {i: found for i, *found in db.execute(saved_sql, image_ids)}
    owners = dict(db.execute(owner_sql, image_ids).fetchall())
    rows = [(i, job_id) for i in image_ids if i not in owners]
    db.executemany("INSERT INTO claims (image_id, job) VALUES (?, ?)", rows)
    return {
        i: Claim(
            *saved.get(i, ()),
            other_job=owners[i] if owners.get(i, job_id) != job_id else 0,
            ours_before=owners.get(i) == job_id,
        )
        for i in image_ids
    }


def delete_claims(db: sqlite3.Connection, job_id: int) -> None:
    """Drop a job's claims."""
    db.execute("DELETE FROM claims WHERE job = ?", (job_id,))
