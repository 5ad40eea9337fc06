"""What the user has made of pictures that were read: favourites, notes, tags, sets."""

from . import annotations, collections, import_export
from .annotations import Annotation
from .thumbnails import find_thumbnail

__all__ = ["Annotation", "import_export", "find_thumbnail", "annotations", "collections"]
