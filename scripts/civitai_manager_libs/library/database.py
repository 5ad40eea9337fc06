"""The library's database: opened, written by one thread, kept within its size."""

from __future__ import annotations

import functools
import json
import re
import sqlite3
import threading
import time
import zlib
from collections import defaultdict, deque, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from typing import Any, Generic, TypeVar

from .. import setting, util
from ..core import fold_text, log_disk_errors, sqlite
from .schema import ANNOTATED_IDS, CHANGES, OF_IDS, RENAMED, TABLES, TEXTS_OF_3, TRIGRAMS

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")
# About how many bytes of CPython objects each sign of a JSON text stands for.
_OBJECT, _LIST, _VALUE = 230, 90, 60


class MemoryCache(Generic[_K, _V]):
    """A cache that drops its oldest values when it exceeds a size in bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._bytes = 0
        self._values: OrderedDict[_K, tuple[_V, int]] = OrderedDict()

    def put(self, key: _K, value: _V, size: int) -> None:
        """Store a value of `size` bytes; drop the oldest values if the cache is over its limit.

        A value larger than the limit empties the cache and is not stored.
        """
        with self._lock:
            self._bytes += size - self._values.pop(key, (None, 0))[1]
            self._values[key] = (value, size)
            while self._bytes > self._most_bytes:
                _, (_, freed) = self._values.popitem(last=False)
                self._bytes -= freed

    def get(self, key: _K) -> _V | None:
        entry = self._values.get(key)
        return entry[0] if entry else None

    def values(self) -> list[_V]:
        """Return all values, the one that was stored last at the end."""
        with self._lock:
            return [value for value, _ in self._values.values()]


def estimate_json_memory(text: bytes) -> int:
    """Estimate the memory in bytes that a JSON text takes once it is parsed."""
    signs = text.count(b",") + text.count(b":")
    return len(text) + _OBJECT * text.count(b"{") + _LIST * text.count(b"[") + _VALUE * signs


_HAS_TRIGRAMS = "SELECT 1 FROM sqlite_master WHERE name = 'trigrams'"
_PORT_MARK = "\x01"  # never in JSON, which escapes control characters
_this_thread = threading.local()  # `database`: the one in which the thread has a transaction
_TABLES_BY_ID = (
    *("annotations", "user_tags", "collection_images", "missing_images", "saved"),
    *("tagged", "tags_read"),
)
_TAGS_OF_IDS = "site_tags WHERE number IN (SELECT tag FROM tagged {})"


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
def open_library() -> Iterator[sqlite.Database]:
    """Open the library's database for a `with` block. Raises DiskError.

    Within `writing`, the block uses the same connection, and so sees what was written before.
    """
    database = getattr(_this_thread, "database", None)
    if database is not None:
        yield database
        return
    with connections.borrow(setting.library_file()) as database:
        yield database


def _open_file(path: str) -> sqlite.Database:
    index = f";{TRIGRAMS}" if has_trigrams() else ""
    schema = sqlite.Schema(
        f"{TABLES}{index}",
        "The library database",
        "It fills again as you browse; your favourites, collections and watches are in the"
        " renamed file.",
        checks_pages=False,
        changes=tuple(f"{sql}{index}" if TEXTS_OF_3 in sql else sql for sql in CHANGES),
        renamed=RENAMED,
    )
    database = sqlite.Database(path, schema)
    # A damaged text must not make the others unreadable.
    database.connection.text_factory = functools.partial(str, encoding="utf-8", errors="replace")
    _add_fold(database.connection)
    if database.recovery_notice:
        util.printD(f"[library] {database.recovery_notice}")
    if not has_trigrams():
        return database
    with log_disk_errors("library"):
        if not database.rows(_HAS_TRIGRAMS):
            # The library was created by a Python whose SQLite lacks FTS5. `index_remaining` fills
            # the emptied tables together with the new index.
            with database.writing() as db:
                for statement in TRIGRAMS.split(";"):
                    db.execute(statement)
                for table in ("search_fields", "texts", "tiles"):
                    db.execute(f"DELETE FROM {table}")
    return database


def _add_fold(db: sqlite3.Connection) -> None:
    """Add the SQL function `fold`: `fold_text` of a text as a BLOB, which may be damaged."""
    db.create_function("fold", 1, lambda data: fold_text(data.decode("utf-8", "replace")))


connections = sqlite.ConnectionPool(_open_file)


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


_EMPTY = {"INTEGER": 0, "REAL": 0.0, "TEXT": "", "BLOB": b""}
# by a column's name: the types of its values, each with the value that stands for a damaged one
_COLUMNS = defaultdict[str, dict[type, object]](dict)
for _name, _kind, _none in re.findall(r"\b(\w+) (\w+)( NOT NULL| PRIMARY KEY)?", TABLES):
    if _kind in _EMPTY:
        _COLUMNS[_name][type(_EMPTY[_kind])] = _EMPTY[_kind] if _none else None
_COLUMNS["path"][bytes] = b""  # of a reproduction whose name is not UTF-8


def select_rows(sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Run a SELECT on the library's database and return the rows. Raises DiskError.

    A value of another type than its column, as damage leaves it, is returned as an empty one, but
    bytes of a text as the text. Name an expression after the column whose values it returns:
    `max(read_at) AS read_at`.
    """
    with open_library() as database, database.reading() as db:
        cursor = db.execute(sql, values)
        rows = cursor.fetchall()
    for place, (name, *_) in enumerate(cursor.description):
        if empty := _COLUMNS.get(name):
            rows = _replace_wrong_types(rows, place, empty)
    return rows


