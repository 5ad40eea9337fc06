"""What the images show, each drawn from a number."""

from .drawing import Art, make_art, draw_art, describe_art, SCENES

__all__ = ["Art", "SCENES", "make_art", "draw_art", "describe_art"]
