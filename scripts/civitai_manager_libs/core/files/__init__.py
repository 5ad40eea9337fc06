"""Files that are complete or absent, whatever happens to the program, the disk or the power."""

from .atomic_file import AtomicFile, is_temporary_name
from .cleanup import remove_leftovers
from .free_space import check_free_space, log_disk_errors, to_disk_error, translate_disk_errors
from .fsync import sync_folder
from .replace import delete_file, replace_file
from .resumable_file import discard_resumable, ResumableFile
from .safe_open import is_link
from .truncation import complete_file_type, is_complete
from .user_path import expand_folder

__all__ = [
    "ResumableFile",
    "AtomicFile",
    "check_free_space",
    "delete_file",
    "discard_resumable",
    "to_disk_error",
    "translate_disk_errors",
    "expand_folder",
    "is_complete",
    "is_link",
    "is_temporary_name",
    "log_disk_errors",
    "replace_file",
    "remove_leftovers",
    "sync_folder",
    "complete_file_type",
]
