"""Settings, and the API key, which goes in and never comes out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ... import civitai, host, local_models, setting
from ...core import expand_folder, PartialFile
from ...errors import DiskError, InputError, NeedsKey, SettingError
from ...http_client import CivitaiHttpClient
from ...i18n import messages
from ...jobs import checked_template, FIELDS, name_for
from ...library import recent_models, records
from ..http import Asked, Far, lock_of, Refusal
from .bootstrap import key_state, settings_view
from .dependencies import client
from .jobs import facts_of

__all__ = ["CHECKS", "keep_key", "keep_settings", "names", "test_key"]

_FOLDER = "download_images_folder"
# What becomes of a text that is typed; each raises InputError.
CHECKS: dict[str, Callable[[str], str]] = {
    "saved_name": checked_template,
    "proxy": host.checked_proxy,
    "model_folders": local_models.checked_folders,
}
_SHOWN_NAMES = 3
_FORMS = ("{date:%Y-%m}", "{author|nobody}")  # what else a field may be


def keep_settings(asked: Asked) -> dict[str, Any]:
    """`PUT settings`: all of them or none."""
    given = asked.body if isinstance(asked.body, dict) else {}
    unknown = next((name for name in given if name not in setting.BY_NAME), None)
    if unknown is not None:
        raise Refusal(400, "bad_input", field=str(unknown)[:100])
    for name, value in given.items():
        if value != getattr(setting, name):
            _check_lock(asked, name)  # before a folder is tried, and so made
    wanted = {
        name: _checked(setting.BY_NAME[name], value, asked.language)
        for name, value in given.items()
    }
    before = {name: getattr(setting, name) for name in wanted}
    _change(wanted)
    try:
        setting.save()
    except DiskError:
        _change(before)
        raise
    return {"settings": settings_view(asked), "has_models": local_models.has_folders()}


def _checked(entry: setting.Setting, value: Any, language: str) -> Any:
    """Raises Refusal with the words that the field has."""
    try:
        if entry.name == _FOLDER:
            value = _folder(str(value or "").strip())
        elif entry.name in CHECKS:
            value = _taken(entry.name, str(value))
        return entry.checked(value)
    except SettingError as error:
        label = messages.setting_label(entry.name, language)
        words = {"label": label, "low": entry.low, "high": entry.high}
        key = "bad_whole_setting" if isinstance(entry.default, int) else "bad_setting"
        if entry.choices or isinstance(entry.default, (bool, str)):
            key = "bad_choice"
        raise Refusal(400, "bad_input", key, entry.name, **words) from error
    except DiskError as error:
        raise Refusal(400, "disk", "bad_value", entry.name, said=error) from error


def _folder(typed: str) -> str:
    """Where a picture can be saved. Raises Refusal, DiskError."""
    folder = expand_folder(typed)
    if not folder:
        return typed
    if not os.path.isabs(folder):
        example = os.path.join(os.path.expanduser("~"), "pictures")
        raise Refusal(400, "bad_input", "folder_not_absolute", _FOLDER, example=example)
    with PartialFile(folder):
        return typed


def _taken(name: str, typed: str) -> str:
    """Raises Refusal with what is wrong."""
    try:
        return CHECKS[name](typed)
    except InputError as error:
        key = "bad_template" if name == "saved_name" else "bad_value"
        raise Refusal(400, "bad_input", key, name, said=error) from error


def names(asked: Asked) -> dict[str, Any]:
    """`names?template=`: what the pictures read last would be called by it."""
    template = _taken("saved_name", asked.text("template"))
    [(model_id, name)] = recent_models.listed()[:1] or [(None, "")]
    facts = facts_of(name, model_id)
    latest = records.latest(_SHOWN_NAMES)
    return {
        "names": [name_for(template, image, facts) for image in latest],
        "fields": " ".join([*(f"{{{word}}}" for word in FIELDS), *_FORMS]),
    }


def _change(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setting.change(name, value)


def _check_lock(asked: Asked, field: str) -> None:
    """Raises Refusal."""
    if lock := lock_of(asked.request, field):
        raise Refusal(403, lock, field=field)


def keep_key(asked: Asked) -> dict[str, Any]:
    """`PUT key`; "" removes it."""
    _check_lock(asked, "key")
    key = _checked_key(asked)
    setting.save_api_key(key)
    said = "key_saved" if key else "key_removed"
    if setting.civitai_api_key != key:
        said = "key_of_environment"
    return {"key": key_state(asked), "message": asked.words(said)}


def test_key(asked: Asked) -> Any:
    """`POST key/test`: whose key it is; of "" the one that is saved."""
    _check_lock(asked, "key")
    typed = _checked_key(asked)
    if not typed and not setting.civitai_api_key:
        raise Refusal(400, "bad_input", "key_none", "key")
    return Far(lambda: _tested(asked, typed))


def _tested(asked: Asked, typed: str) -> dict[str, str]:
    asking = CivitaiHttpClient(typed) if typed else client()
    try:
        user = civitai.read_username(asking)
    except NeedsKey as error:
        raise Refusal(400, "needs_key", "key_wrong", "key") from error
    said = [asked.words("key_works", user=user)]
    if typed and typed != setting.civitai_api_key:
        said.append(asked.words("key_not_saved"))
    return {"message": " · ".join(said)}


def _checked_key(asked: Asked) -> str:
    try:
        return setting.checked_key(asked.given("key", str) or "")
    except SettingError as error:
        raise Refusal(400, "bad_input", "key_bad", "key") from error
