"""Colors, shapes and BlurHash."""

from . import blurhash
from .canvas import Canvas, make_curve, make_ridge
from .palette import Color, mix, Palette, PALETTES, blend
from .pen import Pen, Point

__all__ = [
    "Canvas",
    "Color",
    "PALETTES",
    "Palette",
    "Pen",
    "Point",
    "blurhash",
    "make_curve",
    "mix",
    "blend",
    "make_ridge",
]
