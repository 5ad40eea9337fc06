"""Connections to the library's SQLite file, which holds what was read from Civitai.

A user may delete the file at any time.
"""

from __future__ import annotations

import functools
import json
import re
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ... import setting, util
from ...core import log_disk_errors, sqlite_file, sqlite_pool
from .schema import CHANGES, TABLES, TEXTS_OF_3, TRIGRAMS, VERSION
from .memory_cache import estimate_json_memory

__all__ = ["compress_record", "connections", "decompress_record", "has_trigrams", "open_library"]
__all__ += ["select_rows", "select_rows_or_empty", "open_temporary_library", "writing"]

_HAS_TRIGRAMS = "SELECT 1 FROM sqlite_master WHERE name = 'trigrams'"
_PORT_MARK = "\x01"  # never in JSON, which escapes control characters
_this_thread = threading.local()  # `database`: the one in which the thread has a transaction
_ANNOTATION_TABLES = ("marks", "own_tags", "sets", "in_sets", "gone")


@functools.cache
def has_trigrams() -> bool:
    """Return whether this SQLite can index trigrams (SQLite 3.34 or newer, with FTS5)."""
    memory = sqlite3.connect(":memory:")
    try:
        memory.execute("CREATE TABLE texts (id, prompt, negative, names)")
        memory.executescript(TRIGRAMS)
    except sqlite3.OperationalError:
        return False
    finally:
        memory.close()
    return True


@contextmanager
def open_library() -> Iterator[sqlite_file.Database]:
    """Open the library's database for a `with` block. Raises DiskError.

    Within `writing`, the block uses the same connection, and so sees what was written before.
    """
    database = getattr(_this_thread, "database", None)
    if database is not None:
        yield database
        return
    with connections.borrow(setting.library_file()) as database:
        yield database


def _open_file(path: str) -> sqlite_file.Database:
    database = sqlite_file.Database(path, _make_schema())
    if database.recovery_notice:
        util.printD(f"[library] {database.recovery_notice}")
    if has_trigrams():
        with log_disk_errors("library"):
            if not database.rows(_HAS_TRIGRAMS):
                _create_trigrams(database)
    return database


connections = sqlite_pool.ConnectionPool(_open_file)


def _create_trigrams(database: sqlite_file.Database) -> None:
    """Add the search index of trigrams to a library that has none.

    Such a library was created by a Python whose SQLite lacks FTS5. The tables `facts` and `texts`
    are emptied; the indexer then fills them together with the new index.
    """
    with database.writing() as db:
        for statement in TRIGRAMS.split(";"):
            db.execute(statement)
        for table in ("facts", "texts"):
            db.execute(f"DELETE FROM {table}")


@contextmanager
def writing() -> Iterator[sqlite3.Connection]:
    """Yield a connection in a write transaction, committed at the end of the `with` block.

    Other threads and processes wait until the block ends. A block within another of the same thread
    belongs to the outer one's transaction. Raises DiskError.
    """
    with open_library() as database, database.writing() as db:
        outer = getattr(_this_thread, "database", None)
        _this_thread.database = database
        try:
            yield db
        finally:
            _this_thread.database = outer


def select_rows(sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Run a SELECT on the library's database and return the rows. Raises DiskError."""
    with open_library() as database:
        return database.rows(sql, values)


def select_rows_or_empty(sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Run a SELECT on the library's database; return the rows, or [] if that fails.

    Use this where missing rows do little harm, as for data that Civitai can send again.
    """
    with log_disk_errors("library"):
        return select_rows(sql, values)
    return []


@contextmanager
def open_temporary_library(image_ids: Iterable[int]) -> Iterator[sqlite3.Connection]:
    """Yield an empty library in memory, with the user's annotations of the given images.

    Use this to search images that are not yet written to the library's file.
    """
    db = sqlite3.connect(":memory:")
    try:
        db.executescript(f"{TABLES};{TRIGRAMS if has_trigrams() else ''}")
        for table in _ANNOTATION_TABLES:
            where = " WHERE id IN (SELECT value FROM json_each(?))" if table != "sets" else ""
            values = (json.dumps(list(image_ids)),) if where else ()
            for row in select_rows_or_empty(f"SELECT * FROM {table}{where}", values):
                db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        yield db
    finally:
        db.close()


def compress_record(record: Mapping[str, Any]) -> tuple[bytes, int]:
    """Return (compressed JSON of a record, estimated memory of the parsed record in bytes).

    record: Civitai's JSON object of an image, model or version. URLs that begin with the base URL
    in the settings are stored without its port, which changes when the demo is restarted. Lone
    surrogates, which UTF-8 cannot encode, become question marks.
    """
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    with_port, without_port = _make_url_prefixes()
    return zlib.compress(text.replace(with_port, without_port), 1), estimate_json_memory(text)


def decompress_record(data: bytes) -> tuple[Any, int]:
    """Return (parsed record, its estimated memory in bytes), or (None, 0) for damaged data."""
    try:
        with_port, without_port = _make_url_prefixes()
        text = zlib.decompress(data).replace(without_port, with_port)
        return json.loads(text), estimate_json_memory(text)
    except (zlib.error, ValueError, TypeError, RecursionError):
        return None, 0


def _make_url_prefixes() -> tuple[bytes, bytes]:
    """Return (the base URL in the settings, the base URL with a mark in place of its port).

    Each is between a quote and a slash, as in JSON. They are equal if the base URL has no port.
    """
    base = setting.base_url()
    stored = re.sub(r"(?<=[^/]):[0-9]+(?=/|$)", _PORT_MARK, base)
    return f'"{base}/'.encode("utf-8", "replace"), f'"{stored}/'.encode("utf-8", "replace")


@functools.cache
def _make_schema() -> sqlite_file.Schema:
    index = f";{TRIGRAMS}" if has_trigrams() else ""
    return sqlite_file.Schema(
        VERSION,
        f"{TABLES}{index}",
        "The library database",
        "It fills again as you browse; your favourites, collections and watches are in the"
        " renamed file.",
        checks_pages=False,
        changes=tuple(f"{sql}{index}" if TEXTS_OF_3 in sql else sql for sql in CHANGES),
    )
