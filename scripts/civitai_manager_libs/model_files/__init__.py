"""Model files that images need: which file of a version, where it goes, and how it is received."""

from .choice import choose_file, FileChoice
from .destination import choose_path, find_kind, validate_folder_template
from .needs import (
    find_needed_file,
    list_needed_files,
    make_needed_file,
    NeededFile,
    NeededFiles,
    UnknownModel,
)
from .receive import receive_model_file, ReceivedModel
from .used_models import (
    find_used_models,
    make_request,
    ModelFileRequest,
    plan_requests,
    UsedModel,
    UsedModels,
)

from .folders import has_folders, shorten_folder, validate_folders
from .index import ModelIndex, describes_other_version, get_model_index
from .matching import ModelFile, ModelMatch, WantedModel, remove_version

__all__ = ["choose_file", "choose_path", "FileChoice", "find_kind"]
__all__ += ["find_needed_file", "find_used_models", "list_needed_files"]
__all__ += ["make_needed_file", "make_request", "ModelFileRequest", "NeededFile", "NeededFiles"]
__all__ += ["plan_requests", "receive_model_file", "ReceivedModel", "UnknownModel", "UsedModel"]
__all__ += ["UsedModels", "validate_folder_template"]
__all__ += [
    "ModelFile",
    "ModelIndex",
    "ModelMatch",
    "WantedModel",
    "describes_other_version",
    "get_model_index",
    "has_folders",
    "remove_version",
    "shorten_folder",
    "validate_folders",
]
