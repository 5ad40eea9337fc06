"""What the user has made of pictures that were read: favourites, notes, tags, sets."""

from . import exchange, marks, sets
from .marks import Mark
from .thumbs import kept_thumb

__all__ = ["Mark", "exchange", "kept_thumb", "marks", "sets"]
