"""What was read of Civitai, kept: pages, records, thumbnails, the models opened last."""

from __future__ import annotations

from . import cache, models, pages, recent, records, search
from .store import finish, rows

__all__ = ["cache", "finish", "models", "pages", "recent", "records", "rows", "search"]
