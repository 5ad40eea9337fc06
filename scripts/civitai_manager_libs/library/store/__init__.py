"""The SQLite file of the library: its tables, and writes to it in the background."""

from .database import (
    has_trigrams,
    in_memory,
    opened,
    packed,
    rows,
    rows_or_none,
    unpacked,
    writing,
)
from .schema import INDEXES
from .sized_cache import SizedCache
from .writer import finish, write_later

__all__ = [
    "INDEXES",
    "SizedCache",
    "finish",
    "has_trigrams",
    "in_memory",
    "opened",
    "packed",
    "rows",
    "rows_or_none",
]
__all__ += ["unpacked", "write_later", "writing"]
