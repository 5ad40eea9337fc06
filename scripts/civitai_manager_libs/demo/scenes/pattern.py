"""Patterns: flow lines, tilings, cut paper, facets and marbled ink."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..canvas import Canvas, Color, mix, Pen, Point, blend
from .sky import BLACK, WHITE

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["paint_facets", "paint_flow", "paint_marble", "paint_paper", "paint_tiles"]


def _make_tones(c: Canvas) -> tuple[Color, ...]:
    """Return six colors of the palette, in an order from dark to bright."""
    p = c.palette
    return (p.near, mix(p.near, p.sky[0], 0.6), p.accents[2], p.sky[1], p.accents[1], p.sky[2])


def paint_flow(c: Canvas) -> None:
    """Paint many lines that follow the same waves, like a current."""
    p, rng = c.palette, c.rng
    dark = p.dark or "ink" in c.has
    base = mix(p.sky[0], BLACK, 0.55) if dark else mix(p.sky[2], WHITE, 0.45)
    c.fill_gradient((base, mix(base, p.sky[1], 0.3), base))
    tones = (p.accents[0], p.accents[1], p.sky[1], p.accents[2], p.light if dark else p.near)
    a, b, d = (rng.uniform(0, 6.3) for _ in range(3))
    fx, fy = rng.uniform(1.6, 3.6), rng.uniform(1.6, 3.6)
    with c.open_pen() as pen:
        for _ in c.iter_details(430):
            x, y = rng.uniform(-0.1, 1.1), rng.uniform(-0.1, 1.1)
            color = blend(tones, 0.5 + 0.5 * math.sin(a + 3.2 * x + 2.1 * y) + rng.gauss(0, 0.08))
            line = []
            for _ in range(26):
                line.append((x, y))
                angle = math.sin(a + x * fx) + math.cos(b + y * fy) + math.sin(d + (x + y) * 2.3)
                x += math.cos(angle * 1.5) * 0.017 * pen.rx
                y += math.sin(angle * 1.5) * 0.017 * pen.ry
            pen.draw_line(line, color, 0.0022 + 0.012 * rng.random() ** 3, 0.75)


def paint_tiles(c: Canvas) -> None:
    kind = next(k for k in ("scales", "cubes", "arcs", "diamonds") if k in c.has)
    tones, (a, b) = _make_tones(c), (c.rng.uniform(0, 6.3), c.rng.uniform(0, 6.3))
    c.fill_gradient((c.palette.near, c.palette.sky[0]))
    across = c.rng.choice((5, 6, 7, 8)) if not c.coarse else 5
    w = 1 / across
    h = w * c.ry / c.rx * {"scales": 0.5, "cubes": 0.75 * 1.1547, "arcs": 1, "diamonds": 0.85}[kind]
    draw = {
        "scales": _draw_scale,
        "cubes": _draw_cube,
        "arcs": _draw_arc,
        "diamonds": _draw_diamond,
    }[kind]
    with c.open_pen() as pen:
        for row in range(-1, int(1 / h) + 3):
            for column in range(-1, across + 1):
                odd = row % 2 and kind != "arcs"
                x, y = (column + (0.5 if odd else 0)) * w, row * h
                wave = math.sin(a + 2.6 * x + 1.7 * y) + math.cos(b + 3.1 * y - 1.3 * x)
                tone = blend(tones, 0.5 + 0.27 * wave + c.rng.gauss(0, 0.06))
                draw(c, pen, (x, y, w, h), tone)
    c.draw_glow(c.rng.random(), c.rng.random() * 0.5, 0.9, c.palette.light, 0.22)
    c.draw_glow(c.rng.random(), 1, 0.9, c.palette.near, 0.4)


_Cell = tuple[float, float, float, float]


def _draw_scale(c: Canvas, pen: Pen, cell: _Cell, tone: Color) -> None:
    """Draw nested discs like a fish scale, which partly cover the row above (seigaiha)."""
    x, y, w, h = cell
    r = w / 2 / pen.rx
    for i, share in enumerate((1, 0.8, 0.6, 0.4, 0.2)):
        ring = mix(tone, WHITE, 0.55) if i % 2 else mix(tone, c.palette.near, 0.1 * i)
        pen.draw_disc(x + w / 2, y + h, r * share, ring)


def _draw_cube(c: Canvas, pen: Pen, cell: _Cell, tone: Color) -> None:
    x, y, w, h = cell
    q = h / 3  # quarter of a cube's height
    top = [(x, y), (x + w / 2, y - q), (x + w, y), (x + w / 2, y + q)]
    left = [(x, y), (x + w / 2, y + q), (x + w / 2, y + 3 * q), (x, y + 2 * q)]
    right = [(x + w, y), (x + w / 2, y + q), (x + w / 2, y + 3 * q), (x + w, y + 2 * q)]
    pen.draw_shape(left, tone)
    pen.draw_shape(right, mix(tone, c.palette.near, 0.5))
    pen.draw_shape(top, mix(tone, c.palette.light, 0.55))


def _draw_arc(c: Canvas, pen: Pen, cell: _Cell, tone: Color) -> None:
    """Draw two quarter circles, which form ribbons with those of other tiles (Truchet tiling)."""
    x, y, w, h = cell
    pen.draw_box(x, y, x + w, y + h, mix(tone, c.palette.near, 0.55))
    flip = c.rng.random() < 0.5
    for cx, cy, start in ((x, y, 0), (x + w, y + h, 2)) if flip else ((x + w, y, 1), (x, y + h, 3)):
        for width, color in (
            (0.34, mix(tone, WHITE, 0.15)),
            (0.16, mix(tone, c.palette.light, 0.6)),
        ):
            pen.draw_shape(_make_quarter_ring(cx, cy, w, h, start, width), color)


def _make_quarter_ring(
    cx: float, cy: float, w: float, h: float, start: int, width: float
) -> list[Point]:
    turns = [math.pi / 2 * (start + i / 10) for i in range(11)]
    outer, inner = 0.5 + width / 2, 0.5 - width / 2
    there = [(cx + math.cos(t) * outer * w, cy + math.sin(t) * outer * h) for t in turns]
    back = [(cx + math.cos(t) * inner * w, cy + math.sin(t) * inner * h) for t in reversed(turns)]
    return there + back


def _draw_diamond(c: Canvas, pen: Pen, cell: _Cell, tone: Color) -> None:
    x, y, w, h = cell
    for i, share in enumerate((1, 0.72, 0.44, 0.18)):
        a, b = w / 2 * share, h * share
        color = (tone, mix(tone, c.palette.near, 0.5), mix(tone, WHITE, 0.35), c.palette.light)[i]
        middle = (x + w / 2, y + h / 2)
        corners = [(0, -b), (a, 0), (0, b), (-a, 0)]
        pen.draw_shape([(middle[0] + dx, middle[1] + dy) for dx, dy in corners], color)


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
        c.draw_veil(shadow, mix(p.near, BLACK, 0.6), 0, 255, 0.55)
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


def paint_facets(c: Canvas) -> None:
    """Paint a landscape of hills and sky that consists of triangles."""
    rng = c.rng
    sun, horizon = (rng.uniform(0.25, 0.75), rng.uniform(0.2, 0.4)), rng.uniform(0.5, 0.62)
    across, down = (5, 7) if c.coarse else (14, 20)
    swing = [rng.uniform(0, 6.3) for _ in range(3)]

    def knot(i: int, j: int) -> Point:
        return (i + rng.uniform(-0.36, 0.36)) / across, (j + rng.uniform(-0.36, 0.36)) / down

    grid = [[knot(i, j) for i in range(-1, across + 2)] for j in range(-1, down + 2)]
    with c.open_pen() as pen:
        for upper, lower in zip(grid, grid[1:]):
            for a, b, d, e in zip(upper, upper[1:], lower, lower[1:]):
                one = rng.random() < 0.5
                for corners in ([a, b, d], [b, e, d]) if one else ([a, b, e], [a, e, d]):
                    pen.draw_shape(corners, _choose_facet_color(c, corners, sun, horizon, swing))


def _choose_facet_color(
    c: Canvas, corners: list[Point], sun: Point, horizon: float, swing: list[float]
) -> Color:
    """Return the color of one triangle, which is in the sky or on one of three hills.

    swing: an angle for each hill, which shifts the hill's outline.
    """
    p = c.palette
    x, y = sum(q[0] for q in corners) / 3, sum(q[1] for q in corners) / 3
    away = math.hypot((x - sun[0]) / c.rx, (y - sun[1]) / c.ry)
    color = blend((p.light, *reversed(p.sky)), away * 1.15 - 0.08 if away > 0.12 else 0)
    for i in range(3):
        if y > horizon + 0.15 * i + 0.07 * math.sin(swing[i] + x * (5 + 2 * i)):
            color = mix(mix(p.far, p.near, 0.42 * i), p.accents[2], 0.18)
    return mix(color, WHITE if c.rng.random() < 0.5 else p.near, c.rng.random() * 0.16)


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
    a, b, cells = c.rng.uniform(0, 6.3), c.rng.uniform(0, 6.3), 6 if c.coarse else 14

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
