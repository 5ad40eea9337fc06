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
    "fill_empty_prompts",
    "in_webui",
    "keep_out_of_ui_config",
    "localization",
    "host_name",
    "option_key",
    "read_options",
    "find_paste_module",
    "register_callbacks",
    "send_targets",
]
_OPTION_PREFIX = "civitai_shortcut_"
_FIRST = "AUTOMATIC1111"
_TABS = ("control", "txt2img", "img2img", "inpaint", "extras")

_targets: tuple[str, ...] = ()


def in_webui() -> bool:
    """Whether a WebUI has loaded us; true from before our first line runs in it."""
    return "modules.script_callbacks" in sys.modules


def option_key(name: str) -> str:
    """What a setting of ours is called among all others of a WebUI."""
    return f"{_OPTION_PREFIX}{name}"


def localization() -> str:
    """Return the name of the language file that the host itself uses, "" for English."""
    from modules import shared

    name = shared.opts.data.get("localization", "")
    return name if isinstance(name, str) and name != "None" else ""


def read_options() -> dict[str, Any] | None:
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


def host_name() -> str:
    """What the host is called, "" where there is none."""
    if not in_webui():
        return ""
    if "modules_forge" in sys.modules:
        return _forge_name()
    return (
        "SD.Next"
        if find_paste_module().__name__.endswith("generation_parameters_copypaste")
        else _FIRST
    )


def _forge_name() -> str:
    """Which of Forge's family it is."""
    version = getattr(sys.modules.get("modules_forge.forge_version"), "version", "")
    known = (("neo", "Forge Neo"), ("classic", "Forge Classic"), ("1.", "reForge"))
    return next((name for start, name in known if str(version).startswith(start)), "Forge")


def send_targets() -> tuple[str, ...]:
    """The tabs of the buttons that `add_paste_buttons` has made, in their order."""
    return _targets if in_webui() else ()


def add_paste_buttons(infotext_box: Any, picture: Any) -> None:
    """The host's own "Send to ..." buttons, here in the layout.

    They take the infotext from the box and the picture at its own size.
    """
    global _targets
    paste = find_paste_module()
    _targets = _find_send_tabs(paste)
    buttons = paste.create_buttons(list(_targets))
    for tab, button in buttons.items():
        paste.register_paste_params_button(
            paste.ParamBinding(
                paste_button=button,
                tabname=tab,
                source_text_component=infotext_box,
                source_image_component=picture,
            )
        )


def fill_empty_prompts() -> None:
    """Forge Neo takes a field's kind from its value: on its first start that of prompts is None,
    and no text arrives there, by its own buttons neither."""
    for tab in getattr(find_paste_module(), "paste_fields", {}).values():
        for field in tab["fields"] or ():
            component = field[0]
            if type(component).__name__.endswith("Textbox") and component.value is None:
                component.value = ""


def find_paste_module() -> Any:
    """The host's module of "Send to ..."; in SD.Next it has its old name."""
    from modules import infotext_utils

    if hasattr(infotext_utils, "create_buttons"):
        return infotext_utils
    from modules import generation_parameters_copypaste

    return generation_parameters_copypaste


def _find_send_tabs(paste: Any) -> tuple[str, ...]:
    """Those that this host has: the name of another one stops some hosts at their start."""
    from modules import shared

    known = getattr(paste, "paste_fields", None) or _TABS
    found = tuple(tab for tab in _TABS if tab in known)
    if "control" in found and getattr(shared.opts, "theme_type", "") == "Modern":
        return tuple(tab for tab in found if tab in ("control", "extras"))  # the others are hidden
    return found


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
    component: tuple[Any, dict[str, Any]],
) -> None:
    """One of our values on the host's settings page, under its own name.

    component: a gradio class, None for the one that the default's type says, and its arguments.
    """
    from modules import shared

    kind, arguments = component
    info = shared.OptionInfo(default, label, kind, arguments, section=section, onchange=on_change)
    shared.opts.add_option(option_key(name), info)


def keep_out_of_ui_config(blocks: Any) -> None:
    """A WebUI would remember our components' first values, and bring them back for ever."""
    for component in blocks.blocks.values():
        component.do_not_save_to_config = True
