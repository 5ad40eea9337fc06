"""A JSON object that is read part by part."""

from __future__ import annotations

import io
import json

import pytest
from civitai_manager_libs.core import iter_json_members, untrusted
from hypothesis import given, strategies as st

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


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
    if len(read) > len(expected):
        raise AssertionError(read)
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
