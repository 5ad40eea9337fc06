"""Routes of the settings and the API key."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, Any, cast, Literal, Union

from typing_extensions import NotRequired, TypedDict

from ... import civitai, engines, model_files, network, setting
from ...core import AtomicFile, expand_folder
from ...errors import DiskError, InputError, NeedsKey, SettingError
from ...http_client import CivitaiHttpClient
from ...i18n import messages
from ...jobs import FIELDS, fill_template, validate_template
from ...library import image_records, models
from ...model_files import validate_folder_template
from ..http import ApiError, change_route, find_lock_reason, LockReason, Most, remote_route
from ..http import RequestContext, route
from .dependencies import get_client
from .jobs import make_naming_context

SettingKind = Literal["number", "whole", "switch", "choice", "text"]
SettingGroup = Literal["page", "saving", "models", "network"]
SettingValue = Union[bool, int, float, Annotated[str, Most(65_536)]]


class Choice(TypedDict):
    value: str
    label: str


class Setting(TypedDict):
    """A setting with its value and form field.

    low, high: the bounds of a number. value: "" for a locked folder or proxy. basic: most users may
    want to change it.
    """

    name: str
    label: str
    kind: SettingKind
    low: float
    high: float
    value: SettingValue
    choices: list[Choice]
    group: SettingGroup
    basic: bool
    locked: LockReason


class KeyState(TypedDict):
    """Whether an API key is saved. from_environment: the variable CIVITAI_API_KEY is set.

    locked: why this request may not change the key, "" if it may. message: what a change has done.
    """

    saved: bool
    from_environment: bool
    locked: LockReason
    message: NotRequired[str]


class SettingsSaved(TypedDict):
    """All settings. has_models: whether folders of model files are known."""

    settings: list[Setting]
    has_models: bool
    civitai_url: str


class FilenamePreview(TypedDict):
    """The file names that a template gives to images. fields: the fields that it may contain."""

    filenames: list[str]
    fields: str


_KINDS: dict[type, SettingKind] = {bool: "switch", int: "whole", float: "number", str: "text"}


def make_key_state(context: RequestContext) -> KeyState:
    """Return whether an API key is saved, and why this request may not change it, "" if it may."""
    return {
        "saved": bool(setting.civitai_api_key),
        "from_environment": bool(os.environ.get("CIVITAI_API_KEY", "").strip()),
        "locked": find_lock_reason(context.request, "key"),
    }


_FOLDERS = ("download_images_folder", "made_images_folder")
# Checks of typed texts by setting: each returns the text to save, or raises InputError.
CHECKS: dict[str, Callable[[str], str]] = {
    "saved_name": validate_template,
    "proxy": network.validate_proxy,
    "engine_addresses": engines.validate_addresses,
    "model_archive": model_files.validate_archive,
    "model_folders": model_files.validate_folders,
    "model_folder_template": validate_folder_template,
}
_SHOWN_NAMES = 3
_FORMS = ("{date:%Y-%m}", "{author|nobody}")  # examples of a field's other forms


@route("GET", "settings")
def get_settings(context: RequestContext) -> SettingsSaved:
    """Return every setting with its value, and why this request may not change it, "" if it may."""
    views, language = list[Setting](), context.language
    for entry in setting.SETTINGS:
        lock = find_lock_reason(context.request, entry.name)
        choices: list[Choice] = [
            {"value": value, "label": messages.get_choice_label(entry.name, value, language)}
            for value in entry.choices
        ]
        views.append(
            {
                "name": entry.name,
                "label": messages.get_setting_label(entry.name, language),
                "kind": "choice" if choices else _KINDS[type(entry.default)],
                "low": entry.low,
                "high": entry.high,
                "value": "" if lock and entry.is_private else getattr(setting, entry.name),
                "choices": choices,
                "group": cast(SettingGroup, entry.group),
                "basic": entry.is_basic,
                "locked": lock,
            }
        )
    return {
        "settings": views,
        "has_models": model_files.has_folders(),
        "civitai_url": setting.base_url(),
    }


@change_route("PUT", "settings")
def put_settings(context: RequestContext, body: dict[str, SettingValue | None]) -> SettingsSaved:
    """Change the settings in the request's body; return all settings.

    Raises ApiError and changes no setting if one value is invalid or may not be changed.
    """
    unknown = next((name for name in body if name not in setting.BY_NAME), None)
    if unknown is not None:
        raise ApiError(400, "bad_input", field=unknown[:100])
    for name, value in body.items():
        # A private value cannot be guessed: the check does not depend on it.
        if setting.BY_NAME[name].is_private or value != getattr(setting, name):
            context.check_lock(name, name)  # before `_validate_folder` creates a folder
    wanted, errors = dict[str, Any](), list[ApiError]()
    for entry in setting.SETTINGS:  # in the order of the settings panel
        if entry.name in body:
            try:
                value = _validate_setting(entry, body[entry.name], context.language)
                wanted[entry.name] = value
            except ApiError as error:
                errors.append(error)
    if errors:
        errors[0].others = errors[1:]
        raise errors[0]
    before = {name: getattr(setting, name) for name in wanted}
    for name, value in wanted.items():
        setting.change(name, value)
    try:
        setting.save()
    except DiskError:
        for name, value in before.items():
            setting.change(name, value)
        raise
    return get_settings(context)


def _validate_setting(entry: setting.SettingSpec, value: Any, language: str) -> Any:
    try:
        if entry.name in _FOLDERS:
            value = _validate_folder(entry.name, str(value or "").strip())
        elif entry.name in CHECKS:
            value = _validate_text(entry.name, str(value))
        return entry.validate(value)
    except SettingError as error:
        label = messages.get_setting_label(entry.name, language)
        words = {"label": label, "low": entry.low, "high": entry.high}
        key = "bad_whole_setting" if isinstance(entry.default, int) else "bad_setting"
        if entry.choices or isinstance(entry.default, (bool, str)):
            key = "bad_choice"
        raise ApiError(400, "bad_input", key, entry.name, **words) from error
    except DiskError as error:
        raise ApiError(400, "disk", "bad_value", entry.name, error=error) from error


def _validate_folder(name: str, text: str) -> str:
    """Return an absolute path in which files can be written, or "", the default."""
    folder = expand_folder(text)
    if not folder:
        return text
    if not os.path.isabs(folder):
        example = os.path.join(os.path.expanduser("~"), "pictures")
        raise ApiError(400, "bad_input", "folder_not_absolute", name, example=example)
    with AtomicFile(folder):
        return text


def _validate_text(name: str, text: str) -> str:
    """Return a setting's text as it is to be saved, for example without surrounding spaces."""
    try:
        return CHECKS[name](text)
    except InputError as error:
        key = "bad_template" if name == "saved_name" else "bad_value"
        raise ApiError(400, "bad_input", key, name, error=error) from error


