"""The scene of a flowering branch."""

from __future__ import annotations

import math

from ..canvas import Canvas, Color, mix, Pen, Point, make_ridge
from .sky import BLACK, WHITE

__all__ = ["paint_blossom"]


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
            for _ in range(60):
                x, y, r = rng.random(), rng.random(), rng.uniform(0.003, 0.008)
                pen.draw_disc(x, y, r, mix(p.accents[1], WHITE, 0.55), 0.85, rng.uniform(0.4, 0.9))


def _draw_branch(
    c: Canvas, pen: Pen, at: Point, angle: float, long: float, width: float, buds: list[Point]
) -> None:
    """Draw a branch and its twigs, and add the points where blossoms belong to `buds`.

    at: where the branch begins. angle: its direction in radians, 0 to the right. long, width: its
    size, as shares of the image's shorter side.
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
            buds += [(x + rng.gauss(0, 0.014), y + rng.gauss(0, 0.01)) for _ in range(2)]
        if width > 0.006 and i > 0 and rng.random() < 0.72:
            turn = rng.choice((-1, 1)) * rng.uniform(0.4, 0.95)
            twig = long * rng.uniform(0.36, 0.62) * (1 - 0.05 * i)
            _draw_branch(c, pen, at, angle + turn, twig, now * 0.5, buds)


def _draw_sprig(pen: Pen, at: Point, r: float, turn: float, color: Color, heart: Color) -> None:
    for i in range(5):
        angle = 2 * math.pi * (i / 5 + turn)
        x, y = at[0] + math.cos(angle) * r * pen.rx, at[1] + math.sin(angle) * r * pen.ry
        pen.draw_disc(x, y, r * 0.78, mix(color, heart, 0.09 * (i % 2)))
    pen.draw_disc(*at, r * 0.4, mix(heart, color, 0.25))
