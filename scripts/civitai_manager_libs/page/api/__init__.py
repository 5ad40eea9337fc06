"""The routes that the page asks: JSON, pictures, its own code."""

from .hello import new_instance, start_with
from .routes import add_routes
from .settings import CHECKS
from .tools import go_on_with_jobs

__all__ = ["CHECKS", "add_routes", "go_on_with_jobs", "new_instance", "start_with"]
