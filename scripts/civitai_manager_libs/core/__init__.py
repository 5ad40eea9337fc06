"""The lowest layer: checked values, atomic files, SQLite files, work in threads.

The SQLite modules are not imported here, so that `--help` in a terminal does not load SQLite.
"""

from . import model_content, path_template
from .byte_ranges import ByteRanges
from .cancellation import Cancellation, ENDING_SIGNALS, never_cancelled
from .coerce import (
    as_checksum,
    as_list,
    as_number,
    as_text,
    as_integer,
    clean_text,
    format_number,
    model_file_stem,
)
from .files import (
    AtomicFile,
    check_disks,
    check_free_space,
    complete_file_type,
    compute_sha256,
    delete_file,
    discard_resumable,
    expand_folder,
    find_device,
    find_free_space,
    is_complete,
    is_temporary_name,
    log_disk_errors,
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
    copy_refused_file,
    make_folder_private,
    read_json_object,
    remove_if_present,
    write_text_file,
)
from .parallel import prefetch, run_parallel
from .sanitize import (
    as_mapping,
    as_whole_number,
    clean_date,
    clean_line,
    clean_lines,
    has_too_many_parts,
    html_to_text,
    is_deeply_nested,
)
from .setting_spec import SettingSpec
from .single_flight import SingleFlight

__all__ = ["as_checksum", "as_integer", "as_list", "as_mapping", "as_number", "as_text"]
__all__ += ["as_whole_number", "AtomicFile", "ByteRanges", "cache_file_name", "Cancellation"]
__all__ += ["check_disks", "check_free_space", "clean_date", "clean_line", "clean_lines"]
__all__ += ["clean_text", "complete_file_type", "compute_sha256", "copy_refused_file"]
__all__ += ["delete_file", "discard_resumable", "ENDING_SIGNALS", "expand_folder", "find_device"]
__all__ += ["find_free_space", "format_number", "has_too_many_parts", "html_to_text", "Image"]
__all__ += ["is_complete", "is_deeply_nested", "is_temporary_name", "level_mask", "level_name"]
__all__ += ["LEVELS", "log_disk_errors", "make_folder_private", "model_content"]
__all__ += ["model_file_stem", "never_cancelled", "path_template", "prefetch", "ReactionCounts"]
__all__ += ["read_json_object", "remove_if_present", "remove_leftovers", "resize_url"]
__all__ += ["resumable_size", "ResumableFile", "run_parallel", "SettingSpec", "SingleFlight"]
__all__ += ["sqlite_file", "sqlite_pool", "sync_folder", "thumbnail_url", "to_disk_error"]
__all__ += ["translate_disk_errors", "write_text_file"]
