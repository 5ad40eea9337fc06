"""Sets aside single odd rows of the library, and makes tables that are missing: the rest is kept.

A program that was killed leaves neither; a hand, another program or a bad disk does.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping

from .schema import OWN_TABLES, SEARCH_TABLES, SOUND

__all__ = ["repair_tables", "needs_repair"]

_TYPES = {"INTEGER": "'integer'", "REAL": "'real', 'integer'", "TEXT": "'text'", "BLOB": "'blob'"}
_NAMES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_ODD_ROWS = "CREATE TABLE IF NOT EXISTS odd_rows (of_table TEXT, row TEXT, found_at REAL)"


def needs_repair(db: sqlite3.Connection, tables: str) -> bool:
    """Return whether a table is missing, or one of the user's own has an odd row.

    tables: SQL that makes all tables.
    """
    if any(_find_missing_tables(db, tables)):
        return True
    odd = (
        f"SELECT 1 FROM {table} WHERE NOT ({sound}) LIMIT 1"
        for table, sound in _iter_sound_rows(db)
    )
    return any(db.execute(sql).fetchone() for sql in odd)


def repair_tables(db: sqlite3.Connection, tables: str) -> list[str]:
    """Make what is missing, move odd rows into the table `odd_rows`; return a sentence for each
    table. In a transaction of the caller's."""
    said = []
    missing = _find_missing_tables(db, tables)
    for name, sql in missing.items():
        if name == "trigrams":
            _drop_parts(db)
        for statement in sql:
            db.execute(statement)
        said.append(f"The table {name} of the library was missing; it was made anew.")
    if not missing.keys().isdisjoint(SEARCH_TABLES):
        _clear_search_tables(db)
    for table, sound in list(_iter_sound_rows(db)):
        rows = db.execute(f"SELECT * FROM {table} WHERE NOT ({sound})").fetchall()
        if not rows:
            continue
        db.execute(_ODD_ROWS)
        kept = ((table, json.dumps(row, default=repr), time.time()) for row in rows)
        db.executemany("INSERT INTO odd_rows VALUES (?, ?, ?)", kept)
        db.execute(f"DELETE FROM {table} WHERE NOT ({sound})")
        said.append(f"Damaged rows of {table}, set aside in the table odd_rows: {len(rows)}.")
    return said


def _find_missing_tables(db: sqlite3.Connection, tables: str) -> Mapping[str, list[str]]:
    """Return what makes each missing table and its indexes, by its name."""
    there = {name for (name,) in db.execute(_NAMES)}
    model = sqlite3.connect(":memory:")
    try:
        model.executescript(tables)
        made = "SELECT tbl_name, sql FROM sqlite_master WHERE sql <> '' ORDER BY type = 'index'"
        found: dict[str, list[str]] = {}
        for name, sql in model.execute(made):
            if name not in there and not name.startswith("trigrams_"):
                found.setdefault(name, []).append(sql)
    finally:
        model.close()
    return found


def _iter_sound_rows(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield what holds of each sound row of the user's own tables: they are small."""
    for table in OWN_TABLES:
        columns = db.execute(f"PRAGMA table_info({table})").fetchall()
        sound = [
            f"typeof({name}) IN ({_TYPES[kind]}{'' if needed else ', ' + repr('null')})"
            for _, name, kind, needed, _, _ in columns
        ]
        if sound:
            yield table, " AND ".join([*sound, SOUND.get(table, "1")])


def _drop_parts(db: sqlite3.Connection) -> None:
    """Drop what is left of the index of texts, whose name would be taken."""
    parts = [name for (name,) in db.execute(f"{_NAMES} AND name LIKE 'trigrams!_%' ESCAPE '!'")]
    for name in parts:
        db.execute(f"DROP TABLE IF EXISTS {name}")


def _clear_search_tables(db: sqlite3.Connection) -> None:
    """Empty what is searched: it is filled again from the records, in the background."""
    db.execute("DELETE FROM facts")
    db.execute("DELETE FROM texts")
    if "trigrams" in {name for (name,) in db.execute(_NAMES)}:
        db.execute("INSERT INTO trigrams (trigrams) VALUES ('delete-all')")
