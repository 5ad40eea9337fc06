"""What the browser talks to."""

from . import standalone, webui

__all__ = ["standalone", "webui"]
