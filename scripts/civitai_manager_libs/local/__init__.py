"""The models on this machine: what files are there, and which a picture was made with."""

from .folders import checked_folders, has_folders
from .matching import Found, Wanted
from .shelf import models_here, Shelf

__all__ = ["Found", "Shelf", "Wanted", "checked_folders", "has_folders", "models_here"]
