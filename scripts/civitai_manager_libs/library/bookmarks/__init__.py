"""What the user has made of pictures that were read: favourites, notes, tags, sets."""

from . import annotations, collections, import_export
from .annotations import Mark
from .thumbnails import kept_thumb

__all__ = ["Mark", "import_export", "kept_thumb", "annotations", "collections"]
