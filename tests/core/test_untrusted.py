"""Values of strangers: converted, and read from a stream of JSON."""

import io
import json
import math
import tracemalloc

import pytest
from cases import any_json
from civitai_manager_libs.core import iter_json_members, model_file_stem, untrusted
from civitai_manager_libs.core.untrusted import as_checksum, as_integer, as_number, as_text
from civitai_manager_libs.core.untrusted import clean_text, normalize_unicode
from hypothesis import given, strategies as st


@pytest.mark.parametrize(
    "value",
    [None, "", "  ", "None", "NaN", "undefined", "null", "-inf", "[NaN]", math.nan, math.inf]
    + [[1], [], {}, {"a": None}, {"a": {"b": 1}}, object, 2**64, -(2**64), 1e300, b"bytes"],
    ids=repr,
)
def test_missing_value_has_no_text(value):
    assert as_text(value) == ""


_TEXT_OF = [(True, "True"), (7, "7"), (7.0, "7"), (6.5, "6.5"), (0.1 + 0.2, "0.30000000000000004")]
_TEXT_OF += [("0.4951434637120001", "0.4951434637120001"), (-0.0, "0"), (-1e-12, "0")]
_TEXT_OF += [(1e-7, "0.0000001"), (1e19, "10000000000000000000"), (2**64 - 1, str(2**64 - 1))]
_TEXT_OF += [("  R-ESRGAN 4x+ ", "R-ESRGAN 4x+"), ({"a": "b"}, "a: b")]
_TEXT_OF += [({"a": 1, "b": None, "c": "x"}, "a: 1, c: x")]
_WHOLE = [(42, 42), ("42", 42), (" 42.0 ", 42), ("1e9", 10**9), (1.0e9, 10**9), (-1, -1)]
_WHOLE += [(str(2**64 - 1), 2**64 - 1), ("9007199254740993", 9007199254740993)]
_NOT_WHOLE = [
    2**64,
    "1e999",
    "1e30",
    "9" * 5000,
    "1_000",
    "４２",
    "4.2",
    4.2,
    True,
    math.nan,
    "",
    [42],
]


@pytest.mark.parametrize(("value", "text"), _TEXT_OF, ids=repr)
def test_value_has_the_text_that_a_webui_writes(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "whole"),
    [*_WHOLE, *[(value, None) for value in _NOT_WHOLE]],
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


def test_control_characters_become_spaces_but_for_those_of_a_file_name_in_a_tag():
    assert clean_text("a\r\nb\rc\0d\x1b\x85e\ud800f\tg") == "a\nb\nc d  e f\tg"
    for tag in ("<lora:\u5929\u4f7f\x7fV1:0.3>", "<lyco:a\x14b>", "<hypernet:a\x85:1>"):
        assert clean_text(f"a\x14 {tag}, b\x14") == f"a  {tag}, b "
    for harmful in ("\0", "\x1b[31m", "\x9b31m", "\ud800"):
        assert harmful[0] not in clean_text(f"<lora:a{harmful}b:1>")


@pytest.mark.parametrize(
    ("name", "stem"),
    [("exampleXL.safetensors", "exampleXL"), ("SDXL\\sub/example_v1.5.CKPT", "example_v1.5")]
    + [("v1.5", "v1.5"), ("", "")],
)
def test_model_name_has_no_folder_and_extension(name, stem):
    assert model_file_stem(name) == stem


def test_only_the_first_thirty_combining_marks_in_a_row_are_kept():
    text = normalize_unicode(
        "NFKC", "ＡB" + "\u0300\u0316" * 5_000 + "ｶ" + "ﾞ" * 5_000 + "c", 20_000
    )
    assert text.startswith("AB") and text.endswith("c") and len(text) < 70
    assert normalize_unicode("NFC", "cafe\u0301", 4) == "cafe"


_WITHOUT_NAN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
)
_VALUES = any_json(max_leaves=6, scalars=_WITHOUT_NAN)


class _Slow(io.BytesIO):
    """A file of which each read returns few bytes."""

    def read(self, size=-1):
        return super().read(min(size, 3) if size > 0 else size)


def _list_members(value):
    """Return what is expected of an object: the entries of lists one by one."""
    return [
        (name, entry)
        for name, member in value.items()
        for entry in (member if isinstance(member, list) else [member])
    ]


@given(
    st.dictionaries(st.text(max_size=8), _VALUES | st.lists(_VALUES, max_size=4)),
    st.sampled_from([None, 1]),
)
def test_all_members_are_read_whatever_the_pieces(value, indent):
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
        body = text.encode("utf-8", "surrogatepass" if ascii_only else "replace")
        expected = _list_members(json.loads(body))
        for kind in (io.BytesIO, _Slow):
            assert list(iter_json_members(kind(body))) == expected
        wide = io.BytesIO(body.decode().encode("utf-16"))  # as PowerShell's `>` writes
        assert list(iter_json_members(wide)) == expected


@given(
    st.dictionaries(st.text(max_size=8), _VALUES | st.lists(_VALUES, max_size=4), min_size=1),
    st.data(),
)
def test_cut_file_is_refused_after_what_came_before(value, data):
    body = json.dumps(value).encode()
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    read, expected = [], _list_members(json.loads(body))
    with pytest.raises(ValueError):
        for member in iter_json_members(io.BytesIO(cut)):
            read.append(member)
    assert len(read) <= len(expected)
    assert all(name == other for (name, _), (other, _) in zip(read, expected))


@pytest.mark.parametrize(
    "body",
    ["", "[]", "5", "{", "{}x", '{"a":1 "b":2}', '{"a":[1,]}', '{"a":[1 2]}', '{"a":1,}', "{5:1}"]
    + ['{"a":' + "[" * 100_000, '{"a":' + '{"b":' * 200 + "1" + "}" * 201, "\ud800"],
)
def test_malformed_or_deep_object_is_refused(body):
    with pytest.raises(ValueError):
        list(iter_json_members(io.BytesIO(body.encode("utf-8", "surrogatepass"))))


def test_long_value_is_refused_without_being_read_to_its_end(monkeypatch):
    monkeypatch.setattr(untrusted, "_PIECE", 1000)
    monkeypatch.setattr(untrusted, "_MAX_VALUE", 10_000)
    file = io.BytesIO(b'{"a":["' + b"x" * 1_000_000)
    with pytest.raises(ValueError):
        list(iter_json_members(file))
    assert file.tell() < 50_000


_JSON = st.recursive(
    st.text('a,:[{"\\', max_size=6) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('",\\', max_size=3), inner),
)


def _count_parts(value):
    if not isinstance(value, (dict, list)):
        return 0
    names = len(value) if isinstance(value, dict) else 0
    parts = value.values() if isinstance(value, dict) else value
    return 1 + names + max(0, len(value) - 1) + sum(map(_count_parts, parts))


@given(_JSON, st.integers(1, 9))
def test_parts_of_json_are_counted_outside_of_strings(value, block):
    body, parts = json.dumps(value).encode(), _count_parts(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(untrusted, "_BLOCK", block)
        assert not untrusted.has_too_many_parts(body, parts, len(body))
        assert untrusted.has_too_many_parts(body, parts - 1, len(body))


def test_counting_parts_takes_little_memory_however_many_strings_there_are():
    body = b'["12"' + b',"12"' * 400_000 + b"]"
    tracemalloc.start()
    try:
        assert untrusted.has_too_many_parts(body, 300_000, 500_000)
        assert tracemalloc.get_traced_memory()[1] < 20 * len(body)
    finally:
        tracemalloc.stop()
