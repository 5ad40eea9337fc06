"""The lowest layer: checked values, atomic files, SQLite files, work in threads.

The SQLite modules are not imported here, so that `--help` in a terminal does not load SQLite.
"""

from . import file_names, model_formats
from .atomic_file import AtomicFile, back_up_invalid_file, delete_file, is_temporary_name, lock_file
from .atomic_file import read_json_object, read_json_or_empty, remove_if_present, write_text_file
from .disk import check_free_space, check_space_for_files, find_device, find_free_space
from .disk import log_disk_errors, sync_folder, to_disk_error, translate_disk_errors
from .file_names import make_file_name
from .file_types import detect_media_extension, extension_if_complete, is_complete, is_text
from .file_types import is_web_page
from .images import cache_file_name, Image, level_mask, level_name, LEVELS, ReactionCounts, Tag
from .images import resize_url, thumbnail_url
from .model_formats import model_file_stem
from .resumable_file import delete_resumable, remove_leftovers, resumable_size, ResumableFile
from .resume_note import ByteRanges
from .safe_open import check_no_links, compute_sha256, expand_folder, make_folder_private
from .safe_open import open_to_read
from .threads import Cancellation, ENDING_SIGNALS, find_cancellation, never_cancelled, prefetch
from .threads import run_parallel, SingleFlight
from .untrusted import as_checksum, as_id, as_integer, as_list, as_mapping, as_number, as_text
from .untrusted import as_whole_number, clean_date, clean_line, clean_lines, clean_text
from .untrusted import find_encoding, fold_text, format_number, has_too_many_parts, html_to_text
from .untrusted import is_deeply_nested, iter_json_members, LAST_ID, normalize_unicode
from .untrusted import parse_json_or_none, unwrap_meta

__all__ = ["as_checksum", "as_id", "as_integer", "as_list", "as_mapping", "as_number", "as_text"]
__all__ += ["as_whole_number", "AtomicFile", "back_up_invalid_file", "ByteRanges"]
__all__ += ["cache_file_name", "Cancellation", "check_free_space", "check_no_links"]
__all__ += ["check_space_for_files", "clean_date", "clean_line", "clean_lines", "clean_text"]
__all__ += ["compute_sha256", "delete_file", "delete_resumable", "detect_media_extension"]
__all__ += ["ENDING_SIGNALS", "expand_folder", "extension_if_complete", "file_names"]
__all__ += ["find_cancellation", "find_device", "find_encoding", "find_free_space", "fold_text"]
__all__ += ["format_number", "has_too_many_parts", "html_to_text", "Image", "is_complete"]
__all__ += ["is_deeply_nested", "is_temporary_name", "is_text", "is_web_page", "iter_json_members"]
__all__ += ["LAST_ID", "level_mask", "level_name", "LEVELS", "lock_file", "log_disk_errors"]
__all__ += ["make_file_name", "make_folder_private", "model_file_stem", "model_formats"]
__all__ += ["never_cancelled", "normalize_unicode", "open_to_read", "parse_json_or_none"]
__all__ += ["prefetch", "ReactionCounts", "read_json_object", "read_json_or_empty"]
__all__ += ["remove_if_present", "remove_leftovers", "resize_url", "resumable_size"]
__all__ += ["ResumableFile", "run_parallel", "SingleFlight", "sqlite", "sync_folder", "Tag"]
__all__ += ["thumbnail_url", "to_disk_error", "translate_disk_errors", "unwrap_meta"]
__all__ += ["write_text_file"]
