"""What other programs than the WebUIs write of an image, by tables of their names."""

from .detection import read_program, read_texts
from .prompt_formats import read_dream
from .tables import TEXT_NAMES

__all__ = ["TEXT_NAMES", "read_dream", "read_program", "read_texts"]
