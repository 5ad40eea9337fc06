"""The command line: the page's actions from a terminal."""

from . import arguments, commands, terminal

__all__ = ["arguments", "commands", "terminal"]
