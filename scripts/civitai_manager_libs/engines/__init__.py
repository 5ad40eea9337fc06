"""Programs on the user's machine that make images: what each has, and "make this"."""

from . import comfyui, webui_api
from .find import Engine, find_engine, find_engines, list_addresses, make_error, save_login
from .find import validate_addresses
from .recipe import Caution, Made, Missing, Plan, PlanOptions, Recipe, Wanted

# By the kind of an engine.
MODULES = {"comfyui": comfyui, "sdnext": webui_api, "webui": webui_api}

__all__ = ["Caution", "comfyui", "Engine", "find_engine", "find_engines", "list_addresses", "Made"]
__all__ += ["make_error", "Missing", "MODULES", "Plan", "PlanOptions", "Recipe", "save_login"]
__all__ += ["validate_addresses", "Wanted", "webui_api"]
