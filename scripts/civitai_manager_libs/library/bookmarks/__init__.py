"""The user's bookmarks of images: favourites, stars, notes, tags and collections."""

from . import annotations, collections
from .annotations import Annotation
from .thumbnails import find_thumbnail, store_thumbnails

__all__ = ["Annotation", "annotations", "collections", "find_thumbnail"]
__all__ += ["store_thumbnails"]
