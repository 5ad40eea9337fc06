"""The values a user may change, their bounds, and where files go.

Each value is a module attribute, read when it is used (`setting.http_timeout`), so that a change
is seen by the next call. `change` is the checked way to set one; `load` and `save` keep them
in `settings.json` of the data folder, or in the host's own settings where there is a host.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from . import host
from .errors import SettingError
from .gallery.images import LEVELS, cache_name
from .partial_file import PartialFile

__all__ = ["SETTINGS", "Setting", "base_url", "change", "get_image_url_to_gallery_file", "load"]
__all__ += ["load_api_key", "save", "save_api_key", "data_folder", "database_file", "restore"]


@dataclass(frozen=True)
class Setting:
    """One value: its default gives its type; numbers have bounds, words may have choices.

    `label` says what it does and its unit, in English; `messages` has it in other languages.
    """

    name: str
    default: bool | int | float | str
    label: str
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()


SETTINGS = (
    Setting("http_timeout", 20, "Seconds to wait for an answer of Civitai's API", 1, 600),
    Setting("http_max_retries", 3, "Further tries after a failed request", 0, 20),
    Setting("http_retry_delay", 1.0, "Seconds before another try (doubling)", 0, 60),
    Setting("gallery_download_timeout", 30, "Seconds an image host may be silent", 1, 600),
    Setting("gallery_max_concurrent_downloads", 3, "Downloads at the same time", 1, 16),
    Setting("gallery_download_batch_size", 5, "Pictures in one batch", 1, 100),
    Setting("gallery_batch_pause", 0.5, "Seconds between batches", 0, 60),
    Setting("gallery_max_image_mb", 200, "Largest image to download (MB)", 1, 100_000),
    Setting("gallery_max_video_mb", 1024, "Largest video to download (MB)", 1, 100_000),
    Setting("gallery_disk_reserve_mb", 1024, "Disk space always left free (MB)", 0, 10_000_000),
    Setting("gallery_cache_mb", 2048, "Largest size of the picture cache (MB)", 10, 10_000_000),
    Setting("gallery_columns", 6, "Columns of the gallery", 1, 12),
    Setting("gallery_rows", 2, "Rows of the gallery", 1, 12),
    Setting("gallery_level", "None", "Highest rating to show", choices=tuple(LEVELS)),
    Setting("gallery_download_limit", 200, "Pictures of a whole gallery to download", 1, 1_000_000),
    Setting("usergallery_preloading", True, "Load the next page in the background"),
    Setting("save_infotext", True, "Save the infotext (.txt) beside a picture"),
    Setting("save_record", True, "Save Civitai's record (.json) beside a picture"),
    Setting("download_images_folder", "", "Folder for saved pictures (empty: the usual one)"),
    Setting("language", "zh-TW", "Language where no browser tells it", choices=("zh-TW", "en")),
)
_BY_NAME = {entry.name: entry for entry in SETTINGS}
_DEFAULT_BASE_URL = "https://civitai.com"
_MAX_FILE = 1_000_000  # bytes; more is no settings file

http_timeout = 20
http_max_retries = 3
http_retry_delay = 1.0
gallery_download_timeout = 30
gallery_max_concurrent_downloads = 3
gallery_download_batch_size = 5
gallery_batch_pause = 0.5
gallery_max_image_mb = 200
gallery_max_video_mb = 1024
gallery_disk_reserve_mb = 1024
gallery_cache_mb = 2048
gallery_columns = 6
gallery_rows = 2
gallery_level = "None"
gallery_download_limit = 200
usergallery_preloading = True
save_infotext = True
save_record = True
download_images_folder = ""
language = "zh-TW"

civitai_api_key = ""
shortcut_gallery_folder = os.path.join(host.data_folder(), "sc_gallery")


def data_folder() -> str:
    """Where settings, cache, database and (without a host) saved pictures are."""
    return host.data_folder()


def database_file() -> str:
    return os.path.join(data_folder(), "gallery.db")


def saved_pictures_folder() -> str:
    """Where a model's folder of saved pictures is made."""
    return download_images_folder or host.pictures_folder()


