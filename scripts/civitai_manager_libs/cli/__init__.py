"""The same deeds from a terminal."""

from . import arguments, commands, terminal

__all__ = ["arguments", "commands", "terminal"]
