"""What extensions want to be called for; all forgotten at "Reload UI"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

callbacks: dict[str, list[Callable[..., Any]]] = {}


def on_ui_tabs(callback: Callable[[], Any]) -> None:
    callbacks.setdefault("ui_tabs", []).append(callback)


def on_ui_settings(callback: Callable[[], None]) -> None:
    callbacks.setdefault("ui_settings", []).append(callback)


def on_app_started(callback: Callable[[Any, Any], None]) -> None:
    callbacks.setdefault("app_started", []).append(callback)


def call(name: str, *arguments: Any) -> list[Any]:
    return [callback(*arguments) for callback in callbacks.get(name, [])]
