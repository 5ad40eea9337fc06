"""Colours, shapes and their blur."""

from . import blurhash
from .canvas import Canvas, curve, ridge
from .palette import Color, mix, Palette, PALETTES, ramp
from .pen import Pen, Point

__all__ = [
    "Canvas",
    "Color",
    "PALETTES",
    "Palette",
    "Pen",
    "Point",
    "blurhash",
    "curve",
    "mix",
    "ramp",
    "ridge",
]
