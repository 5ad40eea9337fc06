"""Files that are whole or not there, whatever happens to the program, the disk or the power."""

from .atomic_file import is_partial, PartialFile
from .cleanup import sweep
from .free_space import check_room, disk_error, disk_errors, logged
from .fsync import sync_folder
from .replace import delete_file, replace_file
from .resumable_file import discard_halves, HalfFile
from .safe_open import is_link
from .truncation import has_its_end, whole_kind
from .user_path import expand_folder

__all__ = [
    "HalfFile",
    "PartialFile",
    "check_room",
    "delete_file",
    "discard_halves",
    "disk_error",
    "disk_errors",
    "expand_folder",
    "has_its_end",
    "is_link",
    "is_partial",
    "logged",
    "replace_file",
    "sweep",
    "sync_folder",
    "whole_kind",
]
