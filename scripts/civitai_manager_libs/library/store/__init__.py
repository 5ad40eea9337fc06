"""The library's SQLite file: its tables, reads, writes in the background, and its limits."""

from .database import (
    compress_record,
    connections,
    decompress_record,
    has_trigrams,
    open_library,
    open_temporary_library,
    select_rows,
    select_rows_or_empty,
    writing,
)
from .schema import ANNOTATED_IDS, INDEXES, RANK
from .memory_cache import MemoryCache
from .writer import wait_for_writes, write_later

__all__ = ["ANNOTATED_IDS", "INDEXES", "RANK", "MemoryCache", "compress_record", "connections"]
__all__ += [
    "decompress_record",
    "has_trigrams",
    "open_library",
    "select_rows",
    "select_rows_or_empty",
]
__all__ += ["open_temporary_library", "wait_for_writes", "write_later", "writing"]
