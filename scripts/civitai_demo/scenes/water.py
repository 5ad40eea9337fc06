"""Scenes of the sea and of northern lights."""

from __future__ import annotations

import math

from ..canvas import Canvas, Color, make_curve, mix, Point, make_ridge
from .sky import BLACK, draw_pines, WHITE

__all__ = ["paint_aurora", "paint_sea"]


def paint_sea(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    horizon = rng.uniform(0.45, 0.62)
    at, big = rng.uniform(0.25, 0.75), rng.uniform(0.05, 0.09)
    high = horizon - big * c.ry * rng.uniform(0.1, 2.2)
    c.fill_gradient((*p.sky, mix(p.sky[2], p.light, 0.3)), 0, horizon)
    if p.is_night:
        c.draw_stars(300, horizon)
    if "clouds" in c.has:
        c.blend_color(c.make_noise(1, 12, 4), mix(p.sky[1], p.light, 0.4), 125, 215, 0.7)
    c.draw_orb(at, high, big)
    deep = mix(p.near, p.sky[0], 0.45)
    c.fill_gradient((mix(p.sky[2], deep, 0.35), mix(p.sky[1], deep, 0.6), deep, p.near), horizon, 1)
    _draw_waves(c, at, horizon)
    if "island" in c.has:
        coast = [(x, min(y, horizon) + 0.004) for x, y in make_ridge(c, horizon, 0.035)]
        with c.open_pen(y0=horizon - 0.12, y1=horizon + 0.02) as pen:
            pen.draw_shape(
                [*coast, (1, horizon + 0.004), (0, horizon + 0.004)], mix(p.far, p.near, 0.4)
            )
    if "lighthouse" in c.has:
        _draw_lighthouse(c, horizon, rng.random() < 0.5)
    if "sail" in c.has:
        _draw_boat(c, horizon)


def _draw_waves(c: Canvas, at: float, horizon: float) -> None:
    """Draw waves, bright below the sun and dark beside it.

    at: the sun's x, 0 to 1. horizon: height at which the waves begin, 0 to 1 from the top.
    """
    p, rng = c.palette, c.rng
    with c.open_pen(y0=horizon) as pen:
        for _ in range(520):
            t = rng.random() ** 1.6
            y = horizon + (1 - horizon) * t + 0.002
            x = at + rng.gauss(0, 0.035 + 0.16 * t)
            half = (0.006 + 0.04 * t) * rng.uniform(0.4, 1.3)
            pen.draw_disc(x, y, half, mix(p.light, p.sky[2], rng.random() * 0.6), 0.55, 0.055)
        for _ in range(220):
            t = rng.random() ** 1.4
            y = horizon + (1 - horizon) * t + 0.004
            pen.draw_disc(rng.random(), y, (0.02 + 0.12 * t) * rng.random(), p.near, 0.22, 0.04)


def _draw_boat(c: Canvas, horizon: float) -> None:
    p = c.palette
    x, y = c.rng.choice((0.22, 0.34, 0.68, 0.8)), horizon + c.rng.uniform(0.02, 0.1)
    s = 0.05 + (y - horizon) * 0.7
    u, v = s * c.rx, s * c.ry
    hull, white = mix(p.near, BLACK, 0.3), mix(p.sky[2], WHITE, 0.5)

    def at(*corners: Point) -> list[Point]:
        return [(x + a * u, y + b * v) for a, b in corners]

    with c.open_pen(x - 1.5 * u, y - 3 * v, x + 1.5 * u, y + 2.5 * v) as pen:
        pen.draw_shape(at((-1, 0), (1, 0), (0.7, 0.3), (-0.7, 0.3)), hull)
        pen.draw_shape(at((0.05, -2.4), (0.9, -0.15), (0.05, -0.1)), white)
        pen.draw_shape(
            at((-0.05, -2.1), (-0.75, -0.2), (-0.05, -0.1)), mix(white, p.accents[0], 0.35)
        )
        for i in range(7):
            pen.draw_disc(x, y + v * (0.45 + i * 0.22), s * (0.8 - i * 0.08), hull, 0.22, 0.07)


def _draw_lighthouse(c: Canvas, horizon: float, right: bool) -> None:
    p, foot = c.palette, horizon - 0.045
    rock, red = mix(p.near, BLACK, 0.35), mix(p.accents[0], p.near, 0.25)
    white = mix(p.sky[2], WHITE, 0.4)
    middle = 1 - 0.14 if right else 0.14

    def tower(*corners: Point) -> list[Point]:
        return [(middle + a * c.rx, foot - b * c.ry) for a, b in corners]

    c.draw_glow(middle, foot - 0.28 * c.ry, 0.42, p.light, 0.75)
    with c.open_pen(
        0.55 if right else 0, foot - 0.4 * c.ry, 1 if right else 0.45, horizon + 0.1
    ) as pen:
        cliff = [(0, -0.03), (0.08, -0.012), (0.2, 0), (0.25, 0.03), (0.3, 0.05)]
        cliff += [(0.34, 0.075), (0.36, 0.095), (0, 0.135)]
        pen.draw_shape([(1 - x if right else x, foot + y) for x, y in cliff], rock)
        for i in range(5):
            w, low = 0.029 - i * 0.0024, i * 0.052 - 0.004
            band = tower((-w, low), (w, low), (w - 0.002, low + 0.056), (0.002 - w, low + 0.056))
            pen.draw_shape(band, white if i % 2 == 0 else red)
        pen.draw_shape(
            tower((-0.015, 0.26), (0.015, 0.26), (0.015, 0.292), (-0.015, 0.292)), p.light
        )
        pen.draw_shape(tower((-0.02, 0.292), (0, 0.322), (0.02, 0.292)), rock)
        pen.draw_line(tower((-0.024, 0.26), (0.024, 0.26)), rock, 0.006)


def paint_aurora(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    shore = rng.uniform(0.6, 0.72)
    c.fill_gradient((p.sky[0], p.sky[0], p.sky[1], mix(p.sky[2], p.sky[1], 0.3)), 0, 1)
    c.draw_stars(520, shore)
    for color, place in zip(p.accents, rng.sample((0.4, 0.55, 0.68, 0.8), 3)):
        _draw_aurora_band(
            c, mix(color, (120, 255, 200), 0.25), shore * place, shore * rng.uniform(0.4, 0.6)
        )
    c.draw_glow(rng.random(), shore, 0.8, mix(p.accents[0], p.sky[2], 0.4), 0.3)
    c.draw_ground(
        make_ridge(c, shore - 0.05, 0.06), (mix(p.far, p.near, 0.55), mix(p.far, p.near, 0.8))
    )
    if "lake" in c.has:
        c.draw_reflection(shore, p.near, 0.3)
    else:
        c.draw_ground(
            make_curve(c, shore + 0.03, 0.02), (mix(p.far, WHITE, 0.3), mix(p.far, p.near, 0.8))
        )
    if "pines" in c.has:
        draw_pines(c, 26, 0.3)


def _draw_aurora_band(c: Canvas, color: Color, base: float, tall: float) -> None:
    """Draw a band of northern light: columns that stand on a wavy line and fade upwards.

    base: the line's height, 0 to 1 from the top. tall: height of the tallest columns, 0 to 1.
    """
    from PIL import Image, ImageFilter

    a, b, d = (c.rng.uniform(0, 6.3) for _ in range(3))
    wide, high = 112, 192
    mask = Image.new("L", (wide, high))
    # Quickly up from the foot, slowly away into the sky.
    fade = Image.linear_gradient("L").point([round(i * min(1, (255 - i) / 26)) for i in range(256)])
    for x in range(wide):
        t = x / wide
        foot = base + 0.05 * math.sin(a + t * 4) + 0.02 * math.sin(b + t * 11)
        strong = 0.52 + 0.26 * math.sin(d + t * 9) + 0.14 * math.sin(a + t * 23)
        rows = max(2, round(high * tall * (0.75 + 0.25 * math.sin(b + t * 17))))
        top = round(high * foot) - rows
        mask.paste(
            round(230 * strong),
            (x, top, x + 1, top + rows),
            fade.resize((1, rows), Image.Resampling.NEAREST),
        )
    soft = mask.filter(ImageFilter.BoxBlur(1)).resize(c.image.size, Image.Resampling.BICUBIC)
    c.image.paste(color, (0, 0), soft)
