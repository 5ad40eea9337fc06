"""SQLite files: opened, upgraded, repaired, and shared by threads."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from ..errors import Cancelled, DiskError, DiskFull
from .atomic_file import delete_file, replace_file
from .disk import to_disk_error, translate_disk_errors
from .safe_open import is_special_file, remove_others_access
from .threads import find_cancellation, never_cancelled

_WAIT = 30  # seconds for another writer to finish
_WAIT_ALONE = 3  # seconds for all others to close a damaged file
_STEPS = 100_000  # of SQLite's machine, about 5 ms, after which a query notices its cancellation
_LITTLE = 1024 * 1024  # bytes; with less free, SQLite's errors count as a full disk
_UNREADABLE = (
    "and it cannot be replaced while it is in use: close the other program that has it open."
)
_MAKE_ROOM = "Free some space, then try again."
_ADVICE = "Check the permissions of the file and its folder."
_WHY = {"damaged": "was damaged", "newer": "was made by a newer version of Civitai Shortcut"}
_checked: set[str] = set()  # files of which this process has read every page
_suspected: set[str] = set()  # files found damaged while they were in use


@dataclass(frozen=True)
class Schema:
    """The tables of a database file.

    tables: SQL statements, separated by `;`. name: the file's name in messages to the user. advice:
    a sentence for the user, shown if a damaged or newer file was replaced. checks_pages: whether to
    check all pages for damage when the process first opens the file. changes: SQL that upgrades
    version 1 to 2, 2 to 3, and so on. renamed: (former name, name) of tables, for an upgrade; the
    changes use the names of today.
    """

    tables: str
    name: str
    advice: str
    checks_pages: bool = True
    changes: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def version(self) -> int:
        """Return the version of files with these tables: each change makes a new one."""
        return 1 + len(self.changes)


class _NewerVersion(sqlite3.DatabaseError):
    pass


class Database:
    """A connection to a database file, for one thread at a time.

    If the file turns out to be damaged or of a newer version when it is opened, it is renamed and
    an empty file is created; `recovery_notice` is then a sentence for the user, else "". Every
    method raises DiskFull if the disk is full, and DiskError if the file cannot be used.
    """

    def __init__(self, path: str, schema: Schema) -> None:
        self.path, self.recovery_notice = path, ""
        self._schema = schema
        folder, name = os.path.split(os.path.splitext(path)[0])
        name = "database" if name == "gallery" else name  # the first name of the jobs' lock
        self._lock = ProcessLock(os.path.join(folder, "locks", f"{name}.lock"))
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if _is_odd_file(path):  # SQLite would wait for a pipe
                message = f"The database {path} cannot be used: it is not a regular file. {_ADVICE}"
                raise DiskError(message, path)
            with _translate_errors(path):
                self.connection = self._open()
        except OSError as error:
            self._lock.release()
            raise to_disk_error(error, path) from error
        except DiskError:
            self._lock.release()
            raise

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run an SQL query and return all rows. values: for the `?` in it. Raises Cancelled."""
        with self.reading() as db:
            return db.execute(sql, values).fetchall()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection for several queries without a transaction. Raises Cancelled."""
        with _translate_errors(self.path), _interrupt_when_cancelled(self.connection):
            yield self.connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Wait for other writers, then yield the connection in a write transaction.

        The transaction is committed when the `with` block ends, or rolled back if the block raises.
        A block within another one belongs to the outer one's transaction.
        """
        if self.connection.in_transaction:
            yield self.connection
            return
        with _translate_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            with self.connection:
                yield self.connection

    def close(self) -> None:
        """Close the connection, and release the lock on the file."""
        self.connection.close()
        self._lock.release()

    def _open(self) -> sqlite3.Connection:
        self._hold_lock()
        try:
            return self._connect()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # "file is not a database", "disk image is malformed"
            self._hold_lock(alone=True)
            db = self._create_file()
            self._hold_lock()
            return db

    def _hold_lock(self, alone: bool = False) -> None:
        """Release the database's lock, then acquire it again, shared with other processes."""
        # SQLite finds the journals of an open file by name.
        self._lock.release()
        if not self._lock.acquire(_WAIT_ALONE if alone else _WAIT, not alone):
            raise DiskError(f"The database {self.path} cannot be read, {_UNREADABLE}", self.path)

    def _create_file(self) -> sqlite3.Connection:
        try:
            return self._connect()  # another process may have created the file meanwhile
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            kind = "newer" if isinstance(error, _NewerVersion) else "damaged"
            renamed = f"{self.path}.{kind}-{time.time():.0f}"
            for suffix in ("", "-wal", "-shm", "-journal"):
                if os.path.exists(self.path + suffix):
                    replace_file(self.path + suffix, renamed + suffix)
            why = f"{self._schema.name} {_WHY[kind]}"
            _suspected.discard(self.path)
            self.recovery_notice = f"{why}; it was renamed to {renamed}. {self._schema.advice}"
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.path, timeout=_WAIT, isolation_level=None, check_same_thread=False
        )
        try:
            for suffix in ("", "-wal", "-shm"):  # SQLite gives new journals the file's mode
                remove_others_access(self.path + suffix)
            version = _read_version(db)
            if version > self._schema.version:
                raise _NewerVersion(version)
            if version < 0:
                raise sqlite3.DatabaseError(f"The version is {version}.")
            if self.path in _suspected or self._schema.checks_pages and self.path not in _checked:
                found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
                if found != "ok":
                    raise sqlite3.DatabaseError(found)
                _checked.add(self.path)
                _suspected.discard(self.path)
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            if version < self._schema.version:
                _make_tables(db, self._schema)
            with suppress(sqlite3.OperationalError):  # others use it: the next opening tries again
                db.execute("PRAGMA journal_mode = WAL")
        except UnicodeDecodeError as error:  # a damaged name in SQLite's message
            db.close()
            raise sqlite3.DatabaseError("The schema is damaged.") from error
        except (sqlite3.Error, DiskError):
            db.close()
            raise
        return db


