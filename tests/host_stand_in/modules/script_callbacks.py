"""Callbacks of extensions, forgotten at each "Reload UI"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

callbacks: dict[str, list[Callable[..., Any]]] = {}


def _adder(event: str) -> Callable[[Callable[..., Any]], None]:
    def add(callback: Callable[..., Any]) -> None:
        callbacks.setdefault(event, []).append(callback)

    return add


on_before_reload = _adder("before_reload")
on_script_unloaded = _adder("script_unloaded")
on_before_ui = _adder("before_ui")
on_ui_settings = _adder("ui_settings")
on_ui_tabs = _adder("ui_tabs")
on_app_started = _adder("app_started")
on_image_saved = _adder("image_saved")
