"""BlurHash encoder (https://blurha.sh, algorithm of its README)."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["encode"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_ACROSS, _DOWN = 4, 3
_SIDE = 10  # pixels; more than the few waves need
_LINEAR = [v / 255 / 12.92 if v < 11 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in range(256)]


def encode(image: Image.Image) -> str:
    """Return the BlurHash of an image: 28 characters that describe a blurred preview."""
    waves = _compute_waves(image)
    largest = max(abs(v) for wave in waves[1:] for v in wave)
    step = min(82, max(0, math.floor(largest * 166 - 0.5)))
    top = (step + 1) / 166
    parts = [_encode_base83((_ACROSS - 1) + (_DOWN - 1) * 9, 1), _encode_base83(step, 1)]
    red, green, blue = (_to_srgb(v) for v in waves[0])
    parts.append(_encode_base83(red << 16 | green << 8 | blue, 4))
    for wave in waves[1:]:
        red, green, blue = (_quantise(v / top) for v in wave)
        parts.append(_encode_base83((red * 19 + green) * 19 + blue, 2))
    return "".join(parts)


def _compute_waves(image: Image.Image) -> list[tuple[float, ...]]:
    """Return the 12 lowest coefficients of an image's cosine transform, each as (red, green, blue).

    They are computed in linear light, and the first is the mean color.
    """
    data = image.convert("RGB").resize((_SIDE, _SIDE)).tobytes()
    rows = []
    for y in range(_SIDE):
        start = 3 * _SIDE * y
        for channel in range(3):
            line = [_LINEAR[v] for v in data[start + channel : start + 3 * _SIDE : 3]]
            rows.append([sum(map(float.__mul__, line, wave)) for wave in _make_cosines(_ACROSS)])
    waves = []
    for j, wave in enumerate(_make_cosines(_DOWN)):
        for i in range(_ACROSS):
            scale = (1 if i == j == 0 else 2) / _SIDE**2
            columns = ([row[i] for row in rows[channel::3]] for channel in range(3))
            waves.append(tuple(scale * sum(map(float.__mul__, c, wave)) for c in columns))
    return waves


@functools.lru_cache(maxsize=None)
def _make_cosines(count: int) -> list[list[float]]:
    return [[math.cos(math.pi * n * (x + 0.5) / _SIDE) for x in range(_SIDE)] for n in range(count)]


def _to_srgb(value: float) -> int:
    v = min(1.0, max(0.0, value))
    return int((v * 12.92 if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055) * 255 + 0.5)


def _quantise(value: float) -> int:
    return min(18, max(0, math.floor(math.copysign(abs(value) ** 0.5, value) * 9 + 9.5)))


def _encode_base83(value: int, length: int) -> str:
    return "".join(_DIGITS[value // 83**place % 83] for place in reversed(range(length)))
