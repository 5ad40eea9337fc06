"""Scenes of towns, balloons and space."""

from __future__ import annotations

import math

from ..canvas import Canvas, Color, make_curve, mix, Pen, Point, make_ridge
from .sky import draw_birds, BLACK, paint_sky, WHITE

__all__ = ["paint_balloons", "paint_city", "paint_space"]


def paint_city(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    shore = 0.74 if "river" in c.has else 1.0
    paint_sky(c, 0.75)
    c.draw_glow(rng.random(), shore * 0.95, 0.9, mix(p.sky[2], p.light, 0.5), 0.7)
    for row in range(3):
        t = row / 2
        color = mix(mix(p.far, p.sky[2], 0.35), mix(p.near, BLACK, 0.25), t)
        with c.open_pen(y0=shore - 0.62, y1=shore) as pen:
            x = -0.05
            while x < 1:
                wide = rng.uniform(0.06, 0.13) * (0.8 + 0.5 * t) * (0.5 + 0.5 * c.rx)
                tall = rng.triangular(0.1, 0.52, 0.2) * (1 - 0.42 * t)
                _draw_tower(c, pen, (x, shore - tall, x + wide, shore), color, 0.35 + 0.65 * t)
                x += wide * rng.uniform(0.9, 1.25)
        c.draw_glow(rng.random(), shore, 0.9, mix(p.sky[2], p.light, 0.3), 0.45 * (1 - t), 0.3)
    if "river" in c.has:
        c.draw_reflection(shore, mix(p.near, p.sky[0], 0.5), 0.35)


def _draw_tower(
    c: Canvas, pen: Pen, box: tuple[float, float, float, float], color: Color, bright: float
) -> None:
    rng, (x0, y0, x1, y1) = c.rng, box
    pen.draw_box(x0, y0, x1, y1, color)
    middle, step = (x0 + x1) / 2, 0.2 * (x1 - x0)
    roof = rng.random()
    if roof < 0.25:
        pen.draw_box(middle - step, y0 - 0.02, middle + step, y0, color)
        pen.draw_line([(middle, y0 - 0.075), (middle, y0)], color, 0.0025)
    elif roof < 0.4:
        pen.draw_shape([(x0, y0), (middle, y0 - 0.05), (x1, y0)], color)
    rows, columns = int((y1 - y0) / 0.0165), max(2, int((x1 - x0) / (0.021 * (0.4 + 0.6 * c.rx))))
    gap, share = (x1 - x0) / columns, rng.uniform(0.2, 0.55) if c.palette.is_night else 0.22
    for row in range(rows):
        for column in range(columns):
            if rng.random() < share:
                lamp = mix(color, mix(c.palette.light, rng.choice(c.palette.accents), 0.3), bright)
                x, y = x0 + gap * (column + 0.28), y0 + 0.008 + row * 0.0165
                pen.draw_box(x, y, x + gap * 0.44, y + 0.008, lamp)


def paint_balloons(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    paint_sky(c, 0.72)
    for i in range(4):
        t = i / 3
        top = make_ridge(c, 0.7, 0.07) if i == 0 else make_curve(c, 0.7 + 0.09 * i, 0.025, 1.2)
        color = mix(mix(p.far, p.sky[2], 0.35 * (1 - t)), p.near, 0.75 * t)
        c.draw_ground(top, (color, mix(color, p.accents[2], 0.25), mix(color, p.near, 0.5)))
    places = sorted((rng.random() ** 1.5, rng.random(), rng.random()) for _ in range(7))
    for near, x, y in places:
        size = 0.022 + 0.1 * near
        _draw_balloon(c, 0.1 + 0.8 * x, 0.12 + 0.42 * y, size, 0.55 * (1 - near) ** 2)
    if "birds" in c.has:
        draw_birds(c, 0.5)


def _draw_balloon(c: Canvas, x: float, y: float, r: float, haze: float) -> None:
    p, rx, ry = c.palette, r * c.rx, r * c.ry
    one, two = c.rng.sample([*p.accents, mix(p.sky[2], WHITE, 0.5)], 2)
    with c.open_pen(x - rx * 1.2, y - ry * 1.4, x + rx * 1.2, y + ry * 2.3) as pen:
        for i in range(9):
            color = mix(one if i % 2 else two, p.sky[2], haze)
            left, right = math.sin(math.pi * (i / 9 - 0.5)), math.sin(math.pi * ((i + 1) / 9 - 0.5))
            gore = [(x + left * a * rx, y + b * ry) for a, b in _ENVELOPE]
            gore += [(x + right * a * rx, y + b * ry) for a, b in reversed(_ENVELOPE)]
            pen.draw_shape(gore, mix(color, BLACK, 0.28 * max(0, (left + right) / 2 + 0.1)))
        rope, basket = mix(p.near, p.sky[2], haze), mix((110, 70, 40), p.sky[2], haze)
        for side in (-0.2, 0.2):
            pen.draw_line(
                [(x + side * rx, y + 1.22 * ry), (x + side * 0.8 * rx, y + 1.6 * ry)], rope, 0.0015
            )
        pen.draw_box(x - 0.17 * rx, y + 1.6 * ry, x + 0.17 * rx, y + 1.86 * ry, basket)


# Half width and height of an envelope from top to mouth.
_ENVELOPE = [(math.sin(t * 0.262), -math.cos(t * 0.262)) for t in range(8)]
_ENVELOPE += [(0.84, 0.55), (0.66, 0.82), (0.42, 1.06), (0.22, 1.22)]


def paint_space(c: Canvas) -> None:
    p, rng = c.palette, c.rng
    night = mix(p.sky[0], BLACK, 0.72)
    c.fill_gradient((night, mix(night, p.sky[0], 0.45), night))
    for color in (p.accents[2], p.sky[1], p.accents[0]):
        c.blend_color(c.make_noise(2, 3, 5), mix(color, p.sky[1], 0.35), 125, 235, 0.75)
    c.draw_stars(750, 1)
    for _ in range(9):
        c.draw_glow(rng.random(), rng.random(), rng.uniform(0.01, 0.035), WHITE, 0.9)
    x, y, r = rng.uniform(0.3, 0.7), rng.uniform(0.35, 0.7), rng.uniform(0.17, 0.3)
    tilt = rng.uniform(-0.5, 0.5)
    c.draw_glow(x, y, r * 1.7, mix(p.light, p.accents[1], 0.5), 0.55)
    if "rings" in c.has:
        _draw_half_rings(c, (x, y), r, tilt, math.pi)
    _draw_planet(c, x, y, r, tilt)
    if "rings" in c.has:
        _draw_half_rings(c, (x, y), r, tilt, 0)
    if "moons" in c.has:
        for _ in range(2):
            far = rng.uniform(0, 6.3)
            at = (x + math.cos(far) * r * 1.9 * c.rx, y + math.sin(far) * r * 1.8 * c.ry)
            _draw_planet(c, *at, r * rng.uniform(0.1, 0.18), tilt)


def _draw_planet(c: Canvas, x: float, y: float, r: float, tilt: float) -> None:
    """Draw a striped planet, lit from the upper left. tilt: angle of its stripes in radians."""
    from PIL import Image, ImageDraw, ImageFilter

    p, side = c.palette, max(4, round(2 * r * min(c.width, c.height)))
    tones = [
        mix(c.rng.choice((*p.accents, p.far)), p.light, c.rng.random() * 0.6) for _ in range(9)
    ]
    ball = c.make_gradient(tuple(tones), (side, 2 * side)).rotate(
        math.degrees(tilt), Image.Resampling.BILINEAR
    )
    ball = ball.crop((0, side // 2, side, side // 2 + side))
    shade = Image.new("L", (side, side), 235)
    ImageDraw.Draw(shade).ellipse((-side * 0.25, -side * 0.25, side * 0.75, side * 0.75), fill=0)
    ball.paste(mix(p.sky[0], BLACK, 0.8), (0, 0), shade.filter(ImageFilter.BoxBlur(side * 0.16)))
    disc = Image.new("L", (2 * side, 2 * side))
    ImageDraw.Draw(disc).ellipse((1, 1, 2 * side - 2, 2 * side - 2), fill=255)
    corner = (round(x * c.width - side / 2), round(y * c.height - side / 2))
    c.image.paste(ball, corner, disc.reduce(2))


def _draw_half_rings(c: Canvas, at: Point, r: float, tilt: float, start: float) -> None:
    """Draw one half of a planet's rings. at, r, tilt: the planet's center, radius and tilt.

    start: pi for the half behind the planet, 0 for the half in front of it.
    """
    w, h = 2.1 * r * c.rx, 2.1 * r * c.ry
    with c.open_pen(at[0] - w, at[1] - h, at[0] + w, at[1] + h) as pen:
        for ring in range(11):
            reach = r * (1.35 + 0.065 * ring)
            line = []
            for i in range(33):
                a = start + math.pi * i / 32
                u, v = reach * math.cos(a), reach * 0.24 * math.sin(a)
                dx, dy = u * math.cos(tilt) - v * math.sin(tilt), u * math.sin(tilt) + v * math.cos(
                    tilt
                )
                line.append((at[0] + dx * c.rx, at[1] + dy * c.ry))
            tone = mix(c.palette.light, c.palette.accents[ring % 3], 0.35)
            pen.draw_line(line, tone, 0.0068, 0.25 + 0.35 * (ring * 7 % 5) / 4)
