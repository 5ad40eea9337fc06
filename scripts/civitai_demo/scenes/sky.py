"""Skies with sun, moon, stars and clouds; birds and trees in front of them."""

from __future__ import annotations

from ..canvas import Canvas, Color, mix, Pen

__all__ = ["BLACK", "WHITE", "draw_birds", "paint_sky", "draw_pine", "draw_pines"]

WHITE: Color = (255, 255, 255)
BLACK: Color = (0, 0, 0)


def paint_sky(c: Canvas, lowest: float) -> None:
    """Paint the sky down to the height `lowest`, 0 to 1 from the top.

    The sun, the moon and clouds are painted if the prompt mentions them.
    """
    p, rng = c.palette, c.rng
    at, high, big = rng.uniform(0.2, 0.8), rng.uniform(0.35, 0.8), rng.uniform(0.035, 0.075)
    c.fill_gradient((*p.sky, p.sky[2]), 0, lowest + 0.12)
    if p.is_night:
        c.draw_stars(420, lowest)
    if "moon" in c.has:
        c.draw_orb(at, lowest * high * 0.7, big * 0.8, 0.7)
    elif "sun" in c.has:
        c.draw_orb(at, lowest * high, big)
    if "clouds" in c.has:
        tint = mix(p.sky[2], WHITE, 0.1 if p.is_night else 0.45)
        c.blend_color(c.make_noise(2, 9, 4), tint, 120, 225, 0.35 if p.is_night else 0.75)


def draw_birds(c: Canvas, lowest: float) -> None:
    """Draw a flock of birds in the sky, above the height `lowest` (0 to 1 from the top)."""
    x, y = c.rng.uniform(0.2, 0.7), c.rng.uniform(0.3, 0.7) * lowest
    with c.open_pen(x - 0.3, y - 0.15, x + 0.3, y + 0.15) as pen:
        for _ in range(9):
            bx, by = x + c.rng.gauss(0, 0.07), y + c.rng.gauss(0, 0.03)
            s = c.rng.uniform(0.006, 0.012)
            wing = [(-1, -0.5), (-0.5, -0.62), (0, 0), (0.5, -0.62), (1, -0.5)]
            line = [(bx + a * s * pen.rx, by + b * s * pen.ry) for a, b in wing]
            pen.draw_line(line, c.palette.near, 0.0018, 0.8)


def draw_pine(pen: Pen, x: float, foot: float, tall: float, color: Color) -> None:
    """Draw a fir tree in one color.

    x, foot: position of its lower end, 0 to 1. tall: its height, as a share of the image's shorter
    side.
    """
    h, w = tall * pen.ry, tall * pen.rx * 0.2
    pen.draw_box(x - w * 0.08, foot - h * 0.15, x + w * 0.08, foot + h * 0.03, color)
    for step in range(6):
        top, low = foot - h * (1 - step * 0.14), foot - h * (0.66 - step * 0.12)
        half = w * (0.3 + step * 0.16)
        pen.draw_shape([(x, top), (x + half, low), (x, low - h * 0.03), (x - half, low)], color)


def draw_pines(c: Canvas, count: int, tall: float) -> None:
    """Draw a row of fir trees along the lower edge, smaller toward the middle.

    tall: height of the outermost trees, as a share of the image's shorter side.
    """
    color = mix(c.palette.near, BLACK, 0.45)
    with c.open_pen(y0=1 - 1.2 * tall * c.ry) as pen:
        for _ in range(count):
            x = c.rng.random()
            size = tall * (0.35 + abs(x - 0.5) * 1.1) * c.rng.uniform(0.6, 1.2)
            draw_pine(pen, x, 0.99 + c.rng.uniform(0, 0.02), size, color)
