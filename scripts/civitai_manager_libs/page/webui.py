"""The tab in a WebUI: registered with its callbacks, its settings among the host's own."""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import host, setting, util
from ..errors import CivitaiShortcutError
from ..words import messages

__all__ = ["register"]

_SECTION = ("civitai_shortcut", "Civitai Shortcut")


def register() -> None:
    """At each "Reload UI" anew: the host forgets callbacks, but keeps imported modules."""
    host.register_callbacks(_on_tabs, _on_settings, _on_started)


def _on_tabs() -> list[tuple[Any, str, str]]:
    import gradio as gr

    from . import door

    for problem in setting.load():
        util.printD(problem)
    with gr.Blocks(analytics_enabled=False) as tab:
        door.build()
    host.keep_out_of_ui_config(tab)
    return [(tab, "Civitai Shortcut", "civitai_shortcut")]


def _on_settings() -> None:
    for entry in setting.SETTINGS:
        label = _label(entry.name)
        change = partial(_take, entry.name)
        host.add_option(entry.name, entry.default, label, _SECTION, change, _component(entry))


def _label(name: str) -> str:
    """Return a setting's label in the language of the host's own page."""
    language = messages.language_of_locale({"LANG": host.localization()})
    label = messages.setting_label(name, language)
    is_level = name in ("gallery_level", "blur_level")
    return f"{label} (None = PG, Soft = PG-13, Mature = R)" if is_level else label


def _component(entry: setting.Setting) -> tuple[Any, dict[str, Any]]:
    """Return the gradio class of a setting's field and its arguments.

    A field that is not visible its host lets nobody change, also by a request.
    """
    kind, arguments = _kind(entry)
    return kind, {**arguments, "visible": not host.is_hidden(entry.name)}


def _kind(entry: setting.Setting) -> tuple[Any, dict[str, Any]]:
    """What a WebUI cannot tell from the default's type: choices, bounds, fractions."""
    import gradio as gr

    if entry.choices:
        return gr.Dropdown, {"choices": list(entry.choices)}
    if isinstance(entry.default, (bool, str)):
        return None, {}
    whole = {"precision": 0} if isinstance(entry.default, int) else {}
    return gr.Number, {"minimum": entry.low, "maximum": entry.high, **whole}


def _take(name: str) -> None:
    """A value was changed on the host's settings page; one out of bounds is not taken."""
    from .api import CHECKS

    options = host.options() or {}
    try:
        setting.change(name, CHECKS.get(name, lambda value: value)(options[name]))
    except CivitaiShortcutError as error:
        util.printD(f"[setting] {error}")


def _on_started(page: Any, app: Any) -> None:
    from .api import add_routes, go_on_with_jobs

    page.blocked_paths = [*(page.blocked_paths or []), *setting.private_places()]
    host.use_in_place(setting.shortcut_gallery_folder)
    host.end_with_page(page)
    host.fill_empty_prompts()
    add_routes(app)
    go_on_with_jobs()
