"""BlurHash decoded: the demo's encoder is the other side."""

from __future__ import annotations

import pytest
from civitai_manager_libs.library.blurhash import pixels
from civitai_manager_libs.demo.canvas import blurhash as encoder
from hypothesis import given
from hypothesis import strategies as st

_KNOWN = "LEHV6nWB2yk8pyo0adR*.7kCMdnj"  # of the format's own description


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


@pytest.mark.parametrize("value", [0x000000, 0xFFFFFF, 0x123456, 0xFEDCBA])
def test_code_of_one_wave_is_its_colour_everywhere(value):
    digits = "".join(_DIGITS[value // 83**n % 83] for n in (3, 2, 1, 0))
    rgb = pixels(f"00{digits}", 2, 2)
    colour = [value >> 16, value >> 8 & 255, value & 255]
    assert list(rgb) == pytest.approx(colour * 4, abs=1)


def test_known_code_is_taken():
    assert len(pixels(_KNOWN, 5, 7)) == 3 * 5 * 7


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 90)])
def test_plain_picture_comes_back_as_it_was(colour):
    from PIL import Image

    code = encoder.encode(Image.new("RGB", (24, 16), colour))
    rgb = pixels(code, 4, 4)
    for at in range(0, len(rgb), 3):
        assert tuple(rgb[at : at + 3]) == pytest.approx(colour, abs=8)


def test_left_and_right_are_not_mixed_up():
    from PIL import Image

    image = Image.new("RGB", (24, 24), (255, 0, 0))
    image.paste((0, 0, 255), (12, 0, 24, 24))
    rgb = pixels(encoder.encode(image), 8, 1)
    assert rgb[0] > rgb[2] and rgb[-1] > rgb[-3]


@pytest.mark.parametrize(
    "text", ["", "L", "LEHV6", _KNOWN[:-1], f"{_KNOWN}0", _KNOWN.replace("L", " "), "é" * 28]
)
def test_text_that_is_none_gives_nothing(text):
    assert pixels(text, 4, 4) is None


@given(st.text(max_size=180), st.integers(1, 8), st.integers(1, 8))
def test_any_text_is_pixels_or_nothing(text, width, height):
    rgb = pixels(text, width, height)
    assert rgb is None or len(rgb) == 3 * width * height


@given(st.text("0123456789ABCDEFabcdef#$%*+,-.:;=?@[]^_{|}~", min_size=26, max_size=26))
def test_any_code_of_the_right_length_can_be_drawn(digits):
    rgb = pixels(f"L{digits}0", 3, 3)  # 4 x 3 waves
    assert rgb is not None and len(rgb) == 27
