"""BlurHash as a small picture: what stands in a picture's place until it arrives.

Format: https://github.com/woltapp/blurhash/blob/master/Algorithm.md
"""

from __future__ import annotations

import math

__all__ = ["pixels"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}


def pixels(text: str, width: int, height: int) -> bytes | None:
    """RGB bytes of `width` x `height` pixels; None when `text` is no BlurHash."""
    if len(text) < 6 or any(digit not in _VALUES for digit in text):
        return None
    across, down = _number(text[0]) % 9 + 1, _number(text[0]) // 9 + 1
    if len(text) != 4 + 2 * across * down:
        return None
    strongest = (_number(text[1]) + 1) / 166
    colours = [_base_colour(_number(text[2:6]))]
    for at in range(6, len(text), 2):
        colours.append(_wave_colour(_number(text[at : at + 2]), strongest))
    waves_x = [[math.cos(math.pi * i * x / width) for i in range(across)] for x in range(width)]
    waves_y = [[math.cos(math.pi * j * y / height) for j in range(down)] for y in range(height)]
    rgb = bytearray()
    for wave_y in waves_y:
        for wave_x in waves_x:
            weights = [wy * wx for wy in wave_y for wx in wave_x]
            for channel in range(3):
                total = sum(w * colour[channel] for w, colour in zip(weights, colours))
                rgb.append(_to_byte(total))
    return bytes(rgb)


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 83 + _VALUES[digit]
    return value


def _base_colour(value: int) -> tuple[float, ...]:
    return tuple(_to_linear((value >> shift) & 255) for shift in (16, 8, 0))


def _wave_colour(value: int, strongest: float) -> tuple[float, ...]:
    parts = (value // 361, value // 19 % 19, value % 19)
    return tuple(math.copysign(((p - 9) / 9) ** 2, p - 9) * strongest for p in parts)


def _to_linear(value: int) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _to_byte(value: float) -> int:
    part = min(1.0, max(0.0, value))
    curved = part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
    return min(255, int(curved * 255 + 0.5))
