"""Model files that images need: which file of a version, where it goes, and how it is received."""

from .choice import choose_file, FileChoice, FileTaste
from .destination import choose_path, find_kind, validate_folder_template
from .receive import receive_model_file, ReceivedModel
from .requests import make_request, ModelFileRequest

__all__ = ["choose_file", "choose_path", "FileChoice", "FileTaste", "find_kind", "make_request"]
__all__ += ["ModelFileRequest", "receive_model_file", "ReceivedModel", "validate_folder_template"]
