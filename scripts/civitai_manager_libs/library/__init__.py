"""What was fetched from Civitai and what the user has added, stored for offline use and search."""

from . import (
    bookmarks,
    cache,
    deletions,
    gallery_stats,
    import_export,
    models,
    pages,
    recent_models,
    records,
    reproductions,
    search,
    watches,
)
from .store import select_rows, wait_for_writes

__all__ = ["bookmarks", "cache", "deletions", "gallery_stats", "import_export", "models", "pages"]
__all__ += [
    "recent_models",
    "records",
    "reproductions",
    "search",
    "select_rows",
    "wait_for_writes",
    "watches",
]
