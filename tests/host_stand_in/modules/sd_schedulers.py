"""Their schedules."""

from __future__ import annotations

from types import SimpleNamespace

_NAMES = (("Automatic", "automatic"), ("Karras", "karras"))
schedulers = [SimpleNamespace(label=label, name=name, aliases=None) for label, name in _NAMES]
