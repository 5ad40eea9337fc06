"""The one seam to whatever runs us: AUTOMATIC1111, reForge, Forge, or nothing but ourselves.

Imports neither gradio nor the WebUI until a function needs it, so that a terminal loads neither.
"""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["add_option", "add_paste_buttons", "copied_text_options", "data_folder"]
__all__ += ["drops_events", "end_with_page", "event_options", "gallery_options"]
__all__ += ["gradio_major", "has_queue", "header", "in_webui", "is_logged_in", "is_of"]
__all__ += ["keep_out_of_ui_config", "keeps_choice_values", "key_file", "option_key"]
__all__ += ["options", "page_parts", "picture_options", "pictures_folder"]
__all__ += ["queue_options", "register_callbacks", "releases_gallery", "run_in_page"]
__all__ += ["warn"]

_OUR_FOLDER = "civitai-shortcut"
_LEFT_OVER = 5  # seconds for requests that are under way when a host closes its page
_OPTION_PREFIX = "civitai_shortcut_"


def in_webui() -> bool:
    """Whether a WebUI has loaded us; true from before our first line runs in it."""
    return "modules.script_callbacks" in sys.modules


def option_key(name: str) -> str:
    """What a setting of ours is called among all others of a WebUI."""
    return f"{_OPTION_PREFIX}{name}"


def options() -> dict[str, Any] | None:
    """Our settings that the host keeps, by our names for them; None where there is no host."""
    if not in_webui():
        return None
    from modules import shared

    kept = shared.opts.data.items()
    return {
        key.removeprefix(_OPTION_PREFIX): value
        for key, value in kept
        if key.startswith(_OPTION_PREFIX)
    }


def data_folder() -> str:
    """In a WebUI a folder of its data path, else CIVITAI_SHORTCUT_DATA, else one in the home."""
    if in_webui():
        from modules import paths

        return os.path.join(paths.data_path, _OUR_FOLDER)
    given = os.environ.get("CIVITAI_SHORTCUT_DATA")
    return os.path.abspath(given or os.path.join(os.path.expanduser("~"), _OUR_FOLDER))


def pictures_folder() -> str:
    """Where saved pictures go when the user has named no folder."""
    return os.path.join(data_folder(), "outputs", "download-images")


def key_file() -> str:
    """The API key's file: outside of every folder that a WebUI hands to its pages."""
    if not in_webui():
        return os.path.join(data_folder(), "api_key")
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    base = base or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, _OUR_FOLDER, "api_key")


def gradio_major() -> int:
    import gradio

    return int(gradio.__version__.split(".", 1)[0])


def event_options() -> dict[str, Any]:
    """For every event of ours: many browser pages at once, where gradio would let one in.

    Also again while the last one is not done, which gradio 4 and later would drop.
    """
    return {} if gradio_major() < 4 else {"trigger_mode": "multiple", "concurrency_limit": 20}


def drops_events() -> bool:
    """Whether an event is nothing while the same one is under way, whatever `event_options` say."""
    return gradio_major() < 4


def releases_gallery() -> bool:
    """Whether a gallery must be empty for a moment before its next pictures.

    gradio 3 and 4 think otherwise that the tile which was chosen still is, and tell of no click
    on it; 6 needs no such moment, and may stay empty after it.
    """
    return gradio_major() < 6


def keeps_choice_values() -> bool:
    """Whether a dropdown's choices may be (label, value).

    Where they may, a value that is not among them raises: one that is its label would do so
    between two languages.
    """
    return gradio_major() >= 4


def warn(words: str) -> None:
    """A toast, from a handler. gradio 4 and later take its text for markup."""
    import gradio

    gradio.Warning(words if gradio_major() < 4 else html.escape(words))


def copied_text_options() -> dict[str, Any]:
    """For a text box with a button that copies it, and that shows its text from the beginning."""
    major = gradio_major()
    button = {"show_copy_button": True} if major < 6 else {"buttons": ["copy"]}
    return button if major < 4 else {**button, "autoscroll": False}


def gallery_options() -> dict[str, Any]:
    """A gallery that only shows: nothing to upload, to clear or to share."""
    major = gradio_major()
    if major < 4:
        return {}
    if major < 6:
        no_buttons = {"show_share_button": False, "show_download_button": False}
        return {"interactive": False, **no_buttons}
    return {"interactive": False, "buttons": []}


