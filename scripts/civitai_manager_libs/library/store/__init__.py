"""The SQLite file of the library: its tables, and writes to it in the background."""

from .database import (
    compress_record,
    connections,
    decompress_record,
    has_trigrams,
    open_library,
    select_rows,
    select_rows_or_empty,
    temporary_library,
    writing,
)
from .schema import INDEXES, RANK
from .sized_cache import SizedCache
from .writer import wait_for_writes, write_later

__all__ = [
    "INDEXES",
    "RANK",
    "SizedCache",
    "wait_for_writes",
    "has_trigrams",
    "temporary_library",
    "open_library",
    "compress_record",
    "select_rows",
    "select_rows_or_empty",
]
__all__ += ["connections", "decompress_record", "write_later", "writing"]
