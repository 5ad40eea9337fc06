"""What the program that runs us offers: a WebUI, or nothing if we run alone."""

from .webui import fill_empty_prompts, find_default_data_folder, find_host_name, find_key_file
from .webui import find_model_folder, find_subpath, has_login, in_webui, is_frozen, is_logged_in
from .webui import is_shared, keep_out_of_ui_config, limit_page_shutdown, list_capabilities
from .webui import list_model_folders, list_send_targets, make_option_key, raise_open_file_limit
from .webui import read_cached_hashes, read_options, refresh_models, register_callbacks
from .webui import find_own_address, register_tab

__all__ = ["fill_empty_prompts", "find_default_data_folder", "find_subpath"]
__all__ += ["find_host_name", "find_key_file", "find_model_folder", "has_login", "in_webui"]
__all__ += ["is_frozen", "is_logged_in", "is_shared", "keep_out_of_ui_config"]
__all__ += ["limit_page_shutdown", "list_capabilities", "list_model_folders", "list_send_targets"]
__all__ += ["make_option_key", "raise_open_file_limit", "read_cached_hashes", "read_options"]
__all__ += ["refresh_models", "register_callbacks", "register_tab"]
__all__ += ["find_own_address"]
