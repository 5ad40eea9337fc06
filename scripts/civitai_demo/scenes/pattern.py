"""Patterns: flow lines, cut paper and marbled ink."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..canvas import Canvas, Color, mix, Point, blend
from .sky import BLACK, WHITE

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["paint_flow", "paint_marble", "paint_paper"]


def _make_tones(c: Canvas) -> tuple[Color, ...]:
    """Return six colors of the palette, in an order from dark to bright."""
    p = c.palette
    return (p.near, mix(p.near, p.sky[0], 0.6), p.accents[2], p.sky[1], p.accents[1], p.sky[2])


def paint_flow(c: Canvas) -> None:
    """Paint many lines that follow the same waves, like a current."""
    p, rng = c.palette, c.rng
    dark = p.is_night or "ink" in c.has
    base = mix(p.sky[0], BLACK, 0.55) if dark else mix(p.sky[2], WHITE, 0.45)
    c.fill_gradient((base, mix(base, p.sky[1], 0.3), base))
    tones = (p.accents[0], p.accents[1], p.sky[1], p.accents[2], p.light if dark else p.near)
    a, b, d = (rng.uniform(0, 6.3) for _ in range(3))
    fx, fy = rng.uniform(1.6, 3.6), rng.uniform(1.6, 3.6)
    with c.open_pen() as pen:
        for _ in range(430):
            x, y = rng.uniform(-0.1, 1.1), rng.uniform(-0.1, 1.1)
            color = blend(tones, 0.5 + 0.5 * math.sin(a + 3.2 * x + 2.1 * y) + rng.gauss(0, 0.08))
            line = []
            for _ in range(26):
                line.append((x, y))
                angle = math.sin(a + x * fx) + math.cos(b + y * fy) + math.sin(d + (x + y) * 2.3)
                x += math.cos(angle * 1.5) * 0.017 * pen.rx
                y += math.sin(angle * 1.5) * 0.017 * pen.ry
            pen.draw_line(line, color, 0.0022 + 0.012 * rng.random() ** 3, 0.75)


def paint_paper(c: Canvas) -> None:
    """Paint sheets of paper on top of each other, each with an irregular hole and a shadow."""
    from PIL import Image, ImageFilter

    p, rng = c.palette, c.rng
    at = rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.6)
    c.fill_gradient((mix(p.light, WHITE, 0.3), p.light))
    if "core" in c.has:
        c.draw_glow(*at, 0.22, p.accents[1], 1)
    phases = [rng.uniform(0, 6.3) for _ in range(4)]
    tones = (
        p.light,
        p.accents[1],
        p.accents[0],
        mix(p.accents[0], p.sky[0], 0.5),
        p.sky[0],
        p.near,
    )
    small = (max(1, c.width // 4), max(1, c.height // 4))
    for sheet in range(7):
        t, edge = sheet / 6, _make_hole_edge(c, at, 0.09 + 0.075 * sheet, phases, sheet)
        shadow = _make_outside_mask(edge, small).filter(ImageFilter.BoxBlur(small[0] / 48))
        shadow = shadow.resize(c.image.size, Image.Resampling.BILINEAR)
        c.blend_color(shadow, mix(p.near, BLACK, 0.6), 0, 255, 0.55)
        tone = c.make_gradient((blend(tones, t + 0.1), blend(tones, t)), c.image.size)
        c.image.paste(tone, (0, 0), _make_outside_mask(edge, (2 * c.width, 2 * c.height)).reduce(2))


def _make_hole_edge(c: Canvas, at: Point, r: float, phases: list[float], sheet: int) -> list[Point]:
    points = []
    for i in range(160):
        a = i / 160 * 2 * math.pi
        swing = sum(
            math.sin(n * a + phase + sheet * 0.35) / n for n, phase in zip((2, 3, 5, 7), phases)
        )
        reach = r * (1 + 0.22 * swing) * 2
        points.append((at[0] + math.cos(a) * reach * c.rx, at[1] + math.sin(a) * reach * c.ry))
    return points


def _make_outside_mask(edge: list[Point], size: tuple[int, int]) -> Image.Image:
    """Return a mask of everything outside a closed line. size: (width, height) in pixels."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", size, 255)
    ImageDraw.Draw(mask).polygon([(x * size[0], y * size[1]) for x, y in edge], fill=0)
    return mask


def paint_marble(c: Canvas) -> None:
    """Paint distorted noise in bands of color, with golden veins if the prompt mentions gold."""
    from PIL import Image

    p, rng = c.palette, c.rng
    height = c.make_noise(2, 3, 4)
    height = height.transform(
        height.size, Image.Transform.MESH, _make_swirl_mesh(c), Image.Resampling.BILINEAR
    )
    tones = _make_tones(c)
    turns = rng.uniform(1.1, 1.7)
    steps = [blend(tones, abs((i / 255 * turns * 2 + 0.2) % 2 - 1)) for i in range(256)]
    bands = [height.point([s[channel] for s in steps]) for channel in range(3)]
    c.image = Image.merge("RGB", bands)
    if "gold" in c.has:
        for level in (88, 128, 170):
            vein = [max(0, 1 - abs(i - level) / 2.4) for i in range(256)]
            mask = height.point([round(235 * v) for v in vein])
            c.image.paste(mix((236, 196, 104), p.light, 0.25), (0, 0), mask)
    c.draw_glow(rng.random(), rng.random() * 0.4, 0.8, p.light, 0.25)


def _make_swirl_mesh(c: Canvas) -> list[tuple[tuple[int, int, int, int], tuple[float, ...]]]:
    w, h = c.width, c.height
    a, b, cells = c.rng.uniform(0, 6.3), c.rng.uniform(0, 6.3), 14

    def source(i: int, j: int) -> Point:
        x, y = i / cells, j / cells
        dx = 0.13 * math.sin(a + 7 * y) + 0.05 * math.sin(b + 13 * y + 5 * x)
        dy = 0.11 * math.sin(b + 6 * x) + 0.05 * math.cos(a + 11 * x - 4 * y)
        return min(max(0.18 + 0.64 * x + dx, 0), 1) * w, min(max(0.18 + 0.64 * y + dy, 0), 1) * h

    mesh = []
    for i in range(cells):
        for j in range(cells):
            box = (i * w // cells, j * h // cells, (i + 1) * w // cells, (j + 1) * h // cells)
            corners = (source(i, j), source(i, j + 1), source(i + 1, j + 1), source(i + 1, j))
            mesh.append((box, tuple(v for corner in corners for v in corner)))
    return mesh