def _is_odd_file(path: str) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not os.path.isfile(path)  # a link to a file is as good


def _read_version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def _make_tables(db: sqlite3.Connection, schema: Schema) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        with db:
            version = _read_version(db)
            if version == schema.version:  # another process has created them meanwhile
                return
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
            for former, name in schema.renamed:
                if former in tables:
                    db.execute(f"ALTER TABLE {former} RENAME TO {name}")
            for sql in schema.changes[version - 1 :] if version else (schema.tables,):
                for statement in sql.split(";"):
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {schema.version}")
    except sqlite3.OperationalError as error:
        if re.search("no such|duplicate column|already exists|already another", str(error)):
            raise sqlite3.DatabaseError(str(error)) from error  # which counts as damage
        raise


@contextmanager
def _interrupt_when_cancelled(connection: sqlite3.Connection) -> Iterator[None]:
    cancelled = find_cancellation()
    if cancelled is never_cancelled():
        yield
        return
    cancelled.check()
    # Connection.interrupt, the other way, does nothing between two queries.
    connection.set_progress_handler(cancelled.is_set, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if cancelled.is_set():
            raise Cancelled("Cancelled.") from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


@contextmanager
def _translate_errors(path: str, kind: str = "database") -> Iterator[None]:
    """Convert SQLite's errors, but those of wrong SQL or violated constraints, to DiskErrors."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError):  # our own bugs
        raise
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        _checked.discard(path)
        if not isinstance(error, sqlite3.OperationalError):
            _suspected.add(path)
        is_full = "full" in str(error)
        with suppress(OSError):  # SQLite reports a full disk with various errors
            is_full = is_full or shutil.disk_usage(os.path.dirname(path)).free < _LITTLE
        if is_full:
            message = f"There is no disk space left for the {kind} {path}. {_MAKE_ROOM}"
            raise DiskFull(message, path=path) from error
        raise DiskError(f"The {kind} {path} cannot be used: {error}. {_ADVICE}", path) from error


class ProcessLock:
    """A lock among all threads and processes; it also ends when its process ends.

    SQLite holds the lock on an empty file. Whoever acquires the lock must release it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def acquire(self, patience: float = 0, shared: bool = False) -> bool:
        """Wait up to `patience` seconds for the lock; return whether the lock was acquired.

        shared: share the lock with other holders that passed this option. Raises DiskError.
        """
        with translate_disk_errors(self.path):
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            if is_special_file(self.path):
                delete_file(self.path)
        with _translate_errors(self.path, "lock"):
            connection = sqlite3.connect(
                self.path, timeout=patience, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute("BEGIN" if shared else "BEGIN EXCLUSIVE")
                connection.execute("SELECT * FROM sqlite_master").close()  # takes a shared lock
            except sqlite3.DatabaseError as error:
                connection.close()
                if "locked" not in str(error):
                    raise
                return False
        self._connection = connection
        return True

    def release(self) -> None:
        """Release the lock; do nothing if it is not held."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_IDLE = 1.0  # seconds; less than `_WAIT_ALONE`, for which others are given to close a damaged file


class ConnectionPool:
    """A pool of open database connections, each used by one thread at a time."""

    def __init__(self, open_database: Callable[[str], Database]) -> None:
        self._open = open_database
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._timer: threading.Timer | None = None
        atexit.register(self.close_idle)

    @contextmanager
    def borrow(self, path: str) -> Iterator[Database]:
        """Yield an open database for the `with` block; the pool reuses its connection later.

        If the block raises, this connection and all unused ones to the file are closed, so that the
        next caller opens the file anew and checks it for damage. Raises DiskError.
        """
        file_id = _file_id(path)  # another one than before, if the file was replaced
        self._close_idle_if(lambda idle: idle.database.path == path and idle.file_id != file_id)
        with self._lock:
            unused = [idle for idle in self._idle if idle.database.path == path]
            if unused:
                self._idle.remove(unused[-1])
        connection = unused[-1] if unused else _Connection(self._open(path))
        with ExitStack() as if_it_raises:
            if_it_raises.callback(self._close_idle_if, lambda idle: idle.database.path == path)
            if_it_raises.callback(connection.database.close)
            yield connection.database
            if_it_raises.pop_all()
        with self._lock:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
            self._timer = self._timer or self._start_timer()

    def close_idle(self, seconds: float = 0.0) -> None:
        """Close the connections that have been unused for at least `seconds`."""
        limit = time.monotonic() - seconds
        self._close_idle_if(lambda idle: idle.idle_since <= limit)
        with self._lock:
            self._timer = self._start_timer() if self._idle else None

    def _close_idle_if(self, should_close: Callable[[_Connection], bool]) -> None:
        with self._lock:
            closed = [idle for idle in self._idle if should_close(idle)]
            self._idle = [idle for idle in self._idle if idle not in closed]
        for idle in closed:
            idle.database.close()

    def _start_timer(self) -> threading.Timer:
        timer = threading.Timer(_IDLE, self.close_idle, (_IDLE,))
        timer.daemon = True
        timer.start()
        return timer


class _Connection:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.file_id = _file_id(database.path)
        self.idle_since = 0.0  # monotonic time


def _file_id(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
