"""What the program that runs us offers: a WebUI, or nothing if we run alone."""

from .access import has_login, is_frozen, is_logged_in, is_shared
from .capabilities import list_capabilities
from .folders import default_data_folder, key_file, default_images_folder
from .gradio_compat import (
    limit_page_shutdown,
    event_options,
    is_same_origin,
)
from .image_saved import register_image_saved
from .model_folders import find_model_folder, list_model_folders, read_cached_hashes
from .open_files import raise_open_file_limit
from .proxies import bypass_proxies_for, validate_proxy
from .refresh_models import refresh_models
from .webui import (
    fill_empty_prompts,
    find_send_targets,
    host_name,
    in_webui,
    keep_out_of_ui_config,
    list_image_fields,
    option_key,
    read_options,
    register_started,
    register_tab,
    send_targets,
    takes_image,
    values_for_image_fields,
)

__all__ = ["bypass_proxies_for", "default_data_folder", "find_send_targets"]
__all__ += ["default_images_folder", "event_options", "fill_empty_prompts", "find_model_folder"]
__all__ += [
    "has_login",
    "host_name",
    "in_webui",
    "is_frozen",
    "is_logged_in",
    "is_same_origin",
]
__all__ += ["is_shared", "keep_out_of_ui_config", "key_file", "limit_page_shutdown"]
__all__ += ["list_capabilities", "list_image_fields", "list_model_folders"]
__all__ += ["option_key", "takes_image", "values_for_image_fields"]
__all__ += ["raise_open_file_limit", "read_cached_hashes", "read_options", "refresh_models"]
__all__ += ["register_image_saved", "register_started", "register_tab", "send_targets"]
__all__ += ["validate_proxy"]
