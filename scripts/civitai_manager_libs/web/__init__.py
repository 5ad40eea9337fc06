"""The web page and its server: routes, the tab in a WebUI, and the standalone server."""

from . import standalone, tab

__all__ = ["standalone", "tab"]
