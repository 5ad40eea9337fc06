"""The routes that the page asks: JSON, pictures, its own code."""

from __future__ import annotations

from .hello import new_instance, start_with
from .routes import add_routes
from .tools import job_service

__all__ = ["add_routes", "job_service", "new_instance", "start_with"]
