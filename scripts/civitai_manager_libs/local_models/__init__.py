"""The models on this machine: what files are there, and which a picture was made with."""

from .folders import checked_folders, has_folders
from .index import models_here, Shelf
from .matching import Found, Wanted

__all__ = ["Found", "Shelf", "Wanted", "checked_folders", "has_folders", "models_here"]
