"""What the program that runs us offers: a WebUI, or nothing if we run alone."""

from .access import has_login, is_frozen, is_logged_in, is_shared
from .capabilities import list_capabilities
from .folders import default_data_folder, default_images_folder, key_file
from .image_saved import register_image_saved
from .model_folders import find_model_folder, list_model_folders, read_cached_hashes
from .open_files import raise_open_file_limit
from .proxies import bypass_proxies_for, validate_proxy
from .refresh_models import refresh_models
from .webui import (
    fill_empty_prompts,
    host_name,
    in_webui,
    keep_out_of_ui_config,
    limit_page_shutdown,
    option_key,
    read_options,
    register_started,
    register_tab,
    send_targets,
)

__all__ = ["bypass_proxies_for", "default_data_folder", "default_images_folder"]
__all__ += ["fill_empty_prompts", "find_model_folder", "has_login"]
__all__ += ["host_name", "in_webui", "is_frozen", "is_logged_in", "is_shared"]
__all__ += ["keep_out_of_ui_config", "key_file", "limit_page_shutdown", "list_capabilities"]
__all__ += ["list_model_folders", "option_key", "raise_open_file_limit"]
__all__ += ["read_cached_hashes", "read_options", "refresh_models", "register_image_saved"]
__all__ += ["register_started", "register_tab", "send_targets", "validate_proxy"]
