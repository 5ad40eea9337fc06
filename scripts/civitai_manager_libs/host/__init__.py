"""What the program that runs us offers: a WebUI, or nothing if we run alone."""

from .access import has_login, is_frozen, is_hidden, is_shared
from .capabilities import list_capabilities
from .folders import default_data_folder, key_file, default_images_folder
from .gradio_compat import (
    end_with_page,
    event_options,
    is_logged_in,
    is_same_origin,
    request_header,
    serve_in_place,
)
from .model_folders import list_model_folders, read_cached_hashes
from .open_files import raise_open_file_limit
from .proxies import bypass_proxies_for, validate_proxy
from .webui import (
    add_option,
    add_paste_buttons,
    fill_empty_prompts,
    host_name,
    in_webui,
    keep_out_of_ui_config,
    localization,
    option_key,
    read_options,
    register_callbacks,
    send_targets,
)

__all__ = [
    "add_option",
    "add_paste_buttons",
    "validate_proxy",
    "default_data_folder",
    "end_with_page",
    "event_options",
    "fill_empty_prompts",
    "has_login",
    "request_header",
    "in_webui",
    "is_frozen",
    "is_hidden",
    "is_logged_in",
    "is_same_origin",
    "is_shared",
    "keep_out_of_ui_config",
    "read_cached_hashes",
    "key_file",
    "list_capabilities",
    "localization",
    "list_model_folders",
    "host_name",
    "option_key",
    "read_options",
    "default_images_folder",
    "raise_open_file_limit",
    "bypass_proxies_for",
    "register_callbacks",
    "send_targets",
    "serve_in_place",
]
