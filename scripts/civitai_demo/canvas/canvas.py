"""A canvas with relative coordinates, so that a thumbnail shows what the original shows."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING

from .palette import Color, mix, Palette
from .pen import Pen, Point

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Canvas", "make_curve", "make_ridge"]


class Canvas:
    """An image that is being drawn. Coordinates run from 0 (left, top) to 1 (right, bottom).

    has: names of the details that the prompt mentions. rx, ry: the shorter side divided by the
    width and by the height.
    """

    def __init__(
        self, size: tuple[int, int], seed: int, palette: Palette, has: frozenset[str]
    ) -> None:
        from PIL import Image

        self.width, self.height = size
        self.palette, self.has = palette, has
        self.rng = Random(seed)
        self.image = Image.new("RGB", size)
        self.rx, self.ry = min(size) / size[0], min(size) / size[1]

    def fill_gradient(self, stops: tuple[Color, ...], top: float = 0, bottom: float = 1) -> None:
        """Fill the image with a vertical gradient between two heights (0 to 1 from the top)."""
        y0, y1 = round(top * self.height), round(bottom * self.height)
        self.image.paste(self.make_gradient(stops, (self.width, max(1, y1 - y0))), (0, y0))

    def make_gradient(self, stops: tuple[Color, ...], size: tuple[int, int]) -> Image.Image:
        """Return an image with a vertical gradient, whose first color is at the top.

        size: (width, height) in pixels.
        """
        from PIL import Image

        column = Image.new("RGB", (1, len(stops)))
        column.putdata(stops)
        # From the middle of the first stop to the middle of the last.
        middles = (0, 0.5, 1, len(stops) - 0.5)
        return column.resize((1, size[1]), Image.Resampling.BILINEAR, middles).resize(
            size, Image.Resampling.NEAREST
        )

    def draw_glow(
        self, x: float, y: float, r: float, color: Color, strength: float = 1, flat: float = 1
    ) -> None:
        """Draw a soft light around the point (x, y).

        r: radius as a share of the image's shorter side. strength: opacity, 0 to 1. flat: the
        light's height divided by its width.
        """
        from PIL import Image

        w = max(1, round(r * min(self.image.size)))
        h = max(1, round(w * flat))
        mask = _make_light_mask(round(strength, 2)).resize(
            (2 * w, 2 * h), Image.Resampling.BILINEAR
        )
        left, top = round(x * self.width) - w, round(y * self.height) - h
        self.image.paste(color, (left, top, left + 2 * w, top + 2 * h), mask)

    def draw_ground(self, top: Sequence[Point], stops: tuple[Color, ...]) -> None:
        """Fill the area below a line with a vertical gradient.

        top: points of the line, from the left edge to the right edge.
        """
        from PIL import Image, ImageDraw

        first = max(0, math.floor(min(y for _, y in top) * self.height))
        last = min(self.height, math.ceil(max(y for _, y in top) * self.height))
        if first >= self.height:
            return
        fill = self.make_gradient(stops, (self.width, self.height - first))
        band = max(1, last - first)
        mask = Image.new("L", (2 * self.width, 2 * band))
        line = [(2 * x * self.width, 2 * (y * self.height - first)) for x, y in top]
        corners = [(2 * self.width, 2 * band + 2), (0, 2 * band + 2)]
        ImageDraw.Draw(mask).polygon([*line, *corners], fill=255)
        self.image.paste(fill.crop((0, 0, self.width, band)), (0, first), mask.reduce(2))
        self.image.paste(fill.crop((0, band, self.width, fill.height)), (0, first + band))

    def make_noise(self, across: int, down: int, octaves: int) -> Image.Image:
        """Return an image of soft random noise in grey, as large as the canvas.

        across, down: number of cells in each direction; more cells make finer noise. octaves:
        number of layers; the cells of each layer are half as large as those of the layer before.
        """
        from PIL import Image

        total = None
        small = (max(8, self.width // 2), max(8, self.height // 2))
        for octave in range(octaves):
            cells = (across << octave, down << octave)
            data = self.rng.randbytes(cells[0] * cells[1])
            layer = Image.frombytes("L", cells, data).resize(small, Image.Resampling.BICUBIC)
            total = layer if total is None else Image.blend(total, layer, 0.5 / (octave + 0.5))
        assert total is not None
        return total.resize(self.image.size, Image.Resampling.BILINEAR)

    def blend_color(
        self, mask: Image.Image, color: Color, low: int, high: int, alpha: float
    ) -> None:
        """Blend a color into the image where a mask is bright.

        The color is invisible where the mask's grey (0 to 255) is `low` or less, and has the
        opacity `alpha` where the grey is `high` or more.
        """
        steps = [min(1.0, max(0.0, (i - low) / (high - low))) for i in range(256)]
        self.image.paste(color, (0, 0), mask.point([round(255 * alpha * s) for s in steps]))

    @contextmanager
    def open_pen(self, x0: float = 0, y0: float = 0, x1: float = 1, y1: float = 1) -> Iterator[Pen]:
        """Yield a pen that draws smooth shapes in a box, and cuts them off at the box's edges.

        x0, y0, x1, y1: the box, by default the whole image. The shapes appear in the image when the
        block ends.
        """
        from PIL import Image

        left, top = max(0, math.floor(x0 * self.width)), max(0, math.floor(y0 * self.height))
        right = min(self.width, max(left + 1, math.ceil(x1 * self.width)))
        bottom = min(self.height, max(top + 1, math.ceil(y1 * self.height)))
        part = self.image.crop((left, top, right, bottom))
        big = part.resize((2 * part.width, 2 * part.height), Image.Resampling.NEAREST)
        yield Pen(big, (left, top), self.image.size)
        self.image.paste(big.reduce(2), (left, top))

    def draw_stars(self, count: int, lowest: float) -> None:
        """Draw `count` stars between the top of the image and the height `lowest`, 0 to 1."""
        with self.open_pen(y1=lowest) as pen:
            for _ in range(count):
                x, y, size = self.rng.random(), self.rng.random(), self.rng.random() ** 6
                shown = 0.25 + 0.7 * self.rng.random() * (1 - y)
                pen.draw_disc(x, y * lowest, 0.0009 + 0.0022 * size, (255, 252, 240), shown)

    def draw_orb(self, x: float, y: float, r: float, glow: float = 0.9) -> None:
        """Draw a sun or moon around the point (x, y), with the light that surrounds it.

        r: radius as a share of the image's shorter side. glow: strength of the light.
        """
        light = self.palette.light
        self.draw_glow(x, y, r * 8, light, 0.55 * glow)
        self.draw_glow(x, y, r * 3.2, light, 0.6 * glow)
        w, h = r * self.rx * 1.1, r * self.ry * 1.1
        with self.open_pen(x - w, y - h, x + w, y + h) as pen:
            pen.draw_disc(x, y, r, mix(light, (255, 255, 255), 0.35))

    def draw_reflection(self, waterline: float, tint: Color, depth: float) -> None:
        """Draw rippled water below the height `waterline`, which mirrors the image above.

        tint: the water's color. depth: the color's opacity, 0 to 1.
        """
        from PIL import Image, ImageFilter

        y = round(waterline * self.height)
        rows = self.height - y
        above = self.image.crop((0, max(0, y - rows), self.width, y))
        above = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((self.width, rows))
        bands = max(4, min(48, rows // 4))
        mesh = [self._make_ripple(i, bands, rows) for i in range(bands)]
        water = above.transform(above.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
        water = water.filter(ImageFilter.BoxBlur(self.height / 700))
        water = Image.blend(
            water, self.make_gradient((tint, mix(tint, (0, 0, 0), 0.45)), water.size), depth
        )
        self.image.paste(water, (0, y))

    def _make_ripple(
        self, band: int, bands: int, rows: int
    ) -> tuple[tuple[int, int, int, int], tuple[float, ...]]:
        """Return one band of rippled water as (target box, source corners) for Pillow's `MESH`.

        band: its number among `bands`, 0 at the top. rows: height of the water in pixels.
        """
        y0, y1 = band * rows // bands, (band + 1) * rows // bands
        reach = 0.012 * self.width * (0.25 + band / bands)
        x0 = reach * math.sin(band * 1.9) + reach * math.sin(band * 0.73)
        x1 = reach * math.sin((band + 1) * 1.9) + reach * math.sin((band + 1) * 0.73)
        left, right = 2 * reach, self.width - 2 * reach  # read nothing outside the image
        quad = (left + x0, y0, left + x1, y1, right + x1, y1, right + x0, y0)
        return (0, y0, self.width, y1), quad

    def add_grain(self) -> None:
        """Add grey noise, so that gradients show no visible steps."""
        from PIL import Image, ImageChops

        sheet = Image.new("L", self.image.size)
        tile = _make_grain_tile()
        for y in range(0, self.height, tile.height):
            for x in range(0, self.width, tile.width):
                sheet.paste(tile, (x, y))
        noise = Image.merge("RGB", (sheet, sheet, sheet))
        self.image = ImageChops.add(self.image, noise, 1, -128)


@functools.lru_cache(maxsize=128)
def _make_light_mask(strength: float) -> Image.Image:
    from PIL import Image

    # Pillow's gradient is 181 at the middle of each edge, 255 only in the corners.
    fade = [round(strength * 255 * max(0, 1 - i / 181) ** 2) for i in range(256)]
    return Image.radial_gradient("L").point(fade)


@functools.lru_cache(maxsize=1)
def _make_grain_tile() -> Image.Image:
    from PIL import Image

    rng = Random(1)
    values = bytes(min(255, max(0, round(rng.gauss(128, 2.6)))) for _ in range(192 * 192))
    return Image.frombytes("L", (192, 192), values)


def make_ridge(c: Canvas, base: float, rough: float) -> list[Point]:
    """Return the points of a jagged line, such as mountains, from the left edge to the right edge.

    base: the line's mean height. rough: the largest distance from it, approximately.
    """
    rng = Random(c.rng.getrandbits(32))  # as in the videos
    heights = [rng.uniform(-rough, rough) * 0.6, rng.uniform(-rough, rough) * 0.6]
    swing = rough
    for _ in range(8):
        middles = [(a + b) / 2 + rng.uniform(-swing, swing) for a, b in zip(heights, heights[1:])]
        heights = [h for pair in zip(heights, middles) for h in pair] + [heights[-1]]
        swing *= 0.52
    last = len(heights) - 1
    return [(i / last, base + h) for i, h in enumerate(heights)]


def make_curve(c: Canvas, base: float, swing: float, waves: float = 1.5) -> list[Point]:
    """Return the points of a soft line, such as hills or dunes, from the left edge to the right.

    base: the line's mean height. swing: the usual distance from it. waves: number of hills.
    """
    a, b, d = (c.rng.uniform(0, 6.3) for _ in range(3))
    last = 64
    points = []
    for i in range(last + 1):
        x = i / last
        y = math.sin(a + x * waves * 3.1) + 0.5 * math.sin(b + x * waves * 7.3)
        points.append((x, base + swing * (y + 0.2 * math.sin(d + x * 23))))
    return points
