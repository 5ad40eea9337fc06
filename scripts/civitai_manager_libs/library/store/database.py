"""The SQLite file of what was read of Civitai, opened. It may be deleted at any time."""

from __future__ import annotations

import functools
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from ... import setting, util
from ...core import logged, sqlite_file
from .repair import mend, needs_mending
from .schema import CHANGES, TABLES, TEXTS_OF_3, TRIGRAMS, VERSION
from .sized_cache import memory_of_json

__all__ = ["has_trigrams", "in_memory", "opened", "packed", "rows", "rows_or_none", "unpacked"]
__all__ += ["writing"]

_looked_through: set[str] = set()  # files, by this process
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


def opened() -> closing[sqlite_file.Database]:
    path = setting.library_file()
    database = sqlite_file.Database(path, _schema())
    if database.set_aside:
        util.printD(f"[library] {database.set_aside}")
    if path not in _looked_through:
        _looked_through.add(path)
        _mend(database)
    return closing(database)


def _mend(database: sqlite_file.Database) -> None:
    """What fails is one log line: most of the library may be of use still."""
    with logged("library"):
        tables = _schema().tables
        with database.reading() as db:
            if not needs_mending(db, tables):
                return
        with database.writing() as db:
            said = mend(db, tables)
        for sentence in said:
            util.printD(f"[library] {sentence}")


@contextmanager
def writing() -> Iterator[sqlite3.Connection]:
    """One transaction. Raises DiskError with a sentence when the file cannot be used."""
    with opened() as database, database.writing() as db:
        yield db


def rows(sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Raises DiskError: where the user asks for his own, "nothing" would be a lie."""
    with opened() as database:
        return database.rows(sql, values)


def rows_or_none(sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """No rows where the library cannot be read: for what can be had, or done without."""
    with logged("library"):
        return rows(sql, values)
    return []


@contextmanager
def in_memory(image_ids: Iterable[int] = ()) -> Iterator[sqlite3.Connection]:
    """A library for what is not written yet, or cannot be; with the user's own marks of these."""
    db = sqlite3.connect(":memory:")
    try:
        db.executescript(f"{TABLES};{TRIGRAMS if has_trigrams() else ''}")
        for table in _OWN:
            of_ids = " WHERE id IN (SELECT value FROM json_each(?))" if table != "sets" else ""
            given = (json.dumps(list(image_ids)),) if of_ids else ()
            found = rows_or_none(f"SELECT * FROM {table}{of_ids}", given)
            for row in found:
                db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        yield db
    finally:
        db.close()


def packed(record: Mapping[str, Any]) -> tuple[bytes, int]:
    """Return a record as it is stored, and about the bytes of memory that it takes when parsed.

    Half of a surrogate pair, which JSON can carry and UTF-8 cannot, becomes a question mark.
    """
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return zlib.compress(text, 1), memory_of_json(text)


def unpacked(data: bytes) -> tuple[Any, int]:
    """Return a stored record, and about the bytes of memory that it takes.

    (None, 0) for a damaged one, which is as good as one that was never read.
    """
    try:
        text = zlib.decompress(data)
        return json.loads(text), memory_of_json(text)
    except (zlib.error, ValueError, TypeError, RecursionError):
        return None, 0


@functools.cache
def _schema() -> sqlite_file.Schema:
    index = f";{TRIGRAMS}" if has_trigrams() else ""
    return sqlite_file.Schema(
        VERSION,
        f"{TABLES}{index}",
        "The library of what was seen",
        "It fills again as you look; your favourites, sets and watched galleries are in the one"
        " that is kept.",
        is_checked=False,
        is_mended=True,
        changes=tuple(f"{sql}{index}" if TEXTS_OF_3 in sql else sql for sql in CHANGES),
    )
