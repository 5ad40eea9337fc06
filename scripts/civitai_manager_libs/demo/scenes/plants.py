"""Scenes of flowers, seen from close by."""

from __future__ import annotations

import math

from ..canvas import Canvas, Color, mix, Pen, Point, make_ridge
from .sky import BLACK, WHITE

__all__ = ["paint_blossom", "paint_flowers"]


def paint_flowers(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    green = mix(p.accents[2], p.near, 0.45)
    haze = mix(p.sky[2], p.accents[2], 0.15)
    c.fill_gradient((mix(p.sky[1], WHITE, 0.2), haze, mix(green, p.sky[2], 0.25), green))
    for _ in c.iter_details(26):
        blob = mix(rng.choice((*p.accents, p.light)), p.sky[2], 0.45)
        c.draw_glow(rng.random(), rng.random(), rng.uniform(0.08, 0.28), blob, 0.6)
    heads = sorted((0.2 + 0.62 * rng.random(), rng.random()) for _ in range(9))
    with c.open_pen() as pen:
        for _ in c.iter_details(60):
            _draw_blade(c, pen, mix(green, p.near, rng.random() * 0.7))
        for y, x in heads:
            _draw_flower(c, pen, (0.06 + 0.88 * x, y), mix(green, p.near, 0.5))
    if "dew" in c.has:
        for _ in c.iter_details(30):
            c.draw_glow(rng.random(), rng.random(), 0.014, WHITE, 0.85)


def _draw_flower(c: Canvas, pen: Pen, at: Point, green: Color) -> None:
    (x, y), sway = at, c.rng.uniform(-0.06, 0.06)
    stem = [(x + sway * t * t, y + (1.05 - y) * t) for t in (0, 0.25, 0.5, 0.75, 1)]
    pen.draw_line(stem, green, 0.0065)
    color = mix(c.rng.choice(c.palette.accents[:2]), WHITE, c.rng.random() * 0.35)
    _draw_bloom(c, pen, at, 0.045 + 0.11 * y, color)


def _draw_blade(c: Canvas, pen: Pen, color: Color) -> None:
    x, tall, lean = c.rng.random(), c.rng.uniform(0.15, 0.5), c.rng.uniform(-0.1, 0.1)
    half = 0.006 * pen.rx
    pen.draw_shape(
        [
            (x - half, 1.02),
            (x + lean * 0.4, 1 - tall * 0.6),
            (x + lean, 1 - tall),
            (x + half, 1.02),
        ],
        color,
    )


def _draw_bloom(c: Canvas, pen: Pen, at: Point, r: float, color: Color) -> None:
    petals, turn = c.rng.choice((5, 6, 8, 11)), c.rng.random()
    if c.coarse:
        return pen.draw_disc(*at, r, color)
    for ring in range(3 if petals < 8 else 2):
        size = r * (1 - 0.3 * ring)
        shade = mix(color, c.palette.near, 0.28 - 0.14 * ring)
        for i in range(petals):
            angle = 2 * math.pi * (i + turn + 0.5 * ring) / petals
            _draw_petal(pen, at, size, angle, 2.5 / petals, shade)
            _draw_petal(pen, at, size * 0.86, angle, 1.7 / petals, mix(shade, WHITE, 0.14))
    heart = mix(c.palette.light, (240, 180, 40), 0.6)
    pen.draw_disc(*at, r * 0.24, mix(heart, c.palette.near, 0.4))
    pen.draw_disc(*at, r * 0.19, heart)


def _draw_petal(pen: Pen, at: Point, r: float, angle: float, wide: float, color: Color) -> None:
    points = []
    for i in range(13):
        t = i / 12 * math.pi
        along, across = (1 - math.cos(2 * t)) / 2, wide * math.sin(2 * t) * 0.62
        x = along * math.cos(angle) - across * math.sin(angle)
        y = along * math.sin(angle) + across * math.cos(angle)
        points.append((at[0] + x * r * pen.rx, at[1] + y * r * pen.ry))
    pen.draw_shape(points, color)


def paint_blossom(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    c.fill_gradient((p.sky[1], p.sky[2], mix(p.sky[2], WHITE, 0.4)))
    right = rng.random() < 0.5
    x, y = (0.38 if right else 0.62), rng.uniform(0.3, 0.45)
    c.draw_glow(x, y, 0.9, p.light, 0.7)
    w, h = 0.3 * c.rx, 0.3 * c.ry
    with c.open_pen(x - w, y - h, x + w, y + h) as pen:
        pen.draw_disc(x, y, 0.28, mix(p.accents[0], p.light, 0.55 if "moon" in c.has else 0.2))
    hills = mix(p.far, p.sky[2], 0.55)
    for i in range(2):
        c.draw_ground(
            make_ridge(c, 0.8 + 0.09 * i, 0.06),
            (mix(hills, p.far, 0.5 * i), mix(p.sky[2], WHITE, 0.3)),
        )
    buds: list[Point] = []
    with c.open_pen() as pen:
        root = (1.03 if right else -0.03, rng.uniform(0.5, 0.68))
        _draw_branch(c, pen, root, 3.45 if right else -0.3, 0.75, 0.034, buds)
        for x, y in buds:
            tone = mix(p.accents[1], WHITE, rng.uniform(0.35, 0.85))
            _draw_sprig(pen, (x, y), rng.uniform(0.01, 0.018), rng.random(), tone, p.accents[0])
        if "petals" in c.has:
            for _ in c.iter_details(60):
                x, y, r = rng.random(), rng.random(), rng.uniform(0.003, 0.008)
                pen.draw_disc(x, y, r, mix(p.accents[1], WHITE, 0.55), 0.85, rng.uniform(0.4, 0.9))


def _draw_branch(
    c: Canvas, pen: Pen, at: Point, angle: float, long: float, width: float, buds: list[Point]
) -> None:
    """Draw a branch with thinner and thinner twigs, and add the places for blossoms to `buds`.

    at: where the branch begins. angle: its direction in radians, 0 to the right.
    """
    rng, color = c.rng, mix(c.palette.near, BLACK, 0.2)
    steps = 7
    for i in range(steps):
        angle += rng.gauss(0, 0.17)
        now = width * (1 - 0.1 * i)
        x = at[0] + math.cos(angle) * long / steps * pen.rx
        y = at[1] + math.sin(angle) * long / steps * pen.ry
        pen.draw_line([at, (x, y)], color, now)
        pen.draw_disc(x, y, now / 2, color)
        at = (x, y)
        if now < 0.017 and rng.random() < 0.8:
            buds += [(x + rng.gauss(0, 0.014), y + rng.gauss(0, 0.01)) for _ in c.iter_details(2)]
        if width > (0.03 if c.coarse else 0.006) and i > 0 and rng.random() < 0.72:
            turn = rng.choice((-1, 1)) * rng.uniform(0.4, 0.95)
            twig = long * rng.uniform(0.36, 0.62) * (1 - 0.05 * i)
            _draw_branch(c, pen, at, angle + turn, twig, now * 0.5, buds)


def _draw_sprig(pen: Pen, at: Point, r: float, turn: float, color: Color, heart: Color) -> None:
    for i in range(5):
        angle = 2 * math.pi * (i / 5 + turn)
        x, y = at[0] + math.cos(angle) * r * pen.rx, at[1] + math.sin(angle) * r * pen.ry
        pen.draw_disc(x, y, r * 0.78, mix(color, heart, 0.09 * (i % 2)))
    pen.draw_disc(*at, r * 0.4, mix(heart, color, 0.25))
