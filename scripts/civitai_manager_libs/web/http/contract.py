"""The contract of page and server: a route is declared beside its function, by the types it has.

`npm run contract` in tests/javascript makes the page's types, `contract.d.ts`, from the routes.
Dates in JSON are ISO 8601 in UTC, "" if unknown. TypedDict comes from typing_extensions, which
gradio requires: pydantic accepts no other before Python 3.12.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from inspect import signature
from types import NoneType, UnionType
from typing import Annotated, Any, BinaryIO, Generic, get_args, get_origin, Literal, NewType
from typing import TypeVar, Union

from typing_extensions import get_type_hints, is_typeddict, NotRequired, Required, TypedDict

from .replies import ApiError

MB = 1024 * 1024  # bytes
_SMALL_BODY = 64 * 1024  # bytes
REMOTE_SECONDS = {"remote": 300.0, "files": 3600.0}  # for work that waits for Civitai, by lane
_CHANGE_SECONDS = 60.0  # a writer may have to wait half of it for another
_LARGEST = 2**63 - 1  # SQLite's largest integer
_LARGEST_FLOAT = sys.float_info.max
_Function = TypeVar("_Function", bound=Callable[..., Any])
T = TypeVar("T")


@dataclass(frozen=True)
class RemoteWork(Generic[T]):
    """Work that waits for Civitai, for a route that can often answer without it.

    The route returns it, and its result becomes the response. lane: the threads that do the work:
    "remote", or "files" for images, so that images are sent even while all searches wait.
    find_stored: returns what to answer if no thread is free, or None.
    """

    work: Callable[[], T]
    lane: str = "remote"
    find_stored: Callable[[], T | None] = lambda: None


@dataclass(frozen=True)
class ApiRoute:
    """A route: its path, its function and its limits.

    handler: takes a `RequestContext` and the fields of the checked body, those that may be missing
    with a default; an argument `body` takes the whole body. It returns JSON, a RemoteWork or a
    Response. lane: the threads that run the function. seconds: after which the work is ended and
    the client gets 503. max_bytes: of the request's body; a larger one gets 413. is_change: whether
    the function changes what the user made; it is then finished even if the client has gone.
    """

    method: str
    path: str
    handler: Callable[..., Any]
    lane: str = "quick"
    seconds: float = 20.0
    max_bytes: int = _SMALL_BODY
    is_change: bool = False

    @cached_property
    def _types(self) -> dict[str, Any]:
        return get_type_hints(self.handler, include_extras=True)

    @cached_property
    def body_type(self) -> Any:
        """Return the type of the request's body, None if the function takes none."""
        fields = list(signature(self.handler).parameters.values())[1:]
        if not fields or "body" in self._types:
            return self._types.get("body")
        shape: Any = TypedDict
        name = "".join(map(str.title, self.handler.__name__.split("_"))) + "Body"
        is_required = {field.name: field.default is field.empty for field in fields}
        hints = {name: self._types[name] for name in is_required}
        return shape(name, {n: h if is_required[n] else NotRequired[h] for n, h in hints.items()})

    @property
    def is_upload(self) -> bool:
        """Return whether the body is a file instead of JSON."""
        return bool(self.body_type is BinaryIO)

    def bind_body(self, context: Any, body: Any) -> Callable[[], Any]:
        """Return the handler with its arguments; leave out fields that it does not take."""
        if self.body_type is None:
            return partial(self.handler, context)
        if "body" in self._types:
            return partial(self.handler, context, body)
        fields = self.body_type.__annotations__.keys() & body.keys()
        return partial(self.handler, context, **{name: body[name] for name in fields})

    @property
    def answer_type(self) -> Any:
        """Return the type of the response's JSON, Response for a file. Raises KeyError if none."""
        kind = self._types["return"]
        kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
        return Union[tuple(get_args(k)[0] if get_origin(k) is RemoteWork else k for k in kinds)]


ROUTES: list[ApiRoute] = []  # all that are declared; the paths are those below /api/


