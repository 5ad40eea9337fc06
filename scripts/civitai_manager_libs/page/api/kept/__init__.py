"""What the page asks of the library alone: searches, and what the user has made of it."""

from __future__ import annotations

from .searching import kept_images
from .suggesting import suggest
from .within import within

__all__ = ["kept_images", "suggest", "within"]
