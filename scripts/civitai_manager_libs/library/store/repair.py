"""Repair of a library with missing tables or invalid rows, which keeps everything else.

A killed program leaves no such damage; an edit by hand, another program or a bad disk does.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping

from .schema import USER_TABLES, SEARCH_TABLES, VALID_ROWS

__all__ = ["needs_repair", "repair_tables"]

_TYPES = {"INTEGER": "'integer'", "REAL": "'real', 'integer'", "TEXT": "'text'", "BLOB": "'blob'"}
_NAMES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_ODD_ROWS = "CREATE TABLE IF NOT EXISTS odd_rows (of_table TEXT, row TEXT, found_at REAL)"


def needs_repair(db: sqlite3.Connection, tables: str) -> bool:
    """Return whether a table is missing, or a table of the user's data has an invalid row.

    tables: the SQL that creates all tables.
    """
    if any(_find_missing_tables(db, tables)):
        return True
    return any(
        db.execute(f"SELECT 1 FROM {table} WHERE NOT ({is_valid}) LIMIT 1").fetchone()
        for table, is_valid in _iter_validity_checks(db)
    )


def repair_tables(db: sqlite3.Connection, tables: str) -> list[str]:
    """Create missing tables, and move invalid rows to the table `odd_rows`.

    Return a log message for each repaired table. Runs in the caller's transaction.
    """
    sentences = []
    missing = _find_missing_tables(db, tables)
    for name, sql in missing.items():
        if name == "trigrams":
            _drop_trigram_tables(db)
        for statement in sql:
            db.execute(statement)
        sentences.append(f"The library's table {name} was missing and was created again.")
    if not missing.keys().isdisjoint(SEARCH_TABLES):
        _clear_search_tables(db)
    for table, is_valid in list(_iter_validity_checks(db)):
        rows = db.execute(f"SELECT * FROM {table} WHERE NOT ({is_valid})").fetchall()
        if not rows:
            continue
        db.execute(_ODD_ROWS)
        odd_rows = ((table, json.dumps(row, default=repr), time.time()) for row in rows)
        db.executemany("INSERT INTO odd_rows VALUES (?, ?, ?)", odd_rows)
        db.execute(f"DELETE FROM {table} WHERE NOT ({is_valid})")
        sentences.append(f"Damaged rows of {table}, set aside in the table odd_rows: {len(rows)}.")
    return sentences


def _find_missing_tables(db: sqlite3.Connection, tables: str) -> Mapping[str, list[str]]:
    """Return {name of a missing table: SQL statements that create the table and its indexes}."""
    existing = {name for (name,) in db.execute(_NAMES)}
    model = sqlite3.connect(":memory:")
    try:
        model.executescript(tables)
        statements = (
            "SELECT tbl_name, sql FROM sqlite_master WHERE sql <> '' ORDER BY type = 'index'"
        )
        found: dict[str, list[str]] = {}
        for name, sql in model.execute(statements):
            if name not in existing and not name.startswith("trigrams_"):
                found.setdefault(name, []).append(sql)
    finally:
        model.close()
    return found


def _iter_validity_checks(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield (table name, SQL condition for a valid row) for each table of the user's data."""
    for table in USER_TABLES:
        columns = db.execute(f"PRAGMA table_info({table})").fetchall()
        conditions = [
            f"typeof({name}) IN ({_TYPES[kind]}{'' if is_required else ', ' + repr('null')})"
            for _, name, kind, is_required, _, _ in columns
        ]
        if conditions:
            yield table, " AND ".join([*conditions, VALID_ROWS.get(table, "1")])


def _drop_trigram_tables(db: sqlite3.Connection) -> None:
    names = db.execute(f"{_NAMES} AND name LIKE 'trigrams!_%' ESCAPE '!'").fetchall()
    for (name,) in names:
        db.execute(f"DROP TABLE IF EXISTS {name}")


def _clear_search_tables(db: sqlite3.Connection) -> None:
    """Empty the search tables, so that the indexer fills them again from the records."""
    db.execute("DELETE FROM facts")
    db.execute("DELETE FROM texts")
    if "trigrams" in {name for (name,) in db.execute(_NAMES)}:
        db.execute("INSERT INTO trigrams (trigrams) VALUES ('delete-all')")
