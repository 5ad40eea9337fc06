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
    """Return a number that has grown if this process has changed a bookmark since the last call.

    It grows at a restart too. Read it before the bookmarks themselves: those are at least as new.
    """
    return _revision


@contextmanager
def changing() -> Iterator[sqlite3.Connection]:
    """Yield a connection in a write transaction, then count one change. Raises DiskError."""
    global _revision
    with _changing:
        with writing() as db:
            yield db
        _revision += 1


@contextmanager
def changing_alone() -> Iterator[None]:
    """Let no other thread change a bookmark in the `with` block, as between two readings."""
    with _changing:
        yield
