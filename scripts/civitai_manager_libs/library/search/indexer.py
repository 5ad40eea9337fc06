"""The index that searches use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...core import Image, Tag
from ...infotext import Generation
from ..database import has_trigrams
from ..hidden_images import refresh_hidden
from .grammar import extract_fields, fold_text, SearchFields, SearchName

__all__ = ["index_images"]

_TEXTS = "INTO {} ({}, prompt, negative, names) VALUES (?, ?, ?, ?)"


def index_images(
    db: sqlite3.Connection, images: Iterable[Image], generations: Mapping[int, Generation] = {}
) -> None:
    """Write the search index of images, in the caller's transaction.

    generations: {image id: result of `read_generation`}; those that are missing are computed.
    """
    ids = list[int]()
    for image in images:
        ids.append(image.id)
        fields = extract_fields(image, generations.get(image.id))
        _write_texts(db, image.id, fields)
        _write_facts(db, image, fields)
        _write_names(db, image.id, fields.names)
        if image.tags is not None:  # without them, the stored ones stay
            _write_tags(db, image.id, image.tags)
    refresh_hidden(db, ids)


def _write_texts(db: sqlite3.Connection, image_id: int, fields: SearchFields) -> None:
    # Two blanks at the end, so that each letter begins a trigram.
    strings = (fields.prompt, fields.negative, fields.names_text)
    texts = tuple(text and f"{text}  " for text in strings)
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


def _write_facts(db: sqlite3.Connection, image: Image, fields: SearchFields) -> None:
    row: tuple[Any, ...] = (image.id, image.level, image.type, image.created_at)
    row += (image.width, image.height, image.reactions.total, bool(image.meta))
    row += (fields.steps, fields.cfg, fields.clip_skip, fields.hires, bool(fields.negative))
    db.execute(f"INSERT OR REPLACE INTO facts VALUES ({', '.join('?' * len(row))})", row)


def _write_names(db: sqlite3.Connection, image_id: int, names: Iterable[SearchName]) -> None:
    db.execute("DELETE FROM uses WHERE id = ?", (image_id,))
    use = "INSERT OR IGNORE INTO uses SELECT number, ?, ? FROM names WHERE kind = ? AND name = ?"
    for name in names:
        row = (name.kind, name.name, name.shown)
        db.execute("INSERT OR IGNORE INTO names (kind, name, shown) VALUES (?, ?, ?)", row)
        db.execute(use, (image_id, name.weight, name.kind, name.name))


def _write_tags(db: sqlite3.Connection, image_id: int, tags: Sequence[Tag]) -> None:
    db.execute("INSERT OR IGNORE INTO tags_read VALUES (?)", (image_id,))
    db.execute("DELETE FROM tagged WHERE id = ?", (image_id,))
    rows = [(tag.id, tag.name, fold_text(tag.name)) for tag in tags]
    db.executemany("INSERT OR REPLACE INTO site_tags VALUES (?, ?, ?)", rows)
    db.executemany("INSERT INTO tagged VALUES (?, ?)", [(tag.id, image_id) for tag in tags])
