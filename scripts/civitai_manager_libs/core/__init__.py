"""The lowest layer: checked values, atomic files, SQLite files, work in threads.

The SQLite modules are not imported here, so that `--help` in a terminal does not load SQLite.
"""

from . import model_content, path_template
from .byte_ranges import ByteRanges
from .cancellation import Cancellation, ENDING_SIGNALS, find_cancellation, never_cancelled
from .coerce import (
    as_checksum,
    as_integer,
    as_list,
    as_number,
    as_text,
    clean_text,
    format_number,
    model_file_stem,
    normalize_unicode,
)
from .files import (
    AtomicFile,
    check_free_space,
    check_no_links,
    check_space_for_files,
    compute_sha256,
    delete_file,
    delete_resumable,
    detect_media_extension,
    expand_folder,
    extension_if_complete,
    find_device,
    find_free_space,
    is_complete,
    is_temporary_name,
    is_text,
    is_web_page,
    log_disk_errors,
    make_file_name,
    open_to_read,
    remove_leftovers,
    resumable_size,
    ResumableFile,
    sync_folder,
    to_disk_error,
    translate_disk_errors,
)
from .images import (
    cache_file_name,
    Image,
    level_mask,
    level_name,
    LEVELS,
    ReactionCounts,
    resize_url,
    thumbnail_url,
)
from .json_files import (
    back_up_invalid_file,
    lock_file,
    make_folder_private,
    read_json_object,
    remove_if_present,
    write_text_file,
)
from .json_stream import iter_json_members
from .parallel import prefetch, run_parallel
from .untrusted_json import (
    as_id,
    as_mapping,
    as_whole_number,
    clean_date,
    clean_line,
    clean_lines,
    has_too_many_parts,
    html_to_text,
    is_deeply_nested,
    LAST_ID,
)
from .setting_spec import SettingSpec
from .single_flight import SingleFlight

__all__ = ["as_checksum", "as_id", "as_integer", "as_list", "as_mapping", "as_number", "as_text"]
__all__ += ["as_whole_number", "AtomicFile", "back_up_invalid_file", "ByteRanges"]
__all__ += ["cache_file_name", "Cancellation", "check_free_space", "check_space_for_files"]
__all__ += ["clean_date", "clean_line", "clean_lines", "clean_text", "compute_sha256"]
__all__ += ["delete_file", "delete_resumable", "detect_media_extension", "ENDING_SIGNALS"]
__all__ += ["expand_folder", "extension_if_complete", "find_cancellation", "find_device"]
__all__ += ["find_free_space"]
__all__ += ["format_number", "has_too_many_parts", "html_to_text", "Image", "is_complete"]
__all__ += ["check_no_links", "normalize_unicode", "open_to_read"]
__all__ += ["is_deeply_nested", "is_temporary_name", "is_text", "is_web_page"]
__all__ += ["iter_json_members", "LAST_ID"]
__all__ += ["level_mask", "level_name", "LEVELS", "lock_file", "log_disk_errors"]
__all__ += [
    "make_file_name",
    "make_folder_private",
    "model_content",
    "model_file_stem",
    "never_cancelled",
]
__all__ += ["path_template", "prefetch", "ReactionCounts", "read_json_object", "remove_if_present"]
__all__ += ["remove_leftovers", "resize_url", "resumable_size", "ResumableFile", "run_parallel"]
__all__ += ["SettingSpec", "SingleFlight", "sqlite_file", "sqlite_pool", "sync_folder"]
__all__ += ["thumbnail_url", "to_disk_error", "translate_disk_errors", "write_text_file"]
