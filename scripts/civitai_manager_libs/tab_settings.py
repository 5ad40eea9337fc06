"""What the tab does with settings and the API key, which goes in and never comes out."""

from __future__ import annotations

from typing import Any

import gradio as gr

from . import civitai_api, civitai_gallery_action, messages, setting
from .errors import CivitaiShortcutError, NeedsKey
from .tab_browse import language_of, status_line, told

__all__ = ["on_remove_key", "on_save_key", "on_save_settings", "on_test_key"]


def on_save_key(key: str, request: gr.Request) -> tuple[str, str]:
    """(key_box, key_status): the box is empty again at once."""
    language = language_of(request)
    if not (key or "").strip():
        return "", status_line(messages.text("key_empty", language), "failed")
    try:
        setting.save_api_key(key)
    except CivitaiShortcutError as error:
        return "", told(error, language)
    return "", status_line(messages.text("key_saved", language))


def on_remove_key(request: gr.Request) -> tuple[str, str]:
    language = language_of(request)
    try:
        setting.save_api_key("")
    except CivitaiShortcutError as error:
        return "", told(error, language)
    return "", status_line(messages.text("key_removed", language))


def on_test_key(request: gr.Request) -> str:
    """Ask Civitai whose key it is."""
    language = language_of(request)
    if not setting.civitai_api_key:
        return status_line(messages.text("key_none", language), "failed")
    try:
        user = civitai_api.read_user(civitai_gallery_action.get_http_client())
    except NeedsKey:
        words = messages.text("key_wrong", language)
        gr.Warning(words)
        return status_line(words, "failed")
    except CivitaiShortcutError as error:
        return told(error, language)
    return status_line(messages.text("key_works", language, user=user.username))


def on_save_settings(request: gr.Request, *values: Any) -> str:
    """All or none of them, in the order of `setting.SETTINGS`."""
    before = {entry.name: getattr(setting, entry.name) for entry in setting.SETTINGS}
    try:
        for entry, value in zip(setting.SETTINGS, values):
            setting.change(entry.name, value)
        setting.save()
    except CivitaiShortcutError as error:
        for name, value in before.items():
            setting.change(name, value)
        return told(error, language_of(request))
    return status_line(messages.text("settings_saved", language_of(request)))
