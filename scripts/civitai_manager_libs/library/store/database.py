"""The SQLite file of what was read of Civitai, opened. It may be deleted at any time."""

from __future__ import annotations

import functools
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from ... import setting, util
from ...core import log_disk_errors, sqlite_file, sqlite_pool
from .repair import needs_repair, repair_tables
from .schema import CHANGES, TABLES, TEXTS_OF_3, TRIGRAMS, VERSION
from .sized_cache import memory_of_json

__all__ = [
    "connections",
    "has_trigrams",
    "temporary_library",
    "open_library",
    "compress_record",
    "select_rows",
    "select_rows_or_empty",
    "decompress_record",
]
__all__ += ["writing"]

_checked_files: set[str] = set()  # files, by this process
_OWN = ("marks", "own_tags", "sets", "in_sets", "gone")


@functools.cache
def has_trigrams() -> bool:
    """Whether this Python's SQLite can index texts by three letters (3.34, with FTS5)."""
    memory = sqlite3.connect(":memory:")
    try:
        memory.execute("CREATE TABLE texts (id, prompt, negative, names)")
        memory.executescript(TRIGRAMS)
    except sqlite3.OperationalError:
        return False
    finally:
        memory.close()
    return True


def open_library() -> AbstractContextManager[sqlite_file.Database]:
    """Return a context manager that lends a connection to its block. Raises DiskError.

    A connection that was used less than a second ago is used again.
    """
    return connections.borrow(setting.library_file())


def _open_file(path: str) -> sqlite_file.Database:
    database = sqlite_file.Database(path, _make_schema())
    if database.set_aside:
        util.printD(f"[library] {database.set_aside}")
    if path not in _checked_files:
        _checked_files.add(path)
        _repair(database)
    return database


connections = sqlite_pool.ConnectionPool(_open_file)


def _repair(database: sqlite_file.Database) -> None:
    """What fails is one log line: most of the library may be of use still."""
    with log_disk_errors("library"):
        tables = _make_schema().tables
        with database.reading() as db:
            if not needs_repair(db, tables):
                return
        with database.writing() as db:
            said = repair_tables(db, tables)
        for sentence in said:
            util.printD(f"[library] {sentence}")


@contextmanager
def writing() -> Iterator[sqlite3.Connection]:
    """One transaction. Raises DiskError with a sentence when the file cannot be used."""
    with open_library() as database, database.writing() as db:
        yield db


def select_rows(sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Raises DiskError: where the user asks for his own, "nothing" would be a lie."""
    with open_library() as database:
        return database.rows(sql, values)


def select_rows_or_empty(sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """No rows where the library cannot be read: for what can be had, or done without."""
    with log_disk_errors("library"):
        return select_rows(sql, values)
    return []


@contextmanager
def temporary_library(image_ids: Iterable[int] = ()) -> Iterator[sqlite3.Connection]:
    """A library for what is not written yet, or cannot be; with the user's own marks of these."""
    db = sqlite3.connect(":memory:")
    try:
        db.executescript(f"{TABLES};{TRIGRAMS if has_trigrams() else ''}")
        for table in _OWN:
            of_ids = " WHERE id IN (SELECT value FROM json_each(?))" if table != "sets" else ""
            given = (json.dumps(list(image_ids)),) if of_ids else ()
            found = select_rows_or_empty(f"SELECT * FROM {table}{of_ids}", given)
            for row in found:
                db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        yield db
    finally:
        db.close()


def compress_record(record: Mapping[str, Any]) -> tuple[bytes, int]:
    """Return a record as it is stored, and about the bytes of memory that it takes when parsed.

    Half of a surrogate pair, which JSON can carry and UTF-8 cannot, becomes a question mark.
    """
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return zlib.compress(text, 1), memory_of_json(text)


def decompress_record(data: bytes) -> tuple[Any, int]:
    """Return a stored record, and about the bytes of memory that it takes.

    (None, 0) for a damaged one, which is as good as one that was never read.
    """
    try:
        text = zlib.decompress(data)
        return json.loads(text), memory_of_json(text)
    except (zlib.error, ValueError, TypeError, RecursionError):
        return None, 0


@functools.cache
def _make_schema() -> sqlite_file.Schema:
    index = f";{TRIGRAMS}" if has_trigrams() else ""
    return sqlite_file.Schema(
        VERSION,
        f"{TABLES}{index}",
        "The library of what was seen",
        "It fills again as you look; your favourites, collections and watches are in the one"
        " that is kept.",
        is_checked=False,
        is_mended=True,
        changes=tuple(f"{sql}{index}" if TEXTS_OF_3 in sql else sql for sql in CHANGES),
    )
