"""The routes that the page asks: JSON, pictures, its own code."""

from .bootstrap import new_instance, set_example
from .dependencies import resume_jobs
from .settings import CHECKS
from .table import add_routes

__all__ = ["CHECKS", "add_routes", "resume_jobs", "new_instance", "set_example"]
