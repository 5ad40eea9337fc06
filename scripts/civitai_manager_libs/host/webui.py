"""The WebUI that loaded us: its callbacks, settings and "Send to ..." buttons.

Imports gradio and the WebUI inside functions only: a terminal loads neither.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from .gradio_compat import hide_clicks

__all__ = ["add_option", "add_paste_buttons", "fill_empty_prompts", "find_paste_module"]
__all__ += ["host_name", "in_webui", "keep_out_of_ui_config", "localization", "option_key"]
__all__ += ["read_options", "register_callbacks", "send_targets"]
_OPTION_PREFIX = "civitai_shortcut_"
_TABS = ("control", "txt2img", "img2img", "inpaint", "extras")

_targets: tuple[str, ...] = ()


def in_webui() -> bool:
    """Return whether a WebUI has loaded this package."""
    return "modules.script_callbacks" in sys.modules


def option_key(name: str) -> str:
    """Return the name under which the WebUI stores one of our settings."""
    return f"{_OPTION_PREFIX}{name}"


def localization() -> str:
    """Return the name of the language file that the WebUI uses, "" for English."""
    from modules import shared

    name = shared.opts.data.get("localization", "")
    return name if isinstance(name, str) and name != "None" else ""


def read_options() -> dict[str, Any] | None:
    """Return the values of our settings that the WebUI stores, None without a WebUI.

    The keys are our names of the settings.
    """
    if not in_webui():
        return None
    from modules import shared

    return {
        key.removeprefix(_OPTION_PREFIX): value
        for key, value in shared.opts.data.items()
        if key.startswith(_OPTION_PREFIX)
    }


def host_name() -> str:
    """Return the WebUI's name for users, such as "Forge Neo"; "" without a WebUI."""
    if not in_webui():
        return ""
    if "modules_forge" in sys.modules:
        return _forge_name()
    module: str = find_paste_module().__name__
    return "SD.Next" if module.endswith("generation_parameters_copypaste") else "AUTOMATIC1111"


def _forge_name() -> str:
    """Return the name of the running Forge: "Forge" itself or one of its forks."""
    version = getattr(sys.modules.get("modules_forge.forge_version"), "version", "")
    known = (("neo", "Forge Neo"), ("classic", "Forge Classic"), ("1.", "reForge"))
    return next((name for start, name in known if str(version).startswith(start)), "Forge")


def send_targets() -> tuple[str, ...]:
    """Return the tabs to which our "Send to ..." buttons lead, in the order of the buttons."""
    return _targets if in_webui() else ()


def add_paste_buttons(infotext_box: Any, image: Any) -> None:
    """Add the WebUI's own "Send to ..." buttons to the current gradio layout.

    infotext_box, image: the gradio components whose values a button sends to another tab.
    """
    global _targets
    paste = find_paste_module()
    _targets = _find_send_tabs(paste)
    buttons = paste.create_buttons(list(_targets))
    for tab, button in buttons.items():
        hide_clicks(button)  # each load of a Forge's page would list all fields that it fills
        paste.register_paste_params_button(
            paste.ParamBinding(
                paste_button=button,
                tabname=tab,
                source_text_component=infotext_box,
                source_image_component=image,
            )
        )


def fill_empty_prompts() -> None:
    """Set empty prompt boxes to "" instead of None, so that "Send to ..." can fill them."""
    # Forge Neo takes a field's type from its value, and fills no field whose value is None.
    for tab in getattr(find_paste_module(), "paste_fields", {}).values():
        for field in tab["fields"] or ():
            component = field[0]
            if type(component).__name__.endswith("Textbox") and component.value is None:
                component.value = ""


def find_paste_module() -> Any:
    """Return the WebUI's Python module that makes "Send to ..." buttons."""
    from modules import infotext_utils

    if hasattr(infotext_utils, "create_buttons"):
        return infotext_utils
    from modules import generation_parameters_copypaste  # SD.Next keeps the old name

    return generation_parameters_copypaste


def _find_send_tabs(paste: Any) -> tuple[str, ...]:
    """Return the names of the tabs to which this WebUI can send an image."""
    # Some WebUIs fail to start if a button names a tab that they do not have.
    from modules import shared

    known = getattr(paste, "paste_fields", None) or _TABS
    found = tuple(tab for tab in _TABS if tab in known)
    # SD.Next's modern theme hides the other tabs.
    if "control" in found and getattr(shared.opts, "theme_type", "") == "Modern":
        return tuple(tab for tab in found if tab in ("control", "extras"))
    return found


def register_callbacks(
    on_tabs: Callable[[], list[Any]],
    on_settings: Callable[[], None],
    on_started: Callable[[Any, Any], None],
) -> None:
    """Register functions for the WebUI to call while it builds its page.

    on_tabs: returns our tabs. on_settings: adds our settings. on_started: called with the page
    (gradio's Blocks) and the app (FastAPI) when they are served.
    """
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
    """Add one of our settings to the WebUI's settings page.

    label: the text beside the field. section: (id, title) of the page's section. component: (gradio
    class, its keyword arguments); the WebUI chooses the class if it is None. on_change: called
    after the user changes the setting.
    """
    from modules import shared

    component_class, arguments = component
    info = shared.OptionInfo(
        default, label, component_class, arguments, section=section, onchange=on_change
    )
    shared.opts.add_option(option_key(name), info)


def keep_out_of_ui_config(blocks: Any) -> None:
    """Leave our components out of `ui-config.json`, from which a WebUI restores old values."""
    for component in blocks.blocks.values():
        component.do_not_save_to_config = True
