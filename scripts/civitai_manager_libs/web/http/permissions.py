"""The rule of who may change a setting."""

from __future__ import annotations

from starlette.requests import Request

from ... import host, setting
from ..schemas.page import LockReason
from .csrf import is_from_this_machine

__all__ = ["lock_reason"]


def lock_reason(request: Request, name: str) -> LockReason:
    """Return why a request may not change a setting, "" if it may.

    name: the setting, or "key" for the API key. Frozen settings and settings on the WebUI's own
    page are locked. Others can be changed from this machine, or after a login from elsewhere.
    """
    if host.is_frozen(name):
        return "frozen"
    if host.in_webui() and name in setting.ON_HOST_PAGE:
        return "in_host"
    return "" if host.has_login(request) or is_from_this_machine(request) else "only_here"
