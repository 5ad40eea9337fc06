"""Images drawn from a number, and the words that describe them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from ..canvas import Canvas, Palette, PALETTES, Pen
from . import land, pattern, plants, towns, water

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Art", "SCENES", "make_art", "draw_art", "describe_art"]

_Choice = tuple[tuple[str, str], ...]


class _Scene(NamedTuple):
    """A kind of image. subjects: names in prompts. extras: at most one of each group is drawn."""

    paint: Callable[[Canvas], None]
    subjects: tuple[str, ...]
    extras: tuple[_Choice, ...] = ()
    always: frozenset[str] = frozenset()
    only_dark: bool = False


class Art(NamedTuple):
    """A description of an image, from which both its prompt and its drawing are made.

    has: names of the details to draw. details: words for these details in the prompt.
    """

    seed: int
    scene: str
    subject: str
    palette: Palette
    has: frozenset[str]
    details: tuple[str, ...]


_MOON = ("moon", "a pale full moon")
_SUN = (("sun", "a low sun"), ("sun", "the sun above the horizon"), _MOON)
_CLOUDS = (("clouds", "drifting clouds"), ("clouds", "long soft streaks of cloud"))
_BIRDS = (("birds", "a flock of birds far away"),)
_PINES = (("pines", "dark pines in the foreground"),)


def _make_tiling(kind: str, *subjects: str) -> _Scene:
    return _Scene(pattern.paint_tiles, subjects, always=frozenset({kind}))


SCENES: dict[str, _Scene] = {
    "mountains": _Scene(
        land.paint_mountains,
        ("mountain ridges one behind the other", "a wide valley seen from a high pass"),
        (_SUN, _CLOUDS, _PINES, _BIRDS, (("mist", "mist rising between the ridges"),)),
    ),
    "sea": _Scene(
        water.paint_sea,
        ("a calm sea with light glittering on the water", "the open sea under a wide sky"),
        (
            _CLOUDS,
            (("sail", "a small sailing boat"),),
            (("lighthouse", "a striped lighthouse on a cliff"), ("island", "an island far off")),
        ),
    ),
    "aurora": _Scene(
        water.paint_aurora,
        ("northern lights above dark hills", "curtains of aurora in a starry sky"),
        ((("lake", "reflections in a still lake"),), _PINES),
        only_dark=True,
    ),
    "dunes": _Scene(
        land.paint_dunes,
        ("sweeping sand dunes with soft shadows", "an endless desert, dune after dune"),
        (_SUN, _CLOUDS, (("caravan", "a caravan of five camels"),)),
    ),
    "forest": _Scene(
        land.paint_forest,
        ("tall bare trunks in a foggy forest", "a quiet wood, trees fading into the fog"),
        ((("fireflies", "fireflies over the ground"), ("rays", "rays of light from above")),),
    ),
    "cottage": _Scene(
        land.paint_cottage,
        ("a small cottage in deep snow with lit windows", "a lonely house on a snowy hill"),
        (_SUN, _CLOUDS, (("snow", "snow falling"), ("snow", "large flakes in the air"))),
    ),
    "reef": _Scene(
        water.paint_reef,
        ("a kelp forest under water, shafts of light", "the sea floor in clear water, bubbles"),
        ((("fish", "a shoal of little fish"),), (("corals", "corals in front"),)),
    ),
    "city": _Scene(
        towns.paint_city,
        ("a city skyline with lit windows", "towers of a big town, window after window"),
        (_SUN, _CLOUDS, (("river", "the skyline mirrored in a river"),)),
    ),
    "balloons": _Scene(
        towns.paint_balloons,
        ("hot air balloons drifting over hills", "striped balloons in the morning air"),
        (_SUN, _CLOUDS, _BIRDS),
    ),
    "flowers": _Scene(
        plants.paint_flowers,
        ("wild flowers on long stems, blurred background", "a meadow in bloom seen from close by"),
        ((("dew", "sparkling drops of dew"),),),
    ),
    "blossom": _Scene(
        plants.paint_blossom,
        ("a flowering branch before a large round sun", "a branch in full blossom"),
        ((("petals", "petals in the wind"),), (("moon", "a huge pale disc in the sky"),)),
    ),
    "space": _Scene(
        towns.paint_space,
        ("a banded planet in front of a nebula", "a far planet among stars and coloured dust"),
        ((("rings", "wide rings"),), (("moons", "two small moons"),)),
    ),
    "flow": _Scene(
        pattern.paint_flow,
        ("abstract flowing lines like wind made visible", "a field of curving strokes"),
        ((("ink", "on a dark ground"),),),
    ),
    "paper": _Scene(
        pattern.paint_paper,
        ("layers of cut paper with soft shadows", "a deep paper cut, sheet behind sheet"),
        ((("core", "a glowing core"),),),
    ),
    "facets": _Scene(
        pattern.paint_facets,
        ("a low poly landscape of folded triangles", "faceted hills under a faceted sky"),
    ),
    "marble": _Scene(
        pattern.paint_marble,
        ("marbled ink swirling on water", "polished stone with flowing colours"),
        ((("gold", "thin veins of gold"),),),
    ),
    "scales": _make_tiling("scales", "seigaiha waves, a pattern of overlapping circles"),
    "cubes": _make_tiling("cubes", "an isometric pattern of cubes"),
    "arcs": _make_tiling("arcs", "a truchet tiling, ribbons that never end"),
    "diamonds": _make_tiling("diamonds", "a harlequin pattern of nested diamonds"),
}


def make_art(number: int, scenes: tuple[str, ...] = tuple(SCENES)) -> Art:
    """Choose at random what an image shows, and return its description.

    The result is always the same for the same number. scenes: names of the scenes to choose from.
    """
    rng = Random(number)
    name = rng.choice(scenes)
    scene = SCENES[name]
    palette = rng.choice([p for p in PALETTES if p.dark or not scene.only_dark])
    extras = [rng.choice(group) for group in scene.extras if rng.random() < 0.65]
    if palette.dark:
        extras = [_MOON if flag == "sun" else (flag, words) for flag, words in extras]
    return Art(
        seed=number,
        scene=name,
        subject=rng.choice(scene.subjects),
        palette=palette,
        has=scene.always | {flag for flag, _ in extras},
        details=tuple(words for _, words in extras),
    )


def describe_art(art: Art) -> list[str]:
    """Return the phrases of an image's prompt, most important first."""
    return [art.subject, *art.details, art.palette.mood]


