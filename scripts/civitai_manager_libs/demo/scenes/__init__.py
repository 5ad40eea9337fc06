"""What the pictures show, each drawn from its number."""

from .drawing import Art, art_of, draw, phrases, SCENES

__all__ = ["Art", "SCENES", "art_of", "draw", "phrases"]