def _replace_wrong_types(
    rows: list[tuple[Any, ...]], place: int, empty: Mapping[type, object]
) -> list[tuple[Any, ...]]:
    kinds = {type(row[place]) for row in rows} - {type(None)}
    is_finite = float not in kinds or not any(row[place] in (inf, -inf) for row in rows)
    if kinds <= empty.keys() and is_finite:
        return rows
    instead = next(iter(empty.values()))

    def read(value: object) -> object:
        if isinstance(value, bytes) and str in empty:  # one wrong bit makes bytes of a text
            return value.decode("utf-8", "replace")
        return instead

    return [
        (
            row
            if row[place] is None or type(row[place]) in empty and row[place] not in (inf, -inf)
            else (*row[:place], read(row[place]), *row[place + 1 :])
        )
        for row in rows
    ]


def select_rows_or_empty(sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Run a SELECT on the library's database; return the rows, or [] if that fails.

    Use this where missing rows do little harm, as for data that Civitai can send again.
    """
    with log_disk_errors("library"):
        return select_rows(sql, values)
    return []


@contextmanager
def open_temporary_library(image_ids: Iterable[int]) -> Iterator[sqlite3.Connection]:
    """Yield an empty library in memory, with the given images' annotations and tags, and the rules.

    Use this to search images that are not yet written to the library's file.
    """
    db = sqlite3.connect(":memory:")
    _add_fold(db)
    try:
        db.executescript(f"{TABLES};{TRIGRAMS if has_trigrams() else ''}")
        ids = (json.dumps(list(image_ids)),)
        where = f"WHERE id {OF_IDS}"
        queries = [(f"{table} {where}", ids) for table in _TABLES_BY_ID]
        queries.append((_TAGS_OF_IDS.format(where), ids))
        for query, values in (*queries, ("collections", ()), ("hidden_rules", ())):
            table = query.partition(" ")[0]
            for row in select_rows_or_empty(f"SELECT * FROM {query}", values):
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


def find_site() -> str:
    """Return the base URL in the settings with a mark in place of its port.

    For each of Civitai's hosts, this is the URL of the first one: what is stored does not depend on
    the host.
    """
    if setting.is_on_civitai(setting.base_url()):
        return f"https://{setting.HOSTS[0]}"
    base = setting.base_url().encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"(?<=[^/]):[0-9]+(?=/|$)", _PORT_MARK, base)


def _make_url_prefixes() -> tuple[bytes, bytes]:
    urls = (f'"{url}/'.encode("utf-8", "replace") for url in (setting.base_url(), find_site()))
    return next(urls), next(urls)


_ROWS_AT_ONCE = 200  # rows of a table in one step: about 0.1 s of images
_LIMITS = {  # rows
    "models": 5_000,
    "pages": 20_000,
    "posts": 20_000,
    "version_records": 20_000,
    "missing_versions": 20_000,
    "licences": 100_000,
}


def evict_oldest(db: sqlite3.Connection) -> bool:
    """Delete old rows of tables that are over their limits; return whether more must be deleted.

    Runs in the caller's transaction for about 0.1 s. Images with annotations or reproductions are
    never deleted.
    """
    limits = {**_LIMITS, "images": setting.library_records}
    return any([_evict_rows(db, table, limit) for table, limit in limits.items()])


def _evict_rows(db: sqlite3.Connection, table: str, limit: int) -> bool:
    (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
    if count <= limit:
        return False
    kept = f"AND id NOT IN ({ANNOTATED_IDS})" if table == "images" else ""
    row_ids: list[int] = []
    for when in (">", "<="):  # a time in the future was set by a wrong clock: it is not recent
        left = min(count - limit, _ROWS_AT_ONCE) - len(row_ids)
        sql = f"SELECT rowid FROM {table} WHERE read_at {when} ? {kept} ORDER BY read_at LIMIT ?"
        row_ids += [rowid for (rowid,) in db.execute(sql, (time.time(), left))]
    values = (json.dumps(row_ids),)
    if table == "images":  # no foreign key deletes these
        for derived in ("image_features", "hidden_images"):
            db.execute(f"DELETE FROM {derived} WHERE id {OF_IDS}", values)
    if table == "images" and has_trigrams():
        # An FTS5 index with external content can only delete rows by their old values:
        # https://www.sqlite.org/fts5.html#the_delete_command
        sql = (
            "INSERT INTO trigrams (trigrams, rowid, prompt, negative, names)"
            f" SELECT 'delete', id, prompt, negative, names FROM texts WHERE id {OF_IDS}"
        )
        db.execute(sql, values)
    db.execute(f"DELETE FROM {table} WHERE rowid {OF_IDS}", values)
    return len(row_ids) == _ROWS_AT_ONCE


Write = Callable[[sqlite3.Connection], object]

_AT_ONCE = 20  # writes in one transaction
_EVICT_EVERY = 300.0  # seconds
_PAUSE = 0.15  # seconds; a waiting SQLite connection tries again at least every 0.1 s
_MOST_BYTES = 32 * 1024 * 1024  # of all queued writes


class _Writer:
    """A queue of database writes, with a thread that runs while the queue is not empty."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[tuple[Write, int]] = deque()
        self._bytes = 0  # in the queue, and of what is being written
        self._put_count = self._done_count = 0  # writes since the start
        self._is_running = False
        self._evicted_at = -_EVICT_EVERY

    def put(self, write: Write, size: int = 0) -> None:
        """Queue a database write for a background thread, which runs it in a transaction.

        write: called with the connection; a DiskError is logged. size: memory of the write in
        bytes. The call waits while more than 32 MiB are queued, unless the size is 0. A write that
        queues another write must use 0.
        """
        with self._changed:
            if size:
                self._changed.wait_for(lambda: not self._bytes or self._bytes + size <= _MOST_BYTES)
            self._bytes += size
            self._queue.append((write, size))
            self._put_count += 1
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._work, name="library-writer", daemon=True).start()

    def wait(self, seconds: float = 5.0, includes_later: bool = True) -> bool:
        """Wait at most `seconds` for all queued writes; return whether all are done.

        includes_later: whether to wait for writes too that are queued meanwhile; making the index
        of a large library anew queues one after the other for minutes.
        """
        with self._changed:
            last = self._put_count

            def is_over() -> bool:
                return not self._is_running or not includes_later and self._done_count >= last

            return self._changed.wait_for(is_over, seconds)

    def _work(self) -> None:
        is_over = False
        try:
            while True:
                with self._changed:
                    batch = [self._queue.popleft() for _ in range(min(_AT_ONCE, len(self._queue)))]
                    if not batch:
                        is_over = True
                        self._set_stopped()
                        return
                try:
                    with log_disk_errors("library"):
                        self._write([write for write, _ in batch])
                finally:
                    with self._changed:
                        self._bytes -= sum(size for _, size in batch)
                        self._done_count += len(batch)
                        self._changed.notify_all()
                        has_more = bool(self._queue)
                if has_more:  # others may write
                    time.sleep(_PAUSE)
        finally:
            if not is_over:  # a bug in a write: the next `put` starts a new thread
                self._set_stopped()

    def _set_stopped(self) -> None:
        with self._changed:
            self._is_running = False
            self._changed.notify_all()

    def _write(self, writes: list[Write]) -> None:
        with writing() as db:
            for write in writes:
                write(db)
        now = time.monotonic()
        if self._evict not in writes and now - self._evicted_at >= _EVICT_EVERY:
            self._evicted_at = now
            self.put(self._evict)

    def _evict(self, db: sqlite3.Connection) -> None:
        if evict_oldest(db):
            self.put(self._evict)


_writer = _Writer()


write_later, wait_for_writes = _writer.put, _writer.wait
