"""The texts that users read, in Traditional Chinese and English."""

from . import messages
from .messages import LANGUAGES

__all__ = ["LANGUAGES", "messages"]
