"""The texts that users read, by language."""

from . import messages
from .catalogue import LANGUAGES

__all__ = ["LANGUAGES", "messages"]
