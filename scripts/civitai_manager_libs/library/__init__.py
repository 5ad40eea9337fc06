"""What was fetched from Civitai and what the user has added, stored for offline use and search."""

from . import (
    bookmarks,
    cache,
    deletions,
    gallery_stats,
    models,
    pages,
    recent_models,
    records,
    search,
    watches,
)
from .store import select_rows, wait_for_writes

__all__ = [
    "cache",
    "wait_for_writes",
    "gallery_stats",
    "deletions",
    "models",
    "bookmarks",
    "pages",
    "recent_models",
    "records",
]
__all__ += ["select_rows", "search", "watches"]
