"""Untrusted values of generation data as text and numbers."""

from __future__ import annotations

import math

import pytest
from civitai_manager_libs.core.untrusted import (
    as_checksum,
    as_integer,
    as_number,
    as_text,
    clean_text,
    format_number,
    model_file_stem,
    normalize_unicode,
)


@pytest.mark.parametrize(
    "value",
    [None, "", "  ", "None", "NaN", "undefined", "null", "-inf", "[NaN]", math.nan, math.inf]
    + [[1], [], {}, {"a": None}, {"a": {"b": 1}}, object, 2**64, -(2**64), 1e300, b"bytes"],
    ids=repr,
)
def test_missing_value_has_no_text(value):
    assert as_text(value) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (7, "7"),
        (7.0, "7"),
        (6.5, "6.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        ("0.4951434637120001", "0.4951434637120001"),
        (-0.0, "0"),
        (-1e-12, "0"),
        (1e-7, "0.0000001"),
        (1e19, "10000000000000000000"),
        (2**64 - 1, "18446744073709551615"),
        ("  R-ESRGAN 4x+ ", "R-ESRGAN 4x+"),
        ({"a": "b"}, "a: b"),
        ({"a": 1, "b": None, "c": "x"}, "a: 1, c: x"),
    ],
    ids=repr,
)
def test_value_has_the_text_that_a_webui_writes(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (42, 42),
        ("42", 42),
        (" 42.0 ", 42),
        ("1e9", 1_000_000_000),
        (1.0e9, 1_000_000_000),
        ("18446744073709551615", 2**64 - 1),
        (-1, -1),
        ("9007199254740993", 9007199254740993),
        (2**64, None),
        ("1e999", None),
        ("1e30", None),
        ("9" * 5000, None),
        ("1_000", None),
        ("４２", None),
        ("4.2", None),
        (4.2, None),
        (True, None),
        (math.nan, None),
        ("", None),
        ([42], None),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_whole_number_is_exact_or_none(value, whole):
    assert as_integer(value) == whole


@pytest.mark.parametrize(
    ("value", "number"),
    [("0.4", 0.4), (".5", 0.5), ("7", 7.0), (3, 3.0), ("1e300", None), ("0x10", None)]
    + [("nan", None), ("inf", None), (False, None), (None, None), ("1,5", None), (10**400, None)],
    ids=lambda value: repr(value)[:30],
)
def test_number_is_finite_or_none(value, number):
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("value", "checksum"),
    [("0x9f8e7d6c5b", "9f8e7d6c5b"), ("ABCDEF0123", "ABCDEF0123"), ("xyz", ""), ("0x", "")]
    + [("abcd, Seed: 1", ""), (None, ""), ({"a": "b"}, "")],
    ids=repr,
)
def test_checksum_is_hexadecimal_or_empty(value, checksum):
    assert as_checksum(value) == checksum


def test_line_ends_become_newlines_and_control_characters_spaces():
    assert clean_text("a\r\nb\rc\0d\x1b\x85e\ud800f\tg") == "a\nb\nc d  e f\tg"


@pytest.mark.parametrize(
    "tag",
    ["<lora:\u5929\u4f7f\x7fV1:0.3>", "<lyco:a\x14b>", "<hypernet:a\x85:1>"],
    ids=ascii,
)
def test_tag_keeps_control_characters_of_a_file_name(tag):
    assert clean_text(f"a\x14 {tag}, b\x14") == f"a  {tag}, b "


@pytest.mark.parametrize("harmful", ["\0", "\x1b[31m", "\x9b31m", "\ud800"], ids=ascii)
def test_tag_loses_harmful_characters(harmful):
    assert harmful[0] not in clean_text(f"<lora:a{harmful}b:1>")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("exampleXL.safetensors", "exampleXL"),
        ("SDXL\\sub/example_v1.5.CKPT", "example_v1.5"),
        ("v1.5", "v1.5"),
        ("", ""),
    ],
)
def test_model_name_has_no_folder_and_extension(name, stem):
    assert model_file_stem(name) == stem


def test_number_as_text_has_no_exponent():
    assert not any("e" in format_number(10.0**n) for n in range(-320, 309))


def test_only_the_first_thirty_combining_marks_in_a_row_are_kept():
    text = normalize_unicode(
        "NFKC", "ＡB" + "\u0300\u0316" * 5_000 + "ｶ" + "ﾞ" * 5_000 + "c", 20_000
    )
    assert text.startswith("AB") and text.endswith("c") and len(text) < 70
    assert normalize_unicode("NFC", "cafe\u0301", 4) == "cafe"
