"""The model files on this machine, and which of them an image was made with."""

from .folders import has_folders, validate_folders
from .index import get_model_index, ModelIndex
from .matching import ModelMatch, WantedModel

__all__ = [
    "ModelMatch",
    "ModelIndex",
    "WantedModel",
    "validate_folders",
    "has_folders",
    "get_model_index",
]
