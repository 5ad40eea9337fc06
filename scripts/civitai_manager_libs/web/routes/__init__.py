"""The routes below `/civitai_shortcut/`: JSON, images, and the page's own code."""

from .bootstrap import new_instance, set_demo
from .dependencies import resume_work
from .settings import CHECKS
from .route_table import add_routes

__all__ = ["CHECKS", "add_routes", "resume_work", "new_instance", "set_demo"]
