"""The one seam to whatever runs us: a WebUI, or nothing but ourselves."""

from .access import has_login, is_frozen, is_hidden, is_shared
from .capabilities import known_names
from .folders import data_folder, key_file, pictures_folder
from .gradio_compat import end_with_page, event_options, header, is_logged_in, is_of, use_in_place
from .model_folders import kept_hashes, model_folders
from .open_files import raise_handle_limit
from .proxies import checked_proxy, reach_directly
from .webui import (
    add_option,
    add_paste_buttons,
    fill_empty_prompts,
    in_webui,
    keep_out_of_ui_config,
    localization,
    name,
    option_key,
    options,
    register_callbacks,
    send_targets,
)

__all__ = [
    "add_option",
    "add_paste_buttons",
    "checked_proxy",
    "data_folder",
    "end_with_page",
    "event_options",
    "fill_empty_prompts",
    "has_login",
    "header",
    "in_webui",
    "is_frozen",
    "is_hidden",
    "is_logged_in",
    "is_of",
    "is_shared",
    "keep_out_of_ui_config",
    "kept_hashes",
    "key_file",
    "known_names",
    "localization",
    "model_folders",
    "name",
    "option_key",
    "options",
    "pictures_folder",
    "raise_handle_limit",
    "reach_directly",
    "register_callbacks",
    "send_targets",
    "use_in_place",
]
