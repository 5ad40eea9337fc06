"""Sharp shapes with smooth edges: drawn at twice the size, in shares of the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .palette import Color

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

__all__ = ["Pen", "Point", "Stencil"]

Point = tuple[float, float]


class Pen:
    """Draws at twice the size; x and y in shares of the canvas, lengths of its shorter side."""

    def __init__(self, big: Image.Image, corner: tuple[int, int], whole: tuple[int, int]) -> None:
        """`big`: a part of the canvas at twice its size; `corner` and `whole` are the canvas's."""
        from PIL import ImageDraw

        self._draw = ImageDraw.Draw(big)
        # Blends, and takes several times as long; a mask has no use for it.
        self._glaze = ImageDraw.Draw(big, "RGBA") if big.mode == "RGB" else self._draw
        self._w, self._h = 2 * whole[0], 2 * whole[1]
        self._dx, self._dy = 2 * corner[0], 2 * corner[1]
        self._unit = min(self._w, self._h)
        # How much further a length reaches in x and y shares: for round things.
        self.rx, self.ry = self._unit / self._w, self._unit / self._h

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._w - self._dx, y * self._h - self._dy) for x, y in points]

    def _with(self, color: Color, alpha: float) -> tuple[ImageDraw.ImageDraw, tuple[int, ...]]:
        if alpha >= 1:
            return self._draw, color
        return self._glaze, (*color, round(255 * alpha))

    def shape(self, points: Sequence[Point], color: Color, alpha: float = 1) -> None:
        draw, fill = self._with(color, alpha)
        draw.polygon(self._at(points), fill)

    def line(self, points: Sequence[Point], color: Color, width: float, alpha: float = 1) -> None:
        draw, fill = self._with(color, alpha)
        pixels = max(1, round(width * self._unit))
        draw.line(self._at(points), fill, pixels, "curve" if pixels > 6 else None)

    def disc(
        self, x: float, y: float, r: float, color: Color, alpha: float = 1, flat: float = 1
    ) -> None:
        """An ellipse, `flat` times as high as wide."""
        draw, fill = self._with(color, alpha)
        x, y, r = x * self._w - self._dx, y * self._h - self._dy, r * self._unit
        draw.ellipse((x - r, y - r * flat, x + r, y + r * flat), fill)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, color: Color, alpha: float = 1
    ) -> None:
        draw, fill = self._with(color, alpha)
        corners = self._at([(x0, y0), (x1, y1)])
        draw.rectangle([*corners[0], *corners[1]], fill)


class Stencil(Pen):
    """A pen for a mask: what it draws is filled afterwards, colours are ignored."""

    def _with(self, color: Color, alpha: float) -> tuple[ImageDraw.ImageDraw, int]:
        return self._draw, round(255 * alpha)
