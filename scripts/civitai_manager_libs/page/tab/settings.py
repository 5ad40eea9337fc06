"""What the tab does with settings and the API key, which goes in and never comes out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ... import civitai, civitai_gallery_action, host, setting
from ...errors import CivitaiShortcutError, DiskError, NeedsKey, SettingError
from ...ground import PartialFile
from ...http_client import CivitaiHttpClient
from ...words import messages
from .state import Tab
from .told import status_line, told

__all__ = ["on_remove_key", "on_save_key", "on_save_settings", "on_test_key"]

# Handlers answer {name of a component: its new value}


def on_save_key(tab: Tab, key: str | None) -> dict[str, str]:
    """The box is empty again at once, whatever came of it."""
    key = (key or "").strip()
    if not key:
        return {"key_box": "", "key_status": _line(tab, "key_empty", "failed")}
    try:
        setting.save_api_key(_checked_key(key, tab.state.language))
    except CivitaiShortcutError as error:
        return {"key_box": "", "key_status": told(error, tab.state.language)}
    wins = setting.civitai_api_key != key
    said = "key_of_environment" if wins else "key_saved"
    return {"key_box": "", "key_status": _line(tab, said)}


def on_remove_key(tab: Tab) -> dict[str, str]:
    setting.save_api_key("")
    said = "key_of_environment" if setting.civitai_api_key else "key_removed"
    return {"key_box": "", "key_status": _line(tab, said)}


def on_test_key(tab: Tab, typed: str | None) -> dict[str, str]:
    """Ask Civitai whose key it is: the one in the box, else the one that is saved."""
    typed = _checked_key(typed or "", tab.state.language)
    if not typed and not setting.civitai_api_key:
        return {"key_status": _line(tab, "key_none", "failed")}
    client = CivitaiHttpClient(typed) if typed else civitai_gallery_action.get_http_client()
    language = tab.state.language
    try:
        user = civitai.read_user(client)
    except NeedsKey:
        host.warn(messages.text("key_wrong", language))
        return {"key_status": _line(tab, "key_wrong", "failed")}
    said = [messages.text("key_works", language, user=user.username)]
    if typed and typed != setting.civitai_api_key:
        said.append(messages.text("key_not_saved", language))
    return {"key_status": status_line(" · ".join(said))}


def _checked_key(typed: str, language: str) -> str:
    try:
        return setting.checked_key(typed)
    except SettingError as error:
        if language == "en":  # its own sentence says more
            raise
        raise SettingError(messages.text("key_bad", language)) from error


def on_save_settings(tab: Tab, *values: Any) -> dict[str, str]:
    """All or none of them, in the order of `setting.SETTINGS`."""
    language = tab.state.language
    wanted = {e.name: _checked(e, v, language) for e, v in zip(setting.SETTINGS, values)}
    before = {name: getattr(setting, name) for name in wanted}
    _change(wanted)
    try:
        setting.save()
    except DiskError:
        _change(before)
        raise
    return {"settings_status": _line(tab, "settings_saved")}


def _checked(entry: setting.Setting, value: Any, language: str) -> Any:
    """Raises SettingError with the words that the field has."""
    if entry.name == "gallery_level":
        value = messages.value_of("level", value)
    if entry.name == "download_images_folder":
        value = _folder(str(value or "").strip(), language)
    try:
        return entry.checked(value)
    except SettingError as error:
        label = messages.setting_label(entry.name, language)
        words = {"label": label, "low": entry.low, "high": entry.high}
        key = "bad_whole_setting" if isinstance(entry.default, int) else "bad_setting"
        raise SettingError(messages.text(key, language, **words)) from error


def _folder(typed: str, language: str) -> str:
    """Where a picture can be saved. Raises SettingError, DiskError."""
    folder = os.path.expanduser(typed)
    if not folder:
        return typed
    if not os.path.isabs(folder):
        example = os.path.join(os.path.expanduser("~"), "pictures")
        raise SettingError(messages.text("folder_not_absolute", language, example=example))
    with PartialFile(folder):
        return typed


def _change(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setting.change(name, value)


def _line(tab: Tab, key: str, kind: str = "", **values: str) -> str:
    return status_line(messages.text(key, tab.state.language, **values), kind)
