"""What was fetched from Civitai and what the user has added, stored for offline use and search."""

from . import (
    bookmarks,
    cache,
    covers,
    deletions,
    gallery_stats,
    hidden,
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

__all__ = ["bookmarks", "cache", "covers", "deletions", "gallery_stats", "hidden"]
__all__ += ["import_export", "models", "pages", "recent_models", "records", "reproductions"]
__all__ += ["search", "select_rows", "wait_for_writes", "watches"]
