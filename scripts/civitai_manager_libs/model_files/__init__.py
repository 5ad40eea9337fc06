"""Model files that images need: which file of a version, where it goes, and how it is received."""

from .choice import choose_file, FileChoice
from .destination import choose_path, find_kind, validate_folder_template
from .needs import find_needed_file, list_needed_files, make_needed_file, NeededFile
from .needs import NeededFiles, UnknownModel
from .receive import receive_model_file, ReceivedModel
from .requests import make_request, ModelFileRequest, plan_requests
from .used_models import find_used_models, UsedModel, UsedModels

__all__ = ["choose_file", "choose_path", "FileChoice", "find_kind"]
__all__ += ["find_needed_file", "find_used_models", "list_needed_files"]
__all__ += ["make_needed_file", "make_request", "ModelFileRequest", "NeededFile", "NeededFiles"]
__all__ += ["plan_requests", "receive_model_file", "ReceivedModel", "UnknownModel", "UsedModel"]
__all__ += ["UsedModels", "validate_folder_template"]
