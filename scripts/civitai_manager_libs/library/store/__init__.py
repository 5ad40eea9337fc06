"""The SQLite file of the library: its tables, and writes to it in the background."""

from __future__ import annotations

from .database import has_trigrams, in_memory, library_database, packed, rows, rows_or_none
from .database import unpacked
from .writer import finish, write_later

__all__ = ["finish", "has_trigrams", "in_memory", "library_database", "packed", "rows"]
__all__ += ["rows_or_none", "unpacked", "write_later"]
