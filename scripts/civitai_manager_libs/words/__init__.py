"""Words for the user, by language."""

from __future__ import annotations

from . import messages
from .messages import LANGUAGES

__all__ = ["LANGUAGES", "messages"]
