"""The settings, the API key, and the paths of our files.

Each setting is a module attribute, read when it is used (`setting.http_timeout`), so that the next
call sees a change; `change` checks and sets a value. Settings are stored in `settings.json` of the
data folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from . import host
from .core import as_integer, as_number, back_up_invalid_file, cache_file_name, expand_folder
from .core import LEVELS, lock_file, make_folder_private, open_to_read, read_json_object
from .core import remove_if_present, remove_leftovers, write_text_file
from .errors import DiskError, SettingError
from .i18n import LANGUAGES

HOSTS = ("civitai.com", "civitai.red")  # which serve the same API; one may hold ratings back
RENDITIONS = (96, 320, 450, 512, 800, 1200, 1600, 2200)  # pixels; the widths that Civitai offers
_Value = bool | int | float | str
_SHOWN = 60  # characters of a refused value in the message


@dataclass(frozen=True)
class SettingSpec:
    """The allowed values of a setting; all have the type of the default.

    group: in which the page shows it. low, high: the bounds of a number. choices: the allowed
    strings, () for any. is_private: whether the value, such as a folder, is shown only to users who
    may change it. is_basic: whether most users may want to change it.
    """

    group: str
    name: str
    default: _Value
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    is_private: bool = False
    is_basic: bool = False

    def validate(self, value: Any) -> _Value:
        """Return a value as the setting's type; raise SettingError if it is not allowed."""
        if isinstance(self.default, bool):
            allowed = "true or false"
            if isinstance(value, bool):
                return value
        elif isinstance(self.default, str):
            allowed = f"one of {', '.join(self.choices)}"
            allowed = allowed if self.choices else "text without invalid characters"
            is_text = isinstance(value, str) and value == value.encode("utf-8", "ignore").decode()
            if is_text and (not self.choices or value in self.choices):
                return str(value)
        else:
            is_whole = isinstance(self.default, int)
            allowed = (
                f"{'a whole number' if is_whole else 'a number'} from {self.low} to {self.high}"
            )
            number = as_integer(value) if is_whole else as_number(value)
            if number is not None and self.low <= number <= self.high:
                return number
        shown = repr(value)
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
        raise SettingError(f"{self.name} must be {allowed}, not {shown}.")

    def accepts(self, value: Any) -> bool:
        """Return whether a value is allowed."""
        try:
            self.validate(value)
        except SettingError:
            return False
        return True


SETTINGS: list[SettingSpec] = []
_T = TypeVar("_T", bool, int, float, str)


def _define(
    group: str,
    name: str,
    default: _T,
    low: float = 0,
    high: float = 0,
    choices: Iterable[str] = (),
    is_private: bool = False,
    is_basic: bool = False,
) -> _T:
    """Add a setting to SETTINGS, and return its default value."""
    spec = SettingSpec(group, name, default, low, high, tuple(choices), is_private, is_basic)
    SETTINGS.append(spec)
    return default


# Their labels are in `i18n/languages`. Sizes are in MB, times in seconds.
gallery_level = _define("page", "gallery_level", "None", choices=LEVELS, is_basic=True)
# Images above it are blurred.
blur_level = _define("page", "blur_level", "XXX", choices=LEVELS, is_basic=True)
shows_popular = _define("page", "shows_popular", True, is_basic=True)
usergallery_preloading = _define("page", "usergallery_preloading", True)
# Beside a host's own; several with ; between.
model_folders = _define("page", "model_folders", "", is_private=True, is_basic=True)
watch_daily = _define("page", "watch_daily", True, is_basic=True)
# Once a month, where galleries are watched.
check_favourites = _define("page", "check_favourites", True)
# Used where no browser names a language.
language = _define("page", "language", "auto", choices=("auto", *LANGUAGES))

MOST_IMAGES = 1_000_000  # of one gallery: without a limit
gallery_download_limit = _define(
    "saving", "gallery_download_limit", 200, 1, MOST_IMAGES, is_basic=True
)
save_infotext = _define("saving", "save_infotext", True, is_basic=True)
save_record = _define("saving", "save_record", True)
adds_lora_tags = _define("saving", "adds_lora_tags", True)
embeds_infotext = _define("saving", "embeds_infotext", False)
save_workflow = _define("saving", "save_workflow", False)
# Empty: the usual folder.
download_images_folder = _define(
    "saving", "download_images_folder", "", is_private=True, is_basic=True
)
# For images made again here; empty: `made_here` in the folder for saved images.
made_images_folder = _define("saving", "made_images_folder", "", is_private=True)
# A template of `jobs.filename_template`.
saved_name = _define("saving", "saved_name", "{model}/user_gallery_images/{id}")
saved_quality = _define(
    "saving", "saved_quality", "original", choices=("original", *map(str, RENDITIONS))
)
gallery_max_image_mb = _define("saving", "gallery_max_image_mb", 200, 1, 100_000)
gallery_max_video_mb = _define("saving", "gallery_max_video_mb", 1024, 1, 100_000)
gallery_disk_reserve_mb = _define("saving", "gallery_disk_reserve_mb", 1024, 0, 10_000_000)

