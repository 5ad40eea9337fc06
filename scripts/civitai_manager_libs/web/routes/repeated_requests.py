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

_lock = threading.Lock()
_responses: OrderedDict[str, Any] = OrderedDict()  # by request id


def respond_once(context: RequestContext, begin: Callable[[], T]) -> T:
    """Call `begin` and return its result; for a repeated request, return the first result again.

    A request is repeated if its body's field `request` has the id of one of the last 200 requests.
    Without a valid id, `begin` is always called.
    """
    request_id = context.body_field("request")
    if not isinstance(request_id, str) or not re.fullmatch(r"[\w-]{8,64}", request_id):
        return begin()
    with _lock:  # held during `begin`, since starting a job takes only milliseconds
        if request_id not in _responses:
            _responses[request_id] = begin()
            if len(_responses) > _KEPT:
                _responses.popitem(last=False)
        response: T = _responses[request_id]
        return response