def route(
    method: str,
    path: str,
    lane: str = "quick",
    seconds: float = 20.0,
    max_bytes: int = _SMALL_BODY,
    is_change: bool = False,
) -> Callable[[_Function], _Function]:
    """Declare that a function answers this route; for the arguments see `ApiRoute`.

    The function's annotations declare the JSON of the response and of the body's fields.
    """

    def declare(function: _Function) -> _Function:
        ROUTES.append(ApiRoute(method, path, function, lane, seconds, max_bytes, is_change))
        return function

    return declare


def change_route(
    method: str, path: str, max_bytes: int = _SMALL_BODY
) -> Callable[[_Function], _Function]:
    """Declare a route that changes what the user made, and that nothing interrupts."""
    return route(method, path, "changes", _CHANGE_SECONDS, max_bytes, is_change=True)


def remote_route(
    method: str, path: str, max_bytes: int = _SMALL_BODY
) -> Callable[[_Function], _Function]:
    """Declare a route whose function waits for Civitai or for a program that makes images."""
    return route(method, path, "remote", REMOTE_SECONDS["remote"], max_bytes)


# The largest length of a string or list in a body: `Annotated[str, Most(1_000_000)]`. Without it, a
# string has at most 10,000 characters, and a list or object 100,000 entries.
Most = NewType("Most", int)
_LETTERS, _ENTRIES = Most(10_000), Most(100_000)


def check_body(value: Any, kind: Any) -> None:
    """Raise ApiError, with the name of the first wrong field, if JSON does not have this type.

    kind: made of TypedDicts, lists, dicts, unions, Literals of strings, `str`, `int`, `float`,
    `bool` and None. Fields that a TypedDict does not have are ignored. An int has at most 64 bits.
    """
    if not _make_check(kind)(value):
        raise ApiError(400, "bad_input", field=_find_wrong_field(value, kind))


def _find_wrong_field(value: Any, kind: Any) -> str:
    """Return "" if the value as a whole is wrong."""
    if not isinstance(value, dict):
        return ""
    if get_origin(kind) is dict:
        check = _make_check(get_args(kind)[1])
        return next((name[:100] for name, entry in value.items() if not check(entry)), "")
    for name, check, is_required in _list_fields(kind):
        if name in value and not check(value[name]) or name not in value and is_required:
            return name
    return ""


@cache
def _list_fields(kind: Any) -> list[tuple[str, Callable[[Any], bool], bool]]:
    """Return (name, check, whether it is required) of a TypedDict's fields."""
    fields = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        mark: Any = get_origin(hint)
        is_required = mark is Required or name in kind.__required_keys__ and mark is not NotRequired
        bare = get_args(hint)[0] if mark in (Required, NotRequired) else hint
        fields.append((name, _make_check(bare), is_required))
    return fields


@cache
def _make_check(kind: Any, most: Most | None = None) -> Callable[[Any], bool]:
    """Return a check of a JSON value, which visits each part once for each member of a union."""
    origin: Any = get_origin(kind)
    arguments = get_args(kind)
    if origin is Annotated:
        return _make_check(arguments[0], arguments[1])
    if origin in (Union, UnionType):
        checks = [_make_check(one, most) for one in arguments]
        return lambda value: any(check(value) for check in checks)
    if origin is Literal:
        return lambda value: isinstance(value, str) and value in arguments
    if origin in (list, dict):
        check, longest = _make_check(arguments[-1]), most or _ENTRIES
        parts: Callable[[Any], Any] = dict.values if origin is dict else iter
        return lambda value: (
            isinstance(value, origin) and len(value) <= longest and all(map(check, parts(value)))
        )
    if is_typeddict(kind):
        fields = _list_fields(kind)
        return lambda value: isinstance(value, dict) and all(
            check(value[name]) if name in value else not is_required
            for name, check, is_required in fields
        )
    longest = most or _LETTERS
    return {
        str: lambda value: isinstance(value, str) and len(value) <= longest,
        int: lambda value: type(value) is int and abs(value) <= _LARGEST,
        float: lambda value: type(value) in (int, float) and abs(value) <= _LARGEST_FLOAT,
        bool: lambda value: isinstance(value, bool),
        NoneType: lambda value: value is None,
    }[kind]
