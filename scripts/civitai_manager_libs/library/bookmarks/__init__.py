"""The user's bookmarks of images: favourites, stars, notes, tags and collections."""

from . import annotations, collections
from .annotations import Annotation
from .revision import changing, get_revision
from .thumbnails import find_thumbnail, store_thumbnails

__all__ = ["Annotation", "annotations", "changing", "collections", "find_thumbnail"]
__all__ += ["get_revision", "store_thumbnails"]
