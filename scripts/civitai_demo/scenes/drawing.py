"""Images drawn from a number, and the words that describe them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from ..canvas import Canvas, Palette, PALETTES
from . import land, pattern, plants, towns, water

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Art", "SCENES", "make_art", "draw_art", "describe_art"]

_Group = tuple[tuple[str, str], ...]


class _Scene(NamedTuple):
    """Something that images show, such as the sea.

    paint: draws it. subjects: phrases for it in prompts. extras: groups of further things to draw,
    as (name, phrase); at most one of each group is drawn. only_dark: use dark palettes only.
    """

    paint: Callable[[Canvas], None]
    subjects: tuple[str, ...]
    extras: tuple[_Group, ...] = ()
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
    "marble": _Scene(
        pattern.paint_marble,
        ("marbled ink swirling on water", "polished stone with flowing colours"),
        ((("gold", "thin veins of gold"),),),
    ),
}


def make_art(number: int, scenes: tuple[str, ...] = tuple(SCENES)) -> Art:
    """Return a random description of an image, always the same for the same number and scenes.

    scenes: names of the scenes to choose from.
    """
    rng = Random(number)
    name = rng.choice(scenes)
    scene = SCENES[name]
    palette = rng.choice([p for p in PALETTES if p.is_night or not scene.only_dark])
    extras = [rng.choice(group) for group in scene.extras if rng.random() < 0.65]
    if palette.is_night:
        extras = [_MOON if flag == "sun" else (flag, words) for flag, words in extras]
    return Art(
        seed=number,
        scene=name,
        subject=rng.choice(scene.subjects),
        palette=palette,
        has=frozenset(flag for flag, _ in extras),
        details=tuple(words for _, words in extras),
    )


def describe_art(art: Art) -> list[str]:
    """Return the phrases of an image's prompt, most important first."""
    return [art.subject, *art.details, art.palette.mood]


def draw_art(art: Art, size: tuple[int, int]) -> Image.Image:
    """Draw the image that `art` describes, and return it.

    size: (width, height) in pixels.
    """
    canvas = Canvas(size, art.seed, art.palette, art.has)
    SCENES[art.scene].paint(canvas)
    canvas.add_grain()
    return canvas.image
