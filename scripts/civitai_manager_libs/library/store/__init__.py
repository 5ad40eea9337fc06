"""The SQLite file of the library: its tables, and writes to it in the background."""

from .database import has_trigrams, in_memory, packed, rows, rows_or_none, unpacked, writing
from .writer import finish, write_later

__all__ = ["finish", "has_trigrams", "in_memory", "packed", "rows", "rows_or_none", "unpacked"]
__all__ += ["write_later", "writing"]
