"""Words for the user, by language."""

from __future__ import annotations

from . import messages
from .catalogue import PAGE_WORDS
from .messages import LANGUAGES

__all__ = ["LANGUAGES", "PAGE_WORDS", "messages"]