# Connections that share a large model file; Civitai's storage serves each at its own speed.
model_connections = _define("models", "model_connections", 4, 1, 8)
# Which file of a version is taken if the image names none; "": any precision.
model_precision = _define(
    "models", "model_precision", "fp16", choices=("fp16", "bf16", "fp32", "fp8", "")
)
model_prefers_pruned = _define("models", "model_prefers_pruned", True)
# Subfolders of the folder for a kind of model: a template of `model_files`; empty: none.
model_folder_template = _define("models", "model_folder_template", "")
# Asked for files that Civitai no longer has; empty: none.
model_archive = _define("models", "model_archive", "", is_private=True)
# Text encoders for Flux and SD3 in ComfyUI, with ; between; empty: those with the usual names.
engine_encoders = _define("models", "engine_encoders", "")
model_civitai_info = _define("models", "model_civitai_info", True)
model_preview = _define("models", "model_preview", True)
model_card = _define("models", "model_card", True)

civitai_host = _define("network", "civitai_host", HOSTS[0], choices=HOSTS, is_basic=True)
gallery_jobs_at_once = _define("network", "gallery_jobs_at_once", 4, 1, 16)
gallery_max_concurrent_downloads = _define("network", "gallery_max_concurrent_downloads", 3, 1, 16)
# KB a second of all jobs together; 0: no limit.
gallery_max_rate_kb = _define("network", "gallery_max_rate_kb", 0.0, 0, 10_000_000)
gallery_cache_mb = _define("network", "gallery_cache_mb", 2048, 10, 10_000_000)
# Records that the library holds beside those that the user marked.
library_records = _define("network", "library_records", 200_000, 1_000, 10_000_000)
# Programs that make images, beside those found on this machine; several with ; between.
engine_addresses = _define("network", "engine_addresses", "", is_private=True)
# Empty: that of the environment; see `network.validate_proxy`.
proxy = _define("network", "proxy", "", is_private=True)
http_timeout = _define("network", "http_timeout", 20, 1, 600)
gallery_download_timeout = _define("network", "gallery_download_timeout", 30, 1, 600)
http_max_retries = _define("network", "http_max_retries", 3, 0, 20)
http_retry_delay = _define("network", "http_retry_delay", 1.0, 0, 60)
gallery_download_batch_size = _define("network", "gallery_download_batch_size", 5, 1, 100)
gallery_batch_pause = _define("network", "gallery_batch_pause", 0.5, 0, 60)

BY_NAME = {entry.name: entry for entry in SETTINGS}
_loaded = {entry.name: entry.default for entry in SETTINGS}  # values when last read or written
# Older versions stored settings in the host's file. A name in `settings.json` tells which are still
# read from there: these three, or, with the second name, none.
_LAST_IN_HOST = ("gallery_level", "model_folders", "download_images_folder")
_THREE_IN_HOST, _NONE_IN_HOST = "saved_in_host", "none_in_host"
# How the names of our own files in the data folder begin.
_OWN_NAMES = (
    *("settings.json", "recent.json", "hidden.json", "model_hashes.json", "api_key", "gallery.db"),
    *("engine_logins.json", "engine_options.json", "library.db", "sc_gallery", "sc_kept"),
    *("locks", "outputs", ".civitai-shortcut-"),
)
civitai_api_key = ""
shortcut_gallery_folder = os.path.join(host.find_default_data_folder(), "sc_gallery")


def data_folder() -> str:
    """Return the folder that holds our settings, cache and databases."""
    return host.find_default_data_folder()


def data_path(name: str) -> str:
    """Return the path of a file or folder in the data folder, whose name `_OWN_NAMES` must have."""
    return os.path.join(data_folder(), name)


def database_file() -> str:
    """Return the path of the jobs database."""
    return data_path("gallery.db")


def library_file() -> str:
    """Return the path of the library database."""
    return data_path("library.db")


def thumbnails_folder() -> str:
    """Return the folder with the thumbnails of favourites and collections."""
    return data_path("sc_kept")


def private_paths() -> list[str]:
    """Return what the WebUI must not serve: the data folder, the key's file, what links lead to."""
    paths = (data_folder(), host.find_key_file())
    return sorted({*paths, *map(os.path.realpath, paths)})


def saved_images_folder() -> str:
    """Return the folder below which downloaded images are saved."""
    default = os.path.join("outputs", "download-images")
    return expand_folder(download_images_folder) or data_path(default)


def made_folder() -> str:
    """Return the folder for images that were made again here."""
    return expand_folder(made_images_folder) or os.path.join(saved_images_folder(), "made_here")


def reserved_bytes() -> int:
    """Return how many bytes of disk space downloads must leave free."""
    return gallery_disk_reserve_mb * 1024 * 1024


