"""The parameters that programs other than the WebUIs write into files, read by tables."""

from .detection import read_program, read_texts
from .prompt_formats import read_dream, read_midjourney
from .tables import TEXT_NAMES

__all__ = ["TEXT_NAMES", "read_dream", "read_midjourney", "read_program", "read_texts"]
