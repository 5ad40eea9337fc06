"""What the pictures show, each drawn from its number."""

from __future__ import annotations

from .drawing import Art, art_of, draw, phrases, SCENES

__all__ = ["Art", "SCENES", "art_of", "draw", "phrases"]