def base_url() -> str:
    """Return Civitai's URL without a final slash; CIVITAI_BASE_URL in the environment wins."""
    return (os.environ.get("CIVITAI_BASE_URL") or f"https://{civitai_host}").rstrip("/")


def is_on_civitai(base: str) -> bool:
    """Return whether a base URL is that of one of Civitai's hosts, which have the same images."""
    return base in [f"https://{name}" for name in HOSTS]


def get_image_url_to_gallery_file(url: str) -> str:
    """Return the path at which an image with this URL is cached; the file may not exist."""
    return os.path.join(shortcut_gallery_folder, cache_file_name(url))


def change(name: str, value: Any) -> None:
    """Set a setting in memory. Raises SettingError for a bad value, KeyError for the name."""
    globals()[name] = BY_NAME[name].validate(value)


def restore() -> None:
    """Set every setting to its default. Nothing is written to the disk."""
    globals().update({entry.name: entry.default for entry in SETTINGS})


def load() -> list[str]:
    """Load the stored settings and the API key; return a sentence for the user for each problem.

    A setting with an invalid value gets its default; unknown names are ignored. A damaged
    `settings.json` is renamed to `settings.json.damaged`; a file with invalid values is copied to
    that name. A missing data folder is created, readable by its owner alone.
    """
    make_folder_private(data_folder(), _OWN_NAMES)
    for folder in (data_folder(), os.path.dirname(host.find_key_file())):
        remove_leftovers(folder)  # temporary files of killed programs may contain the key
    problems = []
    try:
        load_api_key()
    except SettingError as error:
        problems.append(str(error))
    stored: dict[str, Any] = {}
    try:
        stored = read_json_object(data_path("settings.json"))
    except SettingError as error:
        problems.append(str(error))
    invalid = _apply_values(stored)
    problems += invalid
    if invalid:
        problems.append(back_up_invalid_file(data_path("settings.json")))
    _loaded.update({entry.name: globals()[entry.name] for entry in SETTINGS})
    options = dict[str, Any]()
    if _NONE_IN_HOST not in stored:
        names = _LAST_IN_HOST if _THREE_IN_HOST in stored else BY_NAME.keys()
        stated = host.read_options() or {}
        options = {name: value for name, value in stated.items() if name in names}
    problems += _apply_values(options)
    try:
        if options:
            save()
    except DiskError as error:
        problems.append(str(error))
    return problems


def _apply_values(values: Mapping[str, Any]) -> list[str]:
    """Set settings by name, invalid ones to their defaults; return a sentence for each of these."""
    problems = []
    for name in BY_NAME.keys() & values.keys():
        try:
            change(name, values[name])
        except SettingError as error:
            globals()[name] = BY_NAME[name].default
            problems.append(f"{error} The default is used instead: set it again.")
    return sorted(problems)


def save() -> None:
    """Write the changed settings to `settings.json`, replacing the file in one step.

    Settings that this process has not changed since it loaded them keep the file's values, which
    another program may have changed, and become current here too. Raises DiskError.
    """
    path = data_path("settings.json")
    with lock_file(path):
        try:
            values = read_json_object(path)
        except SettingError:  # damaged: all settings are written
            values = {}
        for entry in SETTINGS:
            own = globals()[entry.name]
            if own != _loaded[entry.name] or not entry.accepts(values.get(entry.name)):
                values[entry.name] = own
        if host.in_webui():
            values[_NONE_IN_HOST] = True
        write_text_file(path, json.dumps(values, indent=2, ensure_ascii=False))
    _apply_values(values)
    _loaded.update({entry.name: globals()[entry.name] for entry in SETTINGS})


def load_api_key() -> None:
    """Set `civitai_api_key` from the variable CIVITAI_API_KEY, or else from the key's file.

    If the file cannot be read, set the key to "" and raise SettingError.
    """
    global civitai_api_key
    try:
        civitai_api_key = os.environ.get("CIVITAI_API_KEY", "").strip() or _read_key_file()
    except SettingError:
        civitai_api_key = ""
        raise


def validate_key(key: str) -> str:
    """Check an API key and return it without surrounding spaces; "" means no key.

    Raises SettingError if the text cannot be an API key.
    """
    key = key.strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key and len(key) < 1000):
        raise SettingError(
            "This is not an API key: copy it again from your Civitai account settings."
        )
    return key


def save_api_key(key: str) -> None:
    """Write the API key to its file and use it; "" deletes the file.

    Only the file's owner may read it. If the environment variable CIVITAI_API_KEY is set, its key
    is used instead. Raises SettingError for an invalid key, and DiskError if the file cannot be
    written.
    """
    key = validate_key(key)
    if key:
        write_text_file(host.find_key_file(), key, private=True)
    else:
        remove_if_present(host.find_key_file())
    load_api_key()


def _read_key_file() -> str:
    path = host.find_key_file()
    try:
        with open_to_read(path) as file:
            return file.read(1000).decode("utf-8-sig").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingError(f"The API key cannot be read ({path}: {error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise SettingError(f"There is no API key in {path}: save it again.") from error
