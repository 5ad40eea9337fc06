"""What was fetched from Civitai and what the user has added, stored for offline use and search."""

from . import (
    bookmarks,
    cache,
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

__all__ = ["bookmarks", "cache", "deletions", "gallery_stats", "hidden", "import_export"]
__all__ += ["models", "pages", "recent_models", "records", "reproductions", "search"]
__all__ += ["select_rows", "wait_for_writes", "watches"]
