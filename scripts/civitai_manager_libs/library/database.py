"""The SQLite file of what was read of Civitai: its tables. It may be deleted at any time."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from .. import setting, util
from ..errors import DiskError
from ..ground import sqlite_file

__all__ = ["library_database", "packed", "rows", "unpacked"]

# What is counted of each whole record (see `figures.Facts`), made anew where the rules are others.
_FIGURES = """CREATE TABLE figures (
    id INTEGER PRIMARY KEY, made_by INTEGER NOT NULL, level INTEGER NOT NULL,
    reactions INTEGER NOT NULL, versions TEXT NOT NULL, settings TEXT NOT NULL, words TEXT NOT NULL
)"""
# words: what a user may look for in an image (see `words.py`); before the record, so that a search
# does not read those.
_TABLES = f"""
CREATE TABLE images (
    id INTEGER PRIMARY KEY, read_at REAL NOT NULL, is_whole INTEGER NOT NULL,
    author TEXT NOT NULL, base_model TEXT NOT NULL, words TEXT NOT NULL, record BLOB NOT NULL
);
CREATE INDEX images_by_age ON images (read_at);
CREATE TABLE models (
    id INTEGER PRIMARY KEY, read_at REAL NOT NULL, base_models TEXT NOT NULL, record BLOB NOT NULL
);
CREATE TABLE versions (
    id INTEGER PRIMARY KEY, model_id INTEGER NOT NULL, model_name TEXT NOT NULL, name TEXT NOT NULL
);
CREATE TABLE pages (
    query TEXT NOT NULL, cursor TEXT NOT NULL, read_at REAL NOT NULL, next_cursor TEXT,
    ids TEXT NOT NULL, PRIMARY KEY (query, cursor)
);
CREATE INDEX pages_by_age ON pages (read_at);
{_FIGURES}
"""
_SCHEMA = sqlite_file.Schema(
    2,
    _TABLES,
    "The library of what was seen",
    "It fills again as you look.",
    is_checked=False,
    changes=(_FIGURES,),
)


def library_database() -> sqlite_file.Database:
    """Raises DiskError with a sentence when the file cannot be used."""
    database = sqlite_file.Database(setting.library_file(), _SCHEMA)
    if database.set_aside:
        util.printD(f"[library] {database.set_aside}")
    return database


def rows(sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """None where the library cannot be read: it only keeps what Civitai has too."""
    try:
        database = library_database()
        try:
            return database.rows(sql, values)
        finally:
            database.close()
    except DiskError as error:
        util.printD(f"[library] {error}")
        return []


def packed(record: Mapping[str, Any]) -> bytes:
    """Half of a surrogate pair, which JSON can carry and UTF-8 cannot, becomes a question mark."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "replace"), 1)


def unpacked(data: bytes) -> Any:
    return json.loads(zlib.decompress(data))
