"""What was fetched from Civitai and what the user has added, stored for offline use and search."""

from . import (
    bookmarks,
    covers,
    deletions,
    gallery_stats,
    hidden_rules,
    image_cache,
    import_export,
    models,
    pages,
    recent_models,
    records,
    reproductions,
    search,
    watches,
)
from .bookmarks.collections import Collection
from .covers import ImageSet
from .hidden_rules import HiddenRule
from .search import Suggestion
from .store import select_rows, wait_for_writes

__all__ = ["bookmarks", "covers", "deletions", "gallery_stats", "hidden_rules"]
__all__ += ["image_cache", "import_export", "models", "pages", "recent_models", "records"]
__all__ += ["reproductions", "search", "select_rows", "wait_for_writes", "watches"]
__all__ += ["Collection", "HiddenRule", "ImageSet", "Suggestion"]
