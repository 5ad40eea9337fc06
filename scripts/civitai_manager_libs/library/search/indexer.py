"""Keeps what a search looks at in step with the records."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from ...civitai import parse_image
from ...core import Image
from ...infotext import Generation
from ..store import decompress_record, has_trigrams, INDEXES, write_later
from .fields import extract_fields, SearchFields, SearchName

__all__ = ["index_images", "index_remaining"]

_FACTS_AT_ONCE = 5_000
_AT_ONCE = 200  # records of an older version's library in one go
_TEXTS = "INTO {} ({}, prompt, negative, names) VALUES (?, ?, ?, ?)"


def index_images(
    db: sqlite3.Connection, images: Iterable[Image], made: Mapping[int, Generation] = {}
) -> None:
    """In the transaction in which their records are written. made: what is known, by id."""
    for image in images:
        facts = extract_fields(image, made.get(image.id))
        _write_texts(db, image.id, facts)
        _write_fields(db, image, facts)
        _write_names(db, image.id, facts.names)


def index_remaining() -> None:
    """Later, in the background: what an older version's library has, a few at a time."""
    write_later(_index_some)
    write_later(_index_step)


def _index_step(db: sqlite3.Connection) -> None:
    """Make one step of what a search needs that an older version's library lacks; steps are short
    enough for others to write between them."""
    rows = "SELECT id FROM facts WHERE has_negative IS NULL LIMIT ?"
    negative = "SELECT negative <> '' FROM texts WHERE texts.id = facts.id"
    sql = f"UPDATE facts SET has_negative = ifnull(({negative}), 0) WHERE id IN ({rows})"
    if not db.execute(sql, (_FACTS_AT_ONCE,)).rowcount and not _make_index(db):
        return
    write_later(_index_step)


def _make_index(db: sqlite3.Connection) -> bool:
    """Make the first of the indexes that is missing; return whether there was one."""
    made = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    for name, columns in INDEXES.items():
        if name not in made:
            db.execute(f"CREATE INDEX {name} ON {columns}")
            return True
    db.execute("DROP INDEX IF EXISTS facts_in_order")  # `facts_by_rank` has it
    return False


def _index_some(db: sqlite3.Connection) -> None:
    count = "SELECT (SELECT count(*) FROM images) = (SELECT count(*) FROM facts)"
    if db.execute(count).fetchone() == (1,):  # to find which is missing takes seconds
        return
    sql = (
        "SELECT id, record FROM images WHERE id NOT IN (SELECT id FROM facts)"
        " ORDER BY id DESC LIMIT ?"
    )
    found = db.execute(sql, (_AT_ONCE,)).fetchall()
    for image_id, record in found:
        image = parse_image(decompress_record(record)[0])
        # What is no longer of this Civitai has nothing to be found by, but is done with.
        index_images(db, [image if image is not None else Image(image_id, "")])
    if len(found) == _AT_ONCE:
        index_remaining()


def _write_texts(db: sqlite3.Connection, image_id: int, facts: SearchFields) -> None:
    """With blanks after them, so that each letter begins a trigram."""
    texts = tuple(text and f"{text}  " for text in (facts.prompt, facts.negative, facts.named))
    sql = "SELECT prompt, negative, names FROM texts WHERE id = ?"
    before = db.execute(sql, (image_id,)).fetchone()
    if before == texts:
        return
    if before and has_trigrams():
        delete = (
            "INSERT INTO trigrams (trigrams, rowid, prompt, negative, names)"
            " VALUES ('delete', ?, ?, ?, ?)"
        )
        db.execute(delete, (image_id, *before))
    db.execute(f"INSERT OR REPLACE {_TEXTS.format('texts', 'id')}", (image_id, *texts))
    if has_trigrams():
        db.execute(f"INSERT {_TEXTS.format('trigrams', 'rowid')}", (image_id, *texts))


def _write_fields(db: sqlite3.Connection, image: Image, facts: SearchFields) -> None:
    row: tuple[Any, ...] = (image.id, image.level, image.type, image.created_at)
    row += (image.width, image.height, image.reactions.total, bool(image.meta))
    row += (facts.steps, facts.cfg, facts.clip_skip, facts.hires, bool(facts.negative))
    db.execute(f"INSERT OR REPLACE INTO facts VALUES ({', '.join('?' * len(row))})", row)


def _write_names(db: sqlite3.Connection, image_id: int, names: Iterable[SearchName]) -> None:
    db.execute("DELETE FROM uses WHERE id = ?", (image_id,))
    for one in names:
        row = (one.kind, one.name, one.shown)
        db.execute("INSERT OR IGNORE INTO names (kind, name, shown) VALUES (?, ?, ?)", row)
        use = (
            "INSERT OR IGNORE INTO uses SELECT number, ?, ? FROM names WHERE kind = ? AND name = ?"
        )
        db.execute(use, (image_id, one.weight, one.kind, one.name))
