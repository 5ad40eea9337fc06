"""The routes below `/civitai_shortcut/`: JSON, images, and the page's own code."""

from .dependencies import resume_work
from .route_table import add_routes
from .settings import CHECKS, new_instance, set_demo

__all__ = ["CHECKS", "add_routes", "resume_work", "new_instance", "set_demo"]
