"""A cache that is limited by the memory of its values, not by their number."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["MemoryCache", "estimate_json_memory"]

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")
# About how many bytes of CPython objects each sign of a JSON text stands for.
_OBJECT, _LIST, _VALUE = 230, 90, 60


class MemoryCache(Generic[_K, _V]):
    """A cache that drops its oldest values when it exceeds a size in bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._bytes = 0
        self._values: OrderedDict[_K, tuple[_V, int]] = OrderedDict()

    def put(self, key: _K, value: _V, size: int) -> None:
        """Store a value of `size` bytes; drop the oldest values if the cache is over its limit.

        A value larger than the limit empties the cache and is not stored.
        """
        with self._lock:
            self._bytes += size - self._values.pop(key, (None, 0))[1]
            self._values[key] = (value, size)
            while self._bytes > self._most_bytes:
                _, (_, freed) = self._values.popitem(last=False)
                self._bytes -= freed

    def get(self, key: _K) -> _V | None:
        entry = self._values.get(key)
        return entry[0] if entry else None

    def values(self) -> list[_V]:
        """Return all values, the one that was stored last at the end."""
        with self._lock:
            return [value for value, _ in self._values.values()]


def estimate_json_memory(text: bytes) -> int:
    """Estimate the memory in bytes that a JSON text takes once it is parsed."""
    signs = text.count(b",") + text.count(b":")
    return len(text) + _OBJECT * text.count(b"{") + _LIST * text.count(b"[") + _VALUE * signs
