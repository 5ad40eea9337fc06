"""The routes that the page asks: JSON, pictures, its own code."""

from .bootstrap import new_instance, start_with
from .dependencies import go_on_with_jobs
from .settings import CHECKS
from .table import add_routes

__all__ = ["CHECKS", "add_routes", "go_on_with_jobs", "new_instance", "start_with"]