@route("GET", "filename_preview", "counts")
def preview_names(context: RequestContext) -> FilenamePreview:
    """Return the file names that a template would give to the latest images.

    The template is the query parameter `template`. Raises ApiError if it is invalid.
    """
    template = _validate_text("saved_name", context.query_param("template"))
    model_id, _ = next(iter(models.list_recent_models()), (None, ""))
    facts = make_naming_context(model_id)
    latest = image_records.list_latest_images(_SHOWN_NAMES)
    return {
        "filenames": [fill_template(template, image, facts) for image in latest],
        "fields": " ".join([*(f"{{{word}}}" for word in FIELDS), *_FORMS]),
    }


@change_route("PUT", "key")
def put_key(context: RequestContext, key: str = "") -> KeyState:
    """Save an API key, or delete the saved key for ""; return whether a key is saved."""
    context.check_lock("key", "key")
    key = _validate_key(key)
    setting.save_api_key(key)
    key_of_text = "key_saved" if key else "key_removed"
    if setting.civitai_api_key != key:
        key_of_text = "key_of_environment"
    return {**make_key_state(context), "message": context.translate(key_of_text)}


@remote_route("POST", "key/test")
def test_key(context: RequestContext, key: str = "") -> str:
    """Return a message with the name of the user to whom an API key belongs.

    key: "" for the saved key. Raises ApiError if there is no key, or if Civitai does not accept it.
    """
    context.check_lock("key", "key")
    typed = _validate_key(key)
    if not typed and not setting.civitai_api_key:
        raise ApiError(400, "bad_input", "key_none", "key")
    client = CivitaiHttpClient(typed) if typed else get_client()
    try:
        user = civitai.fetch_username(client)
    except NeedsKey as error:
        raise ApiError(400, "needs_key", "key_wrong", "key") from error
    sentences = [context.translate("key_works", user=user)]
    if typed and typed != setting.civitai_api_key:
        sentences.append(context.translate("key_not_saved"))
    return " · ".join(sentences)


def _validate_key(key: str) -> str:
    try:
        return setting.validate_key(key)
    except SettingError as error:
        raise ApiError(400, "bad_input", "key_bad", "key") from error
