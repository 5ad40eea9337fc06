"""What was read of Civitai, kept: pages, thumbnails, the models opened last."""

from __future__ import annotations

from . import cache, pages, recent

__all__ = ["cache", "pages", "recent"]