def picture_options() -> dict[str, Any]:
    return {} if gradio_major() < 6 else {"buttons": ["download"]}


def page_parts(css: str, javascript: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of `Blocks` and of `launch` for a page of our own, which has this style and code.

    gradio 3 takes no code there: see `run_in_page`.
    """
    major, head = gradio_major(), f"<script>{javascript}</script>"
    if major < 4:
        wide = ".gradio-container { max-width: none !important; }"
        return {"css": f"{css}\n{wide}"}, {"show_api": False}
    if major < 6:
        return {"css": css, "head": head, "fill_width": True}, {"show_api": False}
    return {"fill_width": True}, {"css": css, "head": head, "ssr_mode": False, "footer_links": []}


def run_in_page(blocks: Any, javascript: str) -> None:
    """Where the page's head cannot be given: code that runs when it has loaded."""
    if gradio_major() < 4:
        blocks.load(fn=None, inputs=None, outputs=None, _js=f"() => {{ {javascript} }}")


def queue_options() -> dict[str, Any]:
    if gradio_major() < 4:
        return {"concurrency_count": 20}
    return {"default_concurrency_limit": 20}


def add_paste_buttons(infotext_box: Any, picture: Any) -> bool:
    """The host's own "Send to ..." buttons, here in the layout; False where there is no host.

    They take the infotext from the box and the picture at its own size.
    """
    if not in_webui():
        return False
    from modules import infotext_utils

    buttons = infotext_utils.create_buttons(["txt2img", "img2img", "inpaint", "extras"])
    for tab, button in buttons.items():
        infotext_utils.register_paste_params_button(
            infotext_utils.ParamBinding(
                paste_button=button,
                tabname=tab,
                source_text_component=infotext_box,
                source_image_component=picture,
            )
        )
    return True


def register_callbacks(
    on_tabs: Callable[[], list[Any]],
    on_settings: Callable[[], None],
    on_started: Callable[[Any, Any], None],
) -> None:
    """For the host's next start of its page: tabs, settings, and (page, app) once it is served."""
    from modules import script_callbacks

    script_callbacks.on_ui_settings(on_settings)
    script_callbacks.on_ui_tabs(on_tabs)
    script_callbacks.on_app_started(on_started)


def end_with_page(page: Any) -> None:
    """gradio 3 waits for ever for what a browser asked for before it was closed, and the host's
    "Reload UI" waits with it: for so many seconds at most, from now on."""
    config = getattr(getattr(page, "server", None), "config", None)
    if gradio_major() < 4 and getattr(config, "timeout_graceful_shutdown", 0) is None:
        config.timeout_graceful_shutdown = _LEFT_OVER


def add_option(
    name: str,
    default: Any,
    label: str,
    section: tuple[str, str],
    on_change: Callable[[], None],
    component: tuple[Any, dict[str, Any]] | None = None,
) -> None:
    """One of our values on the host's settings page, under its own name.

    component: a gradio class and its arguments, where the default's type does not say it.
    """
    from modules import shared

    kind, arguments = component or (None, None)
    info = shared.OptionInfo(default, label, kind, arguments, section=section, onchange=on_change)
    shared.opts.add_option(option_key(name), info)


def has_queue() -> bool:
    """False in a WebUI that was started with --no-gradio-queue: nothing can be shown bit by bit."""
    if not in_webui():
        return True
    from modules import shared

    return not getattr(shared.cmd_opts, "no_gradio_queue", False)


def keep_out_of_ui_config(blocks: Any) -> None:
    """A WebUI would remember our components' first values, and bring them back for ever."""
    for component in blocks.blocks.values():
        component.do_not_save_to_config = True


def header(request: Any, name: str) -> str:
    """Of a `gr.Request`, "" if it is not there. gradio 3 keeps them as attributes of an object."""
    headers = getattr(request, "headers", None)
    if hasattr(headers, "get"):
        return headers.get(name, "")
    return getattr(headers, name, "")


def is_of(origin: str, address: str) -> bool:
    """Whether the `Origin` of a request is the page at `address`, which its `Host` names."""
    return origin.partition("://")[2].lower() == address.lower() != ""


def is_logged_in(request: Any) -> bool:
    """Whether a request comes from somebody whom the page itself would let in."""
    app = request.app
    if getattr(app, "auth", None) is None:
        return True
    return any(value in app.tokens for value in request.cookies.values())
