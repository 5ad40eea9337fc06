"""What everything stands on: plain values, whole files, work in threads. Needs nothing of ours.

`sqlite_file` is handed on as a module: a terminal's `--help` need not load SQLite.
"""

from .cancellation import Cancellation, ENDING_SIGNALS, never
from .coerce import (
    as_checksum,
    as_list,
    as_number,
    as_text,
    as_whole,
    clean,
    file_stem,
    number_text,
)
from .files import (
    check_room,
    delete_file,
    discard_halves,
    disk_error,
    disk_errors,
    expand_folder,
    HalfFile,
    has_its_end,
    is_partial,
    logged,
    PartialFile,
    sweep,
    sync_folder,
    whole_kind,
)
from .images import (
    cache_name,
    Image,
    level_mask,
    level_name,
    LEVELS,
    sized_url,
    Stats,
    thumbnail_url,
)
from .json_files import kept_as_it_was, make_folder_private, read_values, remove_file, write_file
from .parallel import download_all, in_parallel, one_ahead, Summary
from .process_lock import Lock
from .sanitize import (
    has_too_many_parts,
    is_deep,
    lines,
    mapping,
    moment,
    one_line,
    plain_text,
    whole,
)
from .setting_spec import Setting
from .single_flight import Flights

__all__ = [
    "Cancellation",
    "ENDING_SIGNALS",
    "Flights",
    "HalfFile",
    "Image",
    "LEVELS",
    "Lock",
    "PartialFile",
    "Setting",
    "Stats",
    "Summary",
    "as_checksum",
    "as_list",
    "as_number",
    "as_text",
    "as_whole",
    "cache_name",
    "check_room",
    "clean",
    "delete_file",
    "discard_halves",
    "disk_error",
    "disk_errors",
    "download_all",
    "expand_folder",
    "file_stem",
    "has_its_end",
    "in_parallel",
    "has_too_many_parts",
    "is_deep",
    "is_partial",
    "kept_as_it_was",
    "level_mask",
    "level_name",
    "lines",
    "logged",
    "make_folder_private",
    "mapping",
    "moment",
    "never",
    "number_text",
    "one_ahead",
    "one_line",
    "plain_text",
    "read_values",
    "remove_file",
    "sized_url",
    "sqlite_file",
    "sweep",
    "sync_folder",
    "thumbnail_url",
    "whole",
    "whole_kind",
    "write_file",
]
