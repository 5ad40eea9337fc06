"""The proxies of the environment, kept away from what stays on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["reach_directly", "without_proxies"]

_NAMES = ("no_proxy", "NO_PROXY")  # who reads one of them may not read the other


def reach_directly(*hosts: str) -> None:
    """For this process and what it starts: these are asked by no proxy."""
    given = next(filter(None, map(os.environ.get, _NAMES)), "")
    listed = [name.strip() for name in given.split(",") if name.strip()]
    if "*" not in listed:
        _set(",".join([*listed, *(host for host in hosts if host not in listed)]))


@contextmanager
def without_proxies() -> Iterator[None]:
    """While the block runs, nothing that is made in it knows of a proxy."""
    before = {name: os.environ.get(name) for name in _NAMES}
    _set("*")
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _set(value: str) -> None:
    os.environ.update({name: value for name in _NAMES})
