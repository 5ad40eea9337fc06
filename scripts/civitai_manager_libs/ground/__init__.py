"""What everything stands on: plain values, whole files, work in threads. Needs nothing of ours.

`sqlite_file` is handed on as a module: a terminal's `--help` need not load SQLite.
"""

from .cancellation import Cancellation, ENDING_SIGNALS, never
from .disk import (
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
from .flights import Flights
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
from .json_values import is_deep, lines, mapping, moment, one_line, plain_text, whole
from .kept_files import (
    kept_as_it_was,
    make_folder_private,
    read_values,
    remove_file,
    write_file,
)
from .locks import Lock
from .parallel import download_all, in_parallel, one_ahead, Summary
from .scalars import (
    as_checksum,
    as_list,
    as_number,
    as_text,
    as_whole,
    clean,
    file_stem,
    number_text,
)
from .setting_entry import Setting

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
