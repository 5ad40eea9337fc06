"""The routes that the page asks: JSON, pictures, its own code."""

from __future__ import annotations

from .hello import start_with
from .routes import add_routes
from .tools import job_service

__all__ = ["add_routes", "job_service", "start_with"]
