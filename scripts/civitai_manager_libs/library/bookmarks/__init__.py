"""The user's bookmarks of images: favourites, stars, notes, tags and collections."""

from . import annotations, collections
from .annotations import Annotation
from .revision import change_bookmarks, get_revision
from .thumbnails import find_thumbnail, store_thumbnails

__all__ = ["Annotation", "annotations", "change_bookmarks", "collections"]
__all__ += ["find_thumbnail", "get_revision", "store_thumbnails"]
