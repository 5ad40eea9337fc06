"""The tab in a WebUI, and our settings on the WebUI's settings page."""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import host, setting, util
from ..errors import CivitaiShortcutError
from ..i18n import messages

__all__ = ["register_tab"]

_SECTION = ("civitai_shortcut", "Civitai Shortcut")


def register_tab() -> None:
    """Register our tab in the WebUI. Call this again after "Reload UI", which forgets callbacks."""
    host.register_callbacks(_on_tabs, _on_settings, _on_started)
    host.register_image_saved(_on_image_saved)


def _on_tabs() -> list[tuple[Any, str, str]]:
    import gradio as gr

    from . import gradio_bridge

    for problem in setting.load():
        util.printD(problem)
    with gr.Blocks(analytics_enabled=False) as tab:
        gradio_bridge.build_tab()
    host.keep_out_of_ui_config(tab)
    return [(tab, "Civitai Shortcut", "civitai_shortcut")]


def _on_settings() -> None:
    for name in setting.ON_HOST_PAGE:
        default, change = setting.BY_NAME[name].default, partial(_apply_option, name)
        host.add_option(
            name, default, _setting_label(name), _SECTION, change, _choose_component(name)
        )


def _setting_label(name: str) -> str:
    """Return a setting's label in the language of the WebUI's page."""
    language = messages.parse_locale_language({"LANG": host.localization()})
    label = messages.setting_label(name, language)
    return f"{label} (None = PG, Soft = PG-13, Mature = R)" if name == "gallery_level" else label


def _choose_component(name: str) -> tuple[Any, dict[str, Any]]:
    """Return (gradio class, keyword arguments) for a setting's field.

    The class is None if the WebUI is to choose it. A setting that users may not change is hidden.
    """
    import gradio as gr

    choices = setting.BY_NAME[name].choices
    kind, arguments = (gr.Dropdown, {"choices": list(choices)}) if choices else (None, {})
    return kind, {**arguments, "visible": not host.is_hidden(name)}


def _apply_option(name: str) -> None:
    """Apply a value from the WebUI's settings page; log an invalid value and ignore it."""
    from .routes import CHECKS

    options = host.read_options() or {}
    try:
        check = CHECKS.get(name)
        setting.change(name, check(options[name]) if check else options[name])
    except CivitaiShortcutError as error:
        util.printD(f"[setting] {error}")


def _on_image_saved(image: Any, path: str, infotext: str) -> None:
    from ..library import reproductions

    reproductions.receive_image(image, path, infotext)


def _on_started(page: Any, app: Any) -> None:
    from .routes import add_routes, resume_work

    page.blocked_paths = [*(page.blocked_paths or []), *setting.private_paths()]
    host.limit_page_shutdown(page)
    host.fill_empty_prompts()
    add_routes(app)
    resume_work()
