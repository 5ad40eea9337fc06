"""What the program that runs us offers: a WebUI, or nothing if we run alone."""

from .access import has_login, is_frozen, is_hidden, is_logged_in, is_shared
from .capabilities import list_capabilities
from .folders import default_data_folder, key_file, default_images_folder
from .gradio_compat import (
    limit_page_shutdown,
    event_options,
    is_same_origin,
    request_header,
)
from .image_saved import register_image_saved
from .model_folders import find_model_folder, list_model_folders, read_cached_hashes
from .open_files import raise_open_file_limit
from .proxies import bypass_proxies_for, validate_proxy
from .refresh_models import refresh_models
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

__all__ = ["add_option", "add_paste_buttons", "bypass_proxies_for", "default_data_folder"]
__all__ += ["default_images_folder", "event_options", "fill_empty_prompts", "find_model_folder"]
__all__ += [
    "has_login",
    "host_name",
    "in_webui",
    "is_frozen",
    "is_hidden",
    "is_logged_in",
    "is_same_origin",
]
__all__ += ["is_shared", "keep_out_of_ui_config", "key_file", "limit_page_shutdown"]
__all__ += ["list_capabilities", "list_model_folders", "localization", "option_key"]
__all__ += ["raise_open_file_limit", "read_cached_hashes", "read_options", "refresh_models"]
__all__ += ["register_callbacks", "register_image_saved", "request_header", "send_targets"]
__all__ += ["validate_proxy"]
