"""Scenes of mountains and deserts."""

from __future__ import annotations

import math

from ..canvas import Canvas, make_curve, mix, Point, make_ridge
from .sky import draw_birds, BLACK, paint_sky, draw_pines, WHITE

__all__ = ["paint_dunes", "paint_mountains"]


def paint_mountains(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    horizon = rng.uniform(0.42, 0.56)
    paint_sky(c, horizon)
    layers = rng.randint(4, 6)
    mist = mix(p.sky[2], p.far, 0.25)
    for i in range(layers):
        t = i / (layers - 1)
        color = mix(p.far, p.near, t**1.3)
        base = horizon + (0.97 - horizon) * t**1.15 * 0.95
        foggy = mix(color, mist, 0.75 * (1 - 0.8 * t))
        low = (foggy, foggy) if t < 0.9 else (mix(color, BLACK, 0.35),)
        c.draw_ground(make_ridge(c, base, 0.13 * (1 - 0.55 * t)), (color, *low))
        if i == 1 and "mist" in c.has:
            for _ in range(3):
                at = rng.random(), base + rng.uniform(0.05, 0.12)
                c.draw_glow(*at, rng.uniform(0.5, 1), mix(mist, WHITE, 0.3), 0.6, 0.2)
    if "birds" in c.has:
        draw_birds(c, horizon)
    if "pines" in c.has:
        draw_pines(c, 34, 0.24)


def paint_dunes(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    horizon = rng.uniform(0.36, 0.5)
    paint_sky(c, horizon)
    lit = mix(p.far, p.light, 0.35)
    for i in range(5):
        t = i / 4
        base = horizon + 0.04 + (0.9 - horizon) * t**1.25
        line = make_curve(c, base, 0.02 + 0.055 * t, 1.1)
        bright = mix(p.sky[2], lit, 0.35 + 0.65 * t)
        c.draw_ground(line, (bright, mix(bright, p.far, 0.45), mix(p.far, p.near, 0.3)))
        _draw_lee_side(c, line, t)
        if i == 2 and "caravan" in c.has:
            _draw_caravan(c, line)


def _draw_lee_side(c: Canvas, line: list[Point], t: float) -> None:
    peak = min(range(len(line) // 6, len(line) * 5 // 6), key=lambda i: line[i][1])
    crest = line[peak:]
    x0, y0 = crest[0]
    depth = 0.16 + 0.3 * t
    dark = mix(c.palette.far, c.palette.near, 0.5)
    with c.open_pen(x0 - 0.1, y0 - 0.01, 1, y0 + depth + 0.1) as pen:
        for soft in range(4):
            bend = 1.3 + 0.12 * soft
            foot = [
                (
                    x - 0.05 * math.sin(3.1 * (x - x0) / (1 - x0)),
                    y0 + depth * (x - x0) ** bend * 1.6,
                )
                for x, _ in crest
            ]
            under = [(x, max(y, top[1])) for (x, y), top in zip(foot, crest)]
            pen.draw_shape(crest + under[::-1], dark, 0.16)


def _draw_caravan(c: Canvas, line: list[Point]) -> None:
    color = mix(c.palette.near, BLACK, 0.3)
    start = c.rng.uniform(0.1, 0.45)
    s = 0.022
    with c.open_pen(y0=min(y for _, y in line) - 0.08, y1=max(y for _, y in line) + 0.02) as pen:
        for i in range(5):
            x = start + i * 0.07 * pen.rx
            foot = line[round(x * (len(line) - 1))][1] + 0.003
            for leg in (-0.55, -0.4, 0.35, 0.5):
                at = x + leg * s * pen.rx
                pen.draw_line([(at, foot), (at, foot - s * pen.ry)], color, 0.0028)
            pen.draw_disc(x, foot - s * 1.15 * pen.ry, s * 0.72, color, 1, 0.5)
            pen.draw_disc(x, foot - s * 1.5 * pen.ry, s * 0.34, color)
            neck = [(0.55, 1.1), (0.95, 1.25), (1.05, 1.85), (1.3, 1.8)]
            pen.draw_line(
                [(x + a * s * pen.rx, foot - b * s * pen.ry) for a, b in neck], color, 0.0045
            )
