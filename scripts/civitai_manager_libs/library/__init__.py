"""What was read of Civitai, kept: pages, records, thumbnails, the models opened last."""

from __future__ import annotations

from . import cache, gallery, models, pages, recent, records
from .writer import finish

__all__ = ["cache", "finish", "gallery", "models", "pages", "recent", "records"]
