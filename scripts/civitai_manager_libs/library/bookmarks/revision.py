"""Counts the changes of bookmarks, so that a page notices those that another page has made."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..store import writing

__all__ = ["change_bookmarks", "get_revision"]

_changing = threading.RLock()  # held by the thread that changes bookmarks
# Larger at each start of the program; a change takes longer than a microsecond.
_revision = time.time_ns() // 1000


def get_revision() -> int:
    """Return a number that grows with each change of bookmarks and each program start.

    Call this function before reading bookmarks, not after, so that no change is missed.
    """
    return _revision


@contextmanager
def change_bookmarks() -> Iterator[sqlite3.Connection]:
    """Yield a database connection for a transaction that changes bookmarks. Raises DiskError.

    No other thread or process changes the library during the `with` block. The revision number is
    increased by 1 after the outermost block.
    """
    global _revision
    with _changing:
        with writing() as db:
            yield db
        if not db.in_transaction:
            _revision += 1
