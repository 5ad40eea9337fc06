"""The texts that users read, by language."""

from . import messages
from .messages import LANGUAGES

__all__ = ["LANGUAGES", "messages"]
