"""What was fetched from Civitai and what the user has added, stored for offline use and search."""

from . import bookmarks, gallery_stats, hidden_rules, image_cache, image_records, import_export
from . import models, pages, posts, reproductions, search, tags, watches
from .bookmarks import Annotations, Collection
from .database import select_rows, wait_for_writes, write_later
from .hidden_rules import HiddenRule
from .image_records import PageImage, Tile

__all__ = ["Annotations", "bookmarks", "Collection", "gallery_stats", "hidden_rules", "HiddenRule"]
__all__ += ["image_cache", "image_records", "import_export", "models", "PageImage", "pages"]
__all__ += ["posts", "reproductions", "search", "select_rows", "tags", "Tile"]
__all__ += ["wait_for_writes", "watches", "write_later"]
