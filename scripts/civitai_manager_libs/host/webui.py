"""A WebUI that has loaded us: its callbacks, its settings, its "Send to ..." buttons.

Imports neither gradio nor the WebUI until a function needs it, so that a terminal loads neither.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

__all__ = [
    "add_option",
    "add_paste_buttons",
    "has_queue",
    "in_webui",
    "keep_out_of_ui_config",
    "option_key",
    "options",
    "register_callbacks",
]
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
