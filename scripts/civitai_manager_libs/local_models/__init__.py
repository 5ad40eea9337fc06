"""The model files on this machine, and which of them an image was made with."""

from .folders import find_folder, has_folders, shorten_folder, validate_folders
from .index import get_model_index, ModelIndex
from .matching import has_model_file, ModelFile, ModelMatch, remove_version, WantedModel
from .sidecars import describes_other_version

__all__ = ["describes_other_version", "find_folder", "get_model_index", "has_folders"]
__all__ += ["has_model_file", "ModelFile", "ModelIndex", "ModelMatch", "remove_version"]
__all__ += ["shorten_folder", "validate_folders", "WantedModel"]
