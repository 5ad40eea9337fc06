"""What the browser talks to."""

from __future__ import annotations

from . import standalone, webui

__all__ = ["standalone", "webui"]
