"""Scenes of mountains, deserts, woods and snow."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..canvas import Canvas, Color, make_curve, mix, Pen, Point, make_ridge
from .sky import draw_birds, BLACK, paint_sky, draw_pine, draw_pines, WHITE

__all__ = ["paint_cottage", "paint_dunes", "paint_forest", "paint_mountains"]


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
        draw_pines(c, c.iter_details(34), 0.24)


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


def paint_forest(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    fog = mix(p.sky[2], p.light, 0.35)
    c.fill_gradient((mix(p.sky[1], fog, 0.25), fog, mix(fog, p.far, 0.3), p.far))
    c.draw_glow(rng.uniform(0.3, 0.7), 0.3, 0.8, p.light, 0.8)
    for depth in range(4):
        t = depth / 3
        color = mix(mix(fog, p.far, 0.45), mix(p.near, BLACK, 0.2), t**1.2)
        floor = 0.7 + 0.2 * t
        moss = mix(color, p.accents[2], 0.25 * (1 - t))
        c.draw_ground(make_curve(c, floor, 0.012), (moss, color))
        with c.open_pen() as pen:
            for _ in c.iter_details(round(17 - 12 * t)):
                _draw_trunk(c, pen, floor, t, color)
        if "rays" in c.has and depth == 1:
            _draw_rays(c)
        c.draw_glow(rng.random(), floor + 0.04, 0.9, fog, 0.5 * (1 - t), 0.3)
    if "fireflies" in c.has:
        for _ in c.iter_details(34):
            c.draw_glow(rng.random(), rng.uniform(0.45, 0.97), 0.022, (255, 236, 150), 0.95)


def _draw_trunk(c: Canvas, pen: Pen, floor: float, t: float, color: Color) -> None:
    rng = c.rng
    x, lean = rng.uniform(-0.02, 1.02), rng.uniform(-0.02, 0.02)
    half = (0.005 + 0.02 * t * t) * rng.uniform(0.7, 1.3) * pen.rx
    foot = floor + 0.03 + 0.08 * t * rng.random()
    head = [(x + lean + half * 0.6, 0), (x + lean - half * 0.6, 0)]
    pen.draw_shape([(x - half, foot), (x + half, foot), *head], color)
    pen.draw_shape(
        [(x - half * 2, foot + 0.006), (x, foot - 0.05), (x + half * 2, foot + 0.006)], color
    )
    for _ in range(7):
        y, side = rng.uniform(0, floor * 0.62), rng.choice((-1, 1))
        long = (0.03 + 0.1 * t) * rng.uniform(0.4, 1.2)
        at = x + lean * (1 - y)
        branch = [(at, y), (at + side * long * 0.6 * pen.rx, y - long * 0.15 * pen.ry)]
        branch.append((at + side * long * pen.rx, y - long * 0.5 * pen.ry))
        pen.draw_line(branch, color, half / pen.rx * 0.45)


def _draw_rays(c: Canvas) -> None:
    x = c.rng.uniform(0.1, 0.9)
    with c.open_pen() as pen:
        for _ in range(7):
            to, wide = x + c.rng.uniform(-0.7, 0.7), c.rng.uniform(0.02, 0.08)
            beam = [(x - 0.01, -0.05), (x + 0.01, -0.05), (to + wide, 0.95), (to - wide, 0.95)]
            pen.draw_shape(beam, c.palette.light, 0.14)


def paint_cottage(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    horizon = 0.5
    paint_sky(c, horizon)
    hills = (mix(p.far, p.sky[1], 0.3), mix(p.sky[2], p.far, 0.4))
    c.draw_ground(make_ridge(c, horizon - 0.04, 0.07), hills)
    snow = mix(p.sky[2], WHITE, 0.25 if p.dark else 0.6)
    for i in range(3):
        base = horizon + 0.07 + 0.12 * i
        shade = mix(mix(snow, p.far, 0.55), snow, (i + 1) / 3)
        c.draw_ground(make_curve(c, base, 0.018), (shade, mix(shade, p.sky[1], 0.55)))
        _draw_grove(c, i, base, mix(p.far, p.near, 0.4 + 0.3 * i))
    _draw_house(c, rng.uniform(0.36, 0.64), 0.77)
    if "snow" in c.has:
        with c.open_pen() as pen:
            for _ in c.iter_details(260):
                x, y, r = rng.random(), rng.random(), rng.uniform(0.001, 0.0042)
                pen.draw_disc(x, y, r, WHITE, rng.uniform(0.4, 0.9))


def _draw_grove(c: Canvas, row: int, base: float, color: Color) -> None:
    with c.open_pen(y0=base - 0.35 * c.ry, y1=base + 0.05) as pen:
        for _ in c.iter_details(12 - 2 * row):
            x, tall = c.rng.random(), (0.1 + 0.06 * row) * c.rng.uniform(0.7, 1.3)
            if row < 2 or abs(x - 0.5) > 0.3:
                draw_pine(pen, x, base + 0.015, tall, color)


def _draw_house(c: Canvas, x: float, foot: float) -> None:
    p, s = c.palette, 0.13
    lamp, w, h = mix(p.light, (255, 196, 92), 0.6), s * c.rx, s * c.ry

    def at(*corners: Point) -> list[Point]:
        return [(x + a * w, foot + b * h) for a, b in corners]

    c.draw_glow(x, foot + 0.03, 0.42, lamp, 0.6)
    with c.open_pen(x - 2 * w, foot - 5 * h, x + 2 * w, foot + h) as pen:
        for i in range(14):
            smoke = at((0.42 + 0.1 * math.sin(i * 0.9) + i * 0.05, -1.75 - i * 0.2))[0]
            pen.draw_disc(*smoke, s * (0.07 + i * 0.015), mix(p.sky[2], WHITE, 0.45), 0.16)
        for corners, color in _iter_house_parts(c, lamp):
            pen.draw_shape(at(*corners), color)
    c.draw_glow(x, foot - 0.35 * h, 0.13, lamp, 0.55)


def _iter_house_parts(c: Canvas, lamp: Color) -> Iterator[tuple[list[Point], Color]]:
    """Yield (points, color) for each shape of a house, from back to front.

    The points are relative to the middle of the house's lower edge; half its width is 1.
    """

    # Half the width of the house is the unit of length.
    def plank(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]

    wall, roof = mix(c.palette.near, c.palette.accents[0], 0.25), mix(c.palette.sky[2], WHITE, 0.45)
    yield plank(-1, -0.75, 1, 0), wall
    yield plank(0.32, -1.6, 0.52, -0.8), mix(wall, BLACK, 0.3)
    yield [(-1.22, -0.68), (-0.55, -1.4), (0.55, -1.4), (1.22, -0.68)], roof
    yield [(-1.22, -0.68), (1.22, -0.68), (1.18, -0.6), (-1.18, -0.6)], mix(
        roof, c.palette.far, 0.5
    )
    for left in (-0.75, 0.35):
        yield plank(left, -0.52, left + 0.4, -0.18), lamp
        yield plank(left + 0.185, -0.52, left + 0.215, -0.18), wall
        yield plank(left, -0.365, left + 0.4, -0.335), wall
    yield plank(-0.17, -0.55, 0.17, 0), mix(wall, BLACK, 0.4)
