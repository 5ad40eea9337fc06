"""Colors of the demo's images, and the words for them in prompts."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Color", "PALETTES", "Palette", "mix", "blend"]

Color = tuple[int, int, int]
_NIGHT = 130  # a sky whose red, green and blue have a smaller sum is dark
# Mood; sky from top to horizon, light, far, near and accents; BlurHash.
_TABLE = """
golden hour, 4a6fa5 e8a87c fbd9a0 fff2cf c58f7f 3b2b3f e4572e f3a712 76b041, IkLW30?G0i
pink dawn, 6a7fb5 d9a5b8 ffe0cf fff4e6 b38fae 40324f d1495b edae49 8bb8a8, IeL3s5^+0f
clear morning, 3f7cb8 8fc0dd e6f1ee fffbe8 8fb0c0 24434f e76f51 f4b942 2a9d8f, IeGmV~%%4o
overcast afternoon, 7d8f9c a9b7be dfe3e0 f7f4ea 96a5a8 2f3d40 b56576 d9b26f 6b9080, ITH.yj_401
burning sunset, 3a2a5a c8476b ffb35c ffe9b0 9c4a67 24152e ff6b35 ffc857 7b4b94, IhJFGn=e0%
teal dusk, 12355b 2f7f86 f0c987 ffeec2 3f7d80 0f2a35 f2545b f7b267 9bc1bc, ITCjtax]0N
violet twilight, 2b2159 7a4f9a f2a6b3 ffe3dc 7b5b97 1e1638 ef798a f7c59f 7fd1c7, IaF;UB$,0x
blue hour, 0f1f47 2f568f a9b9d8 ffe6b0 44639a 0c1730 f4a259 ffd98a 5bc0be, IS8#z2bdH;
moonlit night, 080f26 17305c 4f78a3 f3f4e2 29486f 060c1c e0c378 8ecae6 b8c0ff, IF4fd,a$Ma
northern night, 060d20 0d2a3f 27636a eafff0 1d4a55 040a14 5df2b0 7f8cff d977d6, I62t3gaPQ8
emerald shade, 1f4d46 5f9d7c dcebbd fdf8d0 5f947b 12302a e9c46a f28f3b c8553d, IZDdwVyC4V
autumn haze, 7b6a72 d8a070 f6dcae fff3d6 b07d5c 40251f c8402f e38b29 8a9a5b, IZK,KT~B0N
cherry spring, 8db4d8 d8c7e0 fdeaec fffaf0 a9a4c4 463f5e f29fb5 e56b87 7fb685, IiLD}:_456
desert heat, 4f8fb0 e3c39a f8e6c2 fff6dc cf9f6c 5a3426 c1440e e8a04c 3f8f8a, IjL|Mo.R0h
winter silence, 7f9bb8 b7cadb f0f4f6 fffdf4 a3b8ca 35485c c44536 e9b872 5f8f9f, IZJIeQ_401
neon rain, 120a2a 3b1a63 8a2f86 ffd1f0 4a2a78 0b0618 ff3d81 28e0e0 ffd23f, ID8Vw6o4A6
"""


class Palette(NamedTuple):
    """Colors that go together.

    mood: words for them in a prompt. sky: colors at the top, in the middle and at the horizon.
    light: of sun, moon and windows. far, near: of distant and near land. accents: three contrasting
    colors. blurhash: of a landscape in these colors.
    """

    mood: str
    sky: tuple[Color, Color, Color]
    light: Color
    far: Color
    near: Color
    accents: tuple[Color, Color, Color]
    blurhash: str

    @property
    def is_night(self) -> bool:
        return sum(self.sky[0]) < _NIGHT


def mix(a: Color, b: Color, t: float) -> Color:
    """Return a color between two colors: `a` for t = 0, `b` for t = 1."""
    return (
        round(a[0] + (b[0] - a[0]) * t),
        round(a[1] + (b[1] - a[1]) * t),
        round(a[2] + (b[2] - a[2]) * t),
    )


def blend(stops: tuple[Color, ...], t: float) -> Color:
    """Return the color at position `t` (0 to 1) in a gradient of evenly spaced colors."""
    at = min(max(t, 0.0), 1.0) * (len(stops) - 1)
    first = min(int(at), len(stops) - 2)
    return mix(stops[first], stops[first + 1], at - first)


def _parse_palette(line: str) -> Palette:
    mood, colors, blurhash = line.split(", ")
    a, b, c, light, far, near, d, e, f = map(_parse_color, colors.split())
    return Palette(mood, (a, b, c), light, far, near, (d, e, f), blurhash)


def _parse_color(text: str) -> Color:
    red, green, blue = bytes.fromhex(text)
    return red, green, blue


PALETTES = tuple(map(_parse_palette, _TABLE.strip().splitlines()))
