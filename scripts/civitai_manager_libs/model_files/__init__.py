"""Model files: which one an image needs, whether it is here, and how it is received."""

from .archive import find_archived_file, validate_archive
from .choice import choose_file, FileChoice, ModelFileRequest
from .downloading import plan_requests, receive_model_file, ReceivedModel
from .folders import has_folders, list_unsearched, shorten_folder, validate_folder_template
from .folders import validate_folders
from .index import get_model_index
from .kinds import find_kind
from .matching import ModelFile, ModelMatch, remove_version
from .needed_files import find_needed_file, list_needed_files, make_needed_file, NeededFile
from .newer_versions import check_newer_versions, dismiss_newer_version, is_check_due
from .newer_versions import list_newer_versions, NewerVersion, read_check_time
from .used_models import describe_licence, filter_by_models, find_used_licences, find_used_models
from .used_models import find_version_of_file, list_untagged_loras, name_numbered_models, UsedModel

__all__ = ["check_newer_versions", "choose_file", "describe_licence", "dismiss_newer_version"]
__all__ += ["FileChoice", "filter_by_models", "find_archived_file", "find_kind", "find_needed_file"]
__all__ += ["find_used_licences", "find_used_models", "find_version_of_file", "get_model_index"]
__all__ += ["has_folders", "is_check_due", "list_needed_files", "list_newer_versions"]
__all__ += ["list_unsearched", "list_untagged_loras", "make_needed_file", "ModelFile"]
__all__ += ["ModelFileRequest", "ModelMatch", "name_numbered_models", "NeededFile", "NewerVersion"]
__all__ += ["plan_requests", "read_check_time", "receive_model_file", "ReceivedModel"]
__all__ += ["remove_version", "shorten_folder", "UsedModel", "validate_archive"]
__all__ += ["validate_folder_template", "validate_folders"]
