"""Sharp shapes with smooth edges, drawn at twice the size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .palette import Color

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

__all__ = ["Pen", "Point"]

Point = tuple[float, float]


class Pen:
    """Draws shapes on an enlarged part of a canvas.

    x, y: from 0 (left, top) to 1 (right, bottom) of the whole canvas. Widths and radii: shares of
    the canvas's shorter side. alpha: opacity, 0 to 1.
    """

    def __init__(self, big: Image.Image, corner: tuple[int, int], size: tuple[int, int]) -> None:
        """Create a pen that draws on `big`, a part of the canvas enlarged to twice its size.

        corner: (x, y) of this part's upper left corner in the canvas, in pixels of the canvas.
        size: (width, height) of the whole canvas in pixels.
        """
        from PIL import ImageDraw

        self._draw = ImageDraw.Draw(big)
        self._glaze = ImageDraw.Draw(big, "RGBA")  # blends, and takes several times as long
        self._w, self._h = 2 * size[0], 2 * size[1]
        self._dx, self._dy = 2 * corner[0], 2 * corner[1]
        self._unit = min(self._w, self._h)
        # How much further a length reaches in x and y shares: for round things.
        self.rx, self.ry = self._unit / self._w, self._unit / self._h

    def _to_pixels(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._w - self._dx, y * self._h - self._dy) for x, y in points]

    def _choose_layer(
        self, color: Color, alpha: float
    ) -> tuple[ImageDraw.ImageDraw, int | tuple[int, ...]]:
        if alpha >= 1:
            return self._draw, color
        return self._glaze, (*color, round(255 * alpha))

    def draw_shape(self, points: Sequence[Point], color: Color, alpha: float = 1) -> None:
        """Draw a filled polygon. alpha: opacity, 0 to 1."""
        draw, fill = self._choose_layer(color, alpha)
        draw.polygon(self._to_pixels(points), fill)

    def draw_line(
        self, points: Sequence[Point], color: Color, width: float, alpha: float = 1
    ) -> None:
        """Draw a line through points.

        width: as a share of the canvas's shorter side. alpha: opacity, 0 to 1.
        """
        draw, fill = self._choose_layer(color, alpha)
        pixels = max(1, round(width * self._unit))
        draw.line(self._to_pixels(points), fill, pixels, "curve" if pixels > 6 else None)

    def draw_disc(
        self, x: float, y: float, r: float, color: Color, alpha: float = 1, flat: float = 1
    ) -> None:
        """Draw a filled ellipse around the point (x, y).

        r: the horizontal radius, as a share of the canvas's shorter side. alpha: opacity, 0 to 1.
        flat: the ellipse's height divided by its width.
        """
        draw, fill = self._choose_layer(color, alpha)
        x, y, r = x * self._w - self._dx, y * self._h - self._dy, r * self._unit
        draw.ellipse((x - r, y - r * flat, x + r, y + r * flat), fill)

    def draw_box(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        """Draw a filled rectangle from (x0, y0), upper left, to (x1, y1), lower right."""
        corners = self._to_pixels([(x0, y0), (x1, y1)])
        self._draw.rectangle([*corners[0], *corners[1]], color)
