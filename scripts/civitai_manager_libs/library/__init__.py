"""What was read of Civitai, kept: pages, records, thumbnails, the models opened last."""

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
from .store import finish, rows

__all__ = [
    "cache",
    "finish",
    "gallery_stats",
    "deletions",
    "models",
    "bookmarks",
    "pages",
    "recent_models",
    "records",
]
__all__ += ["rows", "search", "watches"]