def draw_art(art: Art, size: tuple[int, int], label: str = "") -> Image.Image:
    """Draw the image that `art` describes, and return it.

    size: (width, height) in pixels. label: a text such as "PG-13" to draw in the lower left corner.
    """
    canvas = Canvas(size, art.seed, art.palette, art.has)
    SCENES[art.scene].paint(canvas)
    if label:
        _write_label(canvas, label)
    if not canvas.coarse:
        canvas.add_grain()
    return canvas.image


# Strokes on a grid of 4 x 6, so that the label needs no font.
_LETTERS: dict[str, list[list[tuple[float, float]]]] = {
    "P": [[(0, 6), (0, 0), (3, 0), (4, 1), (4, 2), (3, 3), (0, 3)]],
    "G": [[(4, 1), (3, 0), (1, 0), (0, 1), (0, 5), (1, 6), (3, 6), (4, 5), (4, 3), (2.3, 3)]],
    "R": [[(0, 6), (0, 0), (3, 0), (4, 1), (4, 2), (3, 3), (0, 3)], [(2, 3), (4, 6)]],
    "X": [[(0, 0), (4, 6)], [(4, 0), (0, 6)]],
    "1": [[(1, 1.2), (2.4, 0), (2.4, 6)]],
    "3": [[(0, 0), (4, 0), (1.8, 2.5), (3, 2.7), (4, 3.8), (4, 5), (3, 6), (1, 6), (0, 5)]],
    "-": [[(0.6, 3.2), (3.4, 3.2)]],
}


def _write_label(canvas: Canvas, label: str) -> None:
    unit = 0.0155
    wide, high = (len(label) * 5.6 + 2.4) * unit, 10 * unit
    left, top = 0.04 * canvas.rx, 1 - (0.04 + high) * canvas.ry
    right, bottom = left + wide * canvas.rx, top + high * canvas.ry
    with canvas.open_pen(left, top, right, bottom) as pen:
        pen.draw_box(left, top, right, bottom, (12, 14, 22), 0.72)
        for i, letter in enumerate(label):
            for stroke in _LETTERS[letter]:
                line = [
                    (
                        left + (2 + i * 5.6 + x) * unit * canvas.rx,
                        top + (2 + y) * unit * canvas.ry,
                    )
                    for x, y in stroke
                ]
                _draw_rounded_line(pen, line, unit)


def _draw_rounded_line(pen: Pen, line: list[tuple[float, float]], width: float) -> None:
    pen.draw_line(line, (255, 255, 255), width)
    for x, y in line:
        pen.draw_disc(x, y, width / 2, (255, 255, 255))
