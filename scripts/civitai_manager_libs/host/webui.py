"""The WebUI that loaded us: its callbacks, stored settings, and the tabs that take an image.

Imports gradio and the WebUI inside functions only: a terminal loads neither.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["fill_empty_prompts", "find_host_name", "find_paste_module", "in_webui"]
__all__ += ["keep_out_of_ui_config", "limit_page_shutdown", "list_send_targets", "make_option_key"]
__all__ += ["read_options", "register_started", "register_tab"]
_GRACE = 5  # seconds for running requests when a host closes its page
_OPTION_PREFIX = "civitai_shortcut_"
_TABS = ("control", "txt2img", "img2img", "inpaint", "extras")
_INPUT_OF_CONTROL = "control_input"  # the image field of SD.Next's tab "control"
_SDNEXT_MODULE = "modules.generation_parameters_copypaste"  # its name in SD.Next alone
_READING_TAB = "pnginfo"  # shows what an image's file says; not in SD.Next


def in_webui() -> bool:
    """Return whether this package was loaded by a WebUI and does not run alone."""
    return "modules.script_callbacks" in sys.modules


def make_option_key(name: str) -> str:
    """Return the name under which a WebUI's settings file stores one of our settings."""
    return f"{_OPTION_PREFIX}{name}"


def read_options() -> dict[str, Any] | None:
    """Return our settings that older versions stored in the WebUI's settings file, by name.

    Return None without a WebUI.
    """
    if not in_webui():
        return None
    from modules import shared

    return {
        key.removeprefix(_OPTION_PREFIX): value
        for key, value in shared.opts.data.items()
        if key.startswith(_OPTION_PREFIX)
    }


def find_host_name() -> str:
    """Return the name of the running WebUI, such as "Forge Neo"; "" without a WebUI."""
    if not in_webui():
        return ""
    if "modules_forge" in sys.modules:
        return _find_forge_name()
    return "SD.Next" if find_paste_module().__name__ == _SDNEXT_MODULE else "AUTOMATIC1111"


def _find_forge_name() -> str:
    """Return the name of the running variant of Forge, such as "reForge"."""
    version = getattr(sys.modules.get("modules_forge.forge_version"), "version", "")
    known = (("neo", "Forge Neo"), ("classic", "Forge Classic"), ("1.", "reForge"))
    return next((name for start, name in known if str(version).startswith(start)), "Forge")


def fill_empty_prompts() -> None:
    """Set the WebUI's empty prompt boxes to "" instead of None, so that an infotext fills them."""
    # Forge Neo takes a field's type from its value, and fills no field whose value is None.
    for tab in getattr(find_paste_module(), "paste_fields", {}).values():
        for field in tab["fields"] or ():
            component = field[0]
            if type(component).__name__.endswith("Textbox") and component.value is None:
                component.value = ""


def find_paste_module() -> Any:
    """Return the Python module of the WebUI that fills the fields of tabs from an infotext."""
    from modules import infotext_utils

    if hasattr(infotext_utils, "paste_fields"):
        return infotext_utils
    from modules import generation_parameters_copypaste

    return generation_parameters_copypaste


def list_send_targets() -> tuple[str, ...]:
    """Return the WebUI's tabs to which an image can be sent, such as "txt2img".

    They are in the order of the page's buttons. "control_input" is the tab "control" with the image
    in its input, which makes SD.Next generate from the image. Return () without a WebUI.
    """
    if not in_webui():
        return ()
    from modules import shared

    paste = find_paste_module()
    known = getattr(paste, "paste_fields", None) or _TABS
    found = [tab for tab in _TABS if tab in known]
    if "control" in found:
        # SD.Next's modern theme hides the other tabs.
        if getattr(shared.opts, "theme_type", "") == "Modern":
            found = [tab for tab in found if tab in ("control", "extras")]
        found.insert(1, _INPUT_OF_CONTROL)
    return tuple(found if paste.__name__ == _SDNEXT_MODULE else [*found, _READING_TAB])


def register_tab(on_tabs: Callable[[], list[Any]]) -> None:
    """Register a function that returns our tabs; the WebUI calls it whenever it builds its page."""
    from modules import script_callbacks

    script_callbacks.on_ui_tabs(on_tabs)


def register_started(on_started: Callable[[Any, Any], None]) -> None:
    """Register a function that the WebUI calls as soon as it serves its page.

    on_started: called with the page (gradio's Blocks) and the app (FastAPI).
    """
    from modules import script_callbacks

    script_callbacks.on_app_started(on_started)


def keep_out_of_ui_config(blocks: Any) -> None:
    """Keep our components out of `ui-config.json`, from which the WebUI restores old values.

    blocks: the gradio Blocks that contain our components.
    """
    for component in blocks.blocks.values():
        component.do_not_save_to_config = True


def limit_page_shutdown(page: Any) -> None:
    """Make the page's server wait at most five seconds for running requests when it closes.

    Only gradio 3 needs this: a WebUI's "Reload UI" would wait forever. page: gradio's Blocks.
    """
    import gradio

    config: Any = getattr(getattr(page, "server", None), "config", None)
    is_old = int(gradio.__version__.split(".", 1)[0]) < 4
    if is_old and getattr(config, "timeout_graceful_shutdown", 0) is None:
        config.timeout_graceful_shutdown = _GRACE
