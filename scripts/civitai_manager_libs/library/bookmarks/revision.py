"""Counts the changes of bookmarks, so that a page notices those that another page has made."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..store import writing

__all__ = ["changing", "changing_alone", "get_revision"]

_changing = threading.RLock()  # held by the thread that changes bookmarks
# Larger at each start of the program; a change takes longer than a microsecond.
_revision = time.time_ns() // 1000


def get_revision() -> int:
    """Return a number that grows with each change of bookmarks and each program start.

    Read this number before the bookmarks, so that no later change is missed.
    """
    return _revision


@contextmanager
def changing() -> Iterator[sqlite3.Connection]:
    """Open a transaction that changes bookmarks; afterwards increase the revision number.

    Yields the database connection. Raises DiskError.
    """
    global _revision
    with _changing:
        with writing() as db:
            yield db
        _revision += 1


@contextmanager
def changing_alone() -> Iterator[None]:
    """Keep other threads from changing bookmarks until the `with` block ends."""
    with _changing:
        yield
