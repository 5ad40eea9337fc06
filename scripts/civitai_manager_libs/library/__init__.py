"""What was read of Civitai, kept: pages, records, thumbnails, the models opened last."""

from . import cache, gallery, gone, models, own, pages, recent, records, search, watched
from .store import finish, rows

__all__ = ["cache", "finish", "gallery", "gone", "models", "own", "pages", "recent", "records"]
__all__ += ["rows", "search", "watched"]
