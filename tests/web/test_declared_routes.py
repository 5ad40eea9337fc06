"""Each route declares its types. Bodies are checked by them here; `ServedApi` checks the responses
of the other tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin, Literal, Union

import pytest
from civitai_manager_libs.web.http import ApiError
from civitai_manager_libs.web.http.contract import check_body, Most
from contract import ROUTES
from hypothesis import given, settings, strategies as st
from typing_extensions import get_type_hints, is_typeddict, NotRequired, Required, TypedDict

_BODIES = {
    path: route.body_type
    for (_, path), route in sorted(ROUTES.items())
    if route.body_type is not None and not route.is_upload
}
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)
_SIMPLE = {
    str: st.text(max_size=9),
    int: st.integers(-(2**63) + 1, 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    NoneType: st.none(),
}


def test_every_route_of_ours_declares_its_answer(api):
    served = {route.path for route in api.app.routes if "/api/" in route.path}
    assert served == {f"/civitai_shortcut/api/{route.path}" for route in ROUTES.values()}
    for key, route in ROUTES.items():
        assert route.answer_type, key


def _values(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy of JSON values that have a type, or nearly."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Annotated, Required, NotRequired):
        return _values(arguments[0])
    if origin in (Union, UnionType):
        return st.one_of(map(_values, arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(_JSON, max_size=2) | st.lists(_values(arguments[0]), max_size=4)
    if origin is dict:
        return st.dictionaries(st.text(max_size=9), _values(arguments[1]))
    if is_typeddict(kind):
        hints = get_type_hints(kind, include_extras=True).items()
        fields = {name: _values(hint) for name, hint in hints}
        whole = st.fixed_dictionaries({}, optional=fields) | st.fixed_dictionaries(fields)
        return whole | st.builds(_change_field, whole, st.sampled_from([*fields, "x"]), _JSON)
    return _SIMPLE[kind]


def _change_field(value: dict[str, Any], name: str, other: Any) -> dict[str, Any]:
    return {**value, name: other}


def _iter_shapes(kind: Any) -> Iterator[Any]:
    parts = get_args(kind)
    if is_typeddict(kind):
        yield kind
        parts = get_type_hints(kind, include_extras=True).values()
    for part in parts:
        yield from _iter_shapes(part)


def _is_accepted(value: Any, kind: Any) -> bool:
    try:
        check_body(value, kind)
    except ApiError as error:
        assert (error.status, error.code) == (400, "bad_input")
        assert len(error.field) <= 100
        return False
    return True


@pytest.mark.parametrize("path", _BODIES)
def test_body_is_accepted_if_and_only_if_it_has_the_declared_type(path, monkeypatch):
    """pydantic, which the program does not use, tells which values have the type."""
    pydantic = pytest.importorskip("pydantic", "2")
    for shape in _iter_shapes(_BODIES[path]):  # of responses, `ServedApi` forbids extra fields
        monkeypatch.setattr(shape, "__pydantic_config__", {}, raising=False)
    adapter, seen = pydantic.TypeAdapter(_BODIES[path]), set[bool]()

    # the same each time: by chance, not one of the values might be accepted
    @settings(max_examples=50, derandomize=True)
    @given(st.data())
    def check(data):
        value = data.draw(_values(_BODIES[path]) | _JSON)
        try:
            adapter.validate_python(value, strict=True)
            has_type = True
        except pydantic.ValidationError:
            has_type = False
        assert _is_accepted(value, _BODIES[path]) == has_type
        seen.add(has_type)

    check()
    assert seen == {True, False}


class _Leaf(TypedDict):
    action: Literal["leaf"]
    names: Annotated[list[str], Most(3)]
    text: NotRequired[Annotated[str, Most(20_000)]]


class _Tree(TypedDict):
    parts: list[Union[_Leaf, "_Branch", int, None]]


class _Branch(TypedDict, total=False):
    action: Required[Literal["branch"]]
    counts: dict[str, float]


_TREE_PARTS = st.lists(
    st.fixed_dictionaries({"action": st.just("leaf"), "names": st.lists(st.just(""), max_size=3)})
    | st.fixed_dictionaries(
        {
            "action": st.just("branch"),
            "counts": st.dictionaries(st.text(max_size=3), st.floats(0, 1)),
        }
    )
    | st.integers(0, 9)
    | st.none(),
    max_size=60,
)


def _count_parts(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count_parts, inner))


def _count_calls(value: Any) -> int:
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        check_body(value, _Tree)
    finally:
        sys.setprofile(None)
    return count


@given(_TREE_PARTS)
def test_check_takes_a_bounded_number_of_steps_for_each_part(parts):
    check_body({"parts": []}, _Tree)  # makes the checks
    value = {"parts": parts}
    assert _count_calls(value) <= 20 * _count_parts(value)


@pytest.mark.parametrize(
    "value,kind,is_fit",
    [
        ("a" * 10_000, str, True),
        ("a" * 10_001, str, False),
        ([0] * 100_000, list[int], True),
        ([0] * 100_001, list[int], False),
        ([0, 0], Annotated[list[int], Most(1)], False),
        ("a" * 10_001, Annotated[str, Most(10_001)], True),
        ({"action": "leaf", "names": [], "text": "a" * 20_001}, _Leaf, False),
        (2**63 - 1, int, True),
        (2**63, int, False),
        (10**4000, int, False),
        (float("nan"), float, False),
        (float("inf"), float, False),
        (10**400, float, False),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_body_is_bounded(value, kind, is_fit):
    assert _is_accepted(value, kind) == is_fit


@pytest.mark.parametrize(
    "path,body,field",
    [
        ("loaded_filter", {"ids": [1, "x"], "words": ""}, "ids"),
        ("loaded_filter", {"ids": []}, "words"),
        ("watches", {"action": "fly"}, "action"),
        ("watches", {"action": "unwatch"}, "gallery"),
        ("watches", {"action": "watch", "name": 5}, "name"),
        ("watches", {"action": "watch", "name": "a", "query": {"model": "x"}}, "query"),
        ("annotations", {"ids": [1], "stars": True}, "stars"),
        ("jobs", {"query": {"model": []}}, "query"),
        ("key/test", {"key": None}, "key"),
    ],
)
def test_refusal_names_the_wrong_field(api, path, body, field):
    response = api.send("POST", path, body)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["field"]) == (400, "bad_input", field)
