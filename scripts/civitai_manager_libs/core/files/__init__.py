"""Files that are complete or absent, whatever happens to the program, the disk or the power."""

from .atomic_file import AtomicFile, is_temporary_name
from .cleanup import remove_leftovers
from .file_hash import compute_sha256
from .file_names import make_file_name
from .file_types import detect_media_extension, is_text, is_web_page
from .free_space import (
    check_free_space,
    check_space_for_files,
    find_device,
    find_free_space,
    log_disk_errors,
    to_disk_error,
    translate_disk_errors,
)
from .fsync import sync_folder
from .replace import delete_file, replace_file
from .resumable_file import delete_resumable, resumable_size, ResumableFile
from .safe_open import check_no_links, is_special_file, open_to_read
from .truncation import extension_if_complete, is_complete
from .user_path import expand_folder

__all__ = ["AtomicFile", "check_free_space", "check_no_links", "check_space_for_files"]
__all__ += ["compute_sha256"]
__all__ += ["delete_file", "delete_resumable", "detect_media_extension", "expand_folder"]
__all__ += ["extension_if_complete", "find_device", "find_free_space", "is_complete"]
__all__ += ["is_special_file", "is_temporary_name", "is_text", "is_web_page", "log_disk_errors"]
__all__ += ["make_file_name", "open_to_read", "remove_leftovers", "replace_file", "resumable_size"]
__all__ += ["ResumableFile", "sync_folder", "to_disk_error", "translate_disk_errors"]
