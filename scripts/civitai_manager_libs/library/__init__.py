"""What was read of Civitai, kept: pages, records, thumbnails, the models opened last."""

from __future__ import annotations

from . import cache, models, pages, recent, records
from .writer import finish

__all__ = ["cache", "finish", "models", "pages", "recent", "records"]
