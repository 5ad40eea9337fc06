"""Colors and shapes."""

from .canvas import Canvas, make_curve, make_ridge
from .palette import Color, mix, Palette, PALETTES, blend
from .pen import Pen, Point

__all__ = ["blend", "Canvas", "Color", "make_curve", "make_ridge", "mix", "Palette"]
__all__ += ["PALETTES", "Pen", "Point"]
