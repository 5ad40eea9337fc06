"""Files that are whole or not there, whatever happens to the program, the disk or the power."""

from .file_end import has_its_end, whole_kind
from .half_file import discard_halves, HalfFile
from .opening import is_link
from .partial_file import is_partial, PartialFile
from .replacing import delete_file, replace_file
from .room import check_room, disk_error, disk_errors, logged
from .sweeping import sweep
from .syncing import sync_folder
from .typed_path import expand_folder

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
