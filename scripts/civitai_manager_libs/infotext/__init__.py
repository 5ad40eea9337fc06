"""How a picture was made: from a record, a graph or a file; to infotext and back."""

from __future__ import annotations

from .metadata import embedded_infotext, infotext, parse_infotext, Resource, resources

__all__ = ["Resource", "embedded_infotext", "infotext", "parse_infotext", "resources"]