def base_url() -> str:
    """Civitai's address without a slash at its end; tests, the demo and mirrors set another."""
    return (os.environ.get("CIVITAI_BASE_URL") or _DEFAULT_BASE_URL).rstrip("/")


def get_image_url_to_gallery_file(url: str) -> str:
    """The path that the cache keeps this URL's picture under, there or not."""
    return os.path.join(shortcut_gallery_folder, cache_name(url))


def change(name: str, value: Any) -> None:
    """Set one value for everyone from now on; SettingError says in a sentence why not."""
    globals()[name] = _checked(name, value)


def restore() -> None:
    """Every value back to its default, in memory."""
    globals().update({entry.name: entry.default for entry in SETTINGS})


def load() -> list[str]:
    """Read the kept values; a sentence for each that could not be taken (its default stays).

    A damaged file is set aside as `settings.json.damaged`, never overwritten.
    """
    load_api_key()
    options = host.options()
    if options is None:
        try:
            options = _read_file()
        except SettingError as error:
            return [str(error)]
    problems = []
    for name, value in options.items():
        if name in _BY_NAME:
            try:
                change(name, value)
            except SettingError as error:
                problems.append(f"{error} Its default is used instead.")
    return problems


def save() -> None:
    """Write the values to `settings.json` in one step. Raises DiskError."""
    values = {entry.name: globals()[entry.name] for entry in SETTINGS}
    _write(_settings_file(), json.dumps(values, indent=2, ensure_ascii=False))


def load_api_key() -> None:
    """Take the key from CIVITAI_API_KEY, else from its own file."""
    global civitai_api_key
    civitai_api_key = os.environ.get("CIVITAI_API_KEY", "").strip() or _stored_key()


def save_api_key(key: str) -> None:
    """Keep the key in its own file, mode 0600; an empty one removes the file.

    Raises SettingError for a key that cannot be one, DiskError when it cannot be written.
    """
    global civitai_api_key
    key = key.strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key and len(key) < 1000):
        raise SettingError("This is no API key: copy it from your Civitai account settings again.")
    path = host.key_file()
    if key:
        _write(path, key, private=True)
    elif os.path.exists(path):
        os.remove(path)
    civitai_api_key = key


def _checked(name: str, value: Any) -> Any:
    entry = _BY_NAME[name]
    if isinstance(entry.default, bool):
        return _checked_bool(entry, value)
    if isinstance(entry.default, str):
        return _checked_word(entry, value)
    try:
        number = type(entry.default)(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    whole = isinstance(entry.default, float) or number == value or str(number) == str(value)
    if (
        number is None
        or isinstance(value, bool)
        or not whole
        or not entry.low <= number <= entry.high
    ):
        kind = "a number" if isinstance(entry.default, float) else "a whole number"
        raise SettingError(
            f"{name} must be {kind} from {entry.low:g} to {entry.high:g}, not {value!r}."
        )
    return number


def _checked_bool(entry: Setting, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SettingError(f"{entry.name} must be true or false, not {value!r}.")
    return value


def _checked_word(entry: Setting, value: Any) -> str:
    if not isinstance(value, str) or (entry.choices and value not in entry.choices):
        known = f"one of {', '.join(entry.choices)}" if entry.choices else "a text"
        raise SettingError(f"{entry.name} must be {known}, not {value!r}.")
    return value


def _settings_file() -> str:
    return os.path.join(data_folder(), "settings.json")


def _read_file() -> dict[str, Any]:
    path = _settings_file()
    try:
        with open(path, encoding="utf-8") as file:
            values = json.loads(file.read(_MAX_FILE))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingError(
            f"The settings file {path} cannot be read ({error.strerror})."
        ) from error
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        os.replace(path, f"{path}.damaged")
        raise SettingError(
            f"The settings file was damaged; it is kept as {path}.damaged, and defaults are used."
        )
    return values


def _stored_key() -> str:
    try:
        with open(host.key_file(), encoding="utf-8") as file:
            return file.read(1000).strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _write(path: str, text: str, private: bool = False) -> None:
    with PartialFile(os.path.dirname(path)) as partial:
        if private:
            partial.make_private()
        partial.write(text.encode("utf-8"))
        partial.commit(path)
