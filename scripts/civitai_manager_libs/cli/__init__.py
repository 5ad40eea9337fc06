"""The same deeds from a terminal."""

from __future__ import annotations

from . import arguments, commands, terminal

__all__ = ["arguments", "commands", "terminal"]
