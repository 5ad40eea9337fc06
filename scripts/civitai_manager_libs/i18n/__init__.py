"""Words for the user, by language."""

from . import messages
from .messages import LANGUAGES

__all__ = ["LANGUAGES", "messages"]
