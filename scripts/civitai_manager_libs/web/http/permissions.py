"""The rule that says who may change a setting."""

from __future__ import annotations

from starlette.requests import Request

from ... import host
from ..schemas.page import LockReason
from .csrf import is_from_this_machine

__all__ = ["lock_reason"]


def lock_reason(request: Request, name: str) -> LockReason:
    """Return why a request may not change a setting, "" if it may.

    "frozen": one of the WebUI's flags forbids any change. "only_here": the request comes from
    another machine, and there is no login. name: the setting's name, or "key" for the API key.
    """
    if host.is_frozen(name):
        return "frozen"
    return "" if host.has_login(request) or is_from_this_machine(request) else "only_here"
