"""A cache that is bounded by the memory its values take, not by their number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["SizedCache", "memory_of_json"]

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")
# Bytes of CPython's objects that a sign of JSON stands for, about.
_OBJECT, _LIST, _VALUE = 230, 90, 60


class SizedCache(Generic[_K, _V]):
    """The values that were put in last, as many as fit into `most_bytes`. Needs a lock outside."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._values: OrderedDict[_K, tuple[_V, int]] = OrderedDict()

    def put(self, key: _K, value: _V, size: int) -> None:
        """Keep a value that takes `size` bytes; the oldest ones go for it. One that is larger
        than the whole cache is not kept."""
        self._bytes += size - self._values.pop(key, (None, 0))[1]
        self._values[key] = (value, size)
        while self._bytes > self._most_bytes:
            _, (_, freed) = self._values.popitem(last=False)
            self._bytes -= freed

    def get(self, key: _K) -> _V | None:
        found = self._values.get(key)
        return found[0] if found else None

    def values(self) -> list[_V]:
        """Return all values, the one that was put in last at the end."""
        return [value for value, _ in self._values.values()]


def memory_of_json(text: bytes) -> int:
    """Return about how many bytes of memory the parsed value of a JSON text takes."""
    signs = text.count(b",") + text.count(b":")
    return len(text) + _OBJECT * text.count(b"{") + _LIST * text.count(b"[") + _VALUE * signs
