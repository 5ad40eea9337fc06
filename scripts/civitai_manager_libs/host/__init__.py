"""The one seam to whatever runs us: a WebUI, or nothing but ourselves."""

from __future__ import annotations

from .folders import data_folder, key_file, pictures_folder
from .webui import (
    add_option,
    add_paste_buttons,
    has_queue,
    in_webui,
    keep_out_of_ui_config,
    option_key,
    options,
    register_callbacks,
)
from .versions import (
    copied_text_options,
    drops_events,
    end_with_page,
    event_options,
    gallery_options,
    gradio_major,
    header,
    is_logged_in,
    is_of,
    keeps_choice_values,
    page_parts,
    picture_options,
    queue_options,
    releases_gallery,
    run_in_page,
    warn,
)

__all__ = [
    "add_option",
    "add_paste_buttons",
    "copied_text_options",
    "data_folder",
    "drops_events",
    "end_with_page",
    "event_options",
    "gallery_options",
    "gradio_major",
    "has_queue",
    "header",
    "in_webui",
    "is_logged_in",
    "is_of",
    "keep_out_of_ui_config",
    "keeps_choice_values",
    "key_file",
    "option_key",
    "options",
    "page_parts",
    "picture_options",
    "pictures_folder",
    "queue_options",
    "register_callbacks",
    "releases_gallery",
    "run_in_page",
    "warn",
]
