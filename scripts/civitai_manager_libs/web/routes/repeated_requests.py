"""Responses to repeated requests, as after a double click."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from ..http import RequestContext

__all__ = ["respond_once"]

_KEPT = 200  # responses
T = TypeVar("T")


class _Responses:
    """The last 200 responses of routes that must not act twice, by request id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: OrderedDict[str, Any] = OrderedDict()

    def get(self, request_id: str, begin: Callable[[], T]) -> T:
        """Return the response to a request id; call `begin` for it only the first time."""
        with self._lock:  # held during `begin`, since starting a job takes only milliseconds
            if request_id not in self._by_id:
                self._by_id[request_id] = begin()
                if len(self._by_id) > _KEPT:
                    self._by_id.popitem(last=False)
            response: T = self._by_id[request_id]
            return response


_responses = _Responses()


def respond_once(context: RequestContext, begin: Callable[[], T]) -> T:
    """Return the result of `begin`, but call `begin` only once for a repeated request.

    A repeated request has the same id in the field `request` of its body, and gets the first
    result.
    """
    request = context.body_field("request")
    if not isinstance(request, str) or not re.fullmatch(r"[\w-]{8,64}", request):
        return begin()
    return _responses.get(request, begin)
