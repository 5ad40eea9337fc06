"""The values a user may change, their bounds, and where files go.

Each value is a module attribute, read when it is used (`setting.http_timeout`), so that a change
is seen by the next call. `change` is the checked way to set one. They are kept in `settings.json`
of the data folder; in a host those of ON_HOST_PAGE are kept by the host.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from . import host
from .core import (
    cache_file_name,
    copy_refused_file,
    expand_folder,
    LEVELS,
    make_folder_private,
    read_json_object,
    remove_if_present,
    remove_leftovers,
    SettingSpec,
    write_text_file,
)
from .errors import DiskError, SettingError
from .i18n import LANGUAGES

__all__ = ["BY_NAME", "GROUPS", "ON_HOST_PAGE", "RENDITIONS", "SETTINGS", "SettingSpec", "base_url"]
__all__ += [
    "change",
    "validate_key",
    "data_folder",
    "database_file",
    "get_image_url_to_gallery_file",
]
__all__ += ["thumbnails_folder", "library_file", "load", "load_api_key", "private_paths"]
__all__ += ["restore", "save", "save_api_key", "saved_pictures_folder"]

RENDITIONS = (96, 320, 450, 512, 800, 1200, 1600, 2200)  # pixels; the widths that the site makes

SETTINGS: list[SettingSpec] = []
# The groups in which the page shows the settings.
GROUPS: dict[str, list[SettingSpec]] = {"page": [], "saving": [], "network": []}
_T = TypeVar("_T", bool, int, float, str)


def _define(
    group: str,
    name: str,
    default: _T,
    low: float = 0,
    high: float = 0,
    choices: Iterable[str] = (),
) -> _T:
    """Add a setting to SETTINGS and to its group; return its default."""
    spec = SettingSpec(name, default, low, high, tuple(choices))
    SETTINGS.append(spec)
    GROUPS[group].append(spec)
    return default


# What each setting does is told in `i18n.labels`. Sizes are in MB, times in seconds.
gallery_level = _define("page", "gallery_level", "None", choices=LEVELS)
blur_level = _define("page", "blur_level", "XXX", choices=LEVELS)  # images above it are blurred
usergallery_preloading = _define("page", "usergallery_preloading", True)
model_folders = _define("page", "model_folders", "")  # beside a host's own; several with ; between
watch_daily = _define("page", "watch_daily", False)
# Used where no browser names a language.
language = _define("page", "language", "auto", choices=("auto", *LANGUAGES))

gallery_download_limit = _define("saving", "gallery_download_limit", 200, 1, 1_000_000)
save_infotext = _define("saving", "save_infotext", True)
save_record = _define("saving", "save_record", True)
adds_lora_tags = _define("saving", "adds_lora_tags", True)
embeds_infotext = _define("saving", "embeds_infotext", False)
save_workflow = _define("saving", "save_workflow", False)
download_images_folder = _define("saving", "download_images_folder", "")  # empty: the usual folder
# A template of `jobs.filename_template`.
saved_name = _define("saving", "saved_name", "{model}/user_gallery_images/{id}")
saved_quality = _define(
    "saving", "saved_quality", "original", choices=("original", *map(str, RENDITIONS))
)
gallery_max_image_mb = _define("saving", "gallery_max_image_mb", 200, 1, 100_000)
gallery_max_video_mb = _define("saving", "gallery_max_video_mb", 1024, 1, 100_000)
gallery_disk_reserve_mb = _define("saving", "gallery_disk_reserve_mb", 1024, 0, 10_000_000)

gallery_jobs_at_once = _define("network", "gallery_jobs_at_once", 4, 1, 16)
gallery_max_concurrent_downloads = _define("network", "gallery_max_concurrent_downloads", 3, 1, 16)
# KB a second of all jobs together; 0: no limit.
gallery_max_rate_kb = _define("network", "gallery_max_rate_kb", 0.0, 0, 10_000_000)
gallery_cache_mb = _define("network", "gallery_cache_mb", 2048, 10, 10_000_000)
# Records that the library holds beside those that the user marked.
library_records = _define("network", "library_records", 200_000, 1_000, 10_000_000)
proxy = _define("network", "proxy", "")  # empty: that of the environment; see `host.validate_proxy`
http_timeout = _define("network", "http_timeout", 20, 1, 600)
gallery_download_timeout = _define("network", "gallery_download_timeout", 30, 1, 600)
http_max_retries = _define("network", "http_max_retries", 3, 0, 20)
http_retry_delay = _define("network", "http_retry_delay", 1.0, 0, 60)
gallery_download_batch_size = _define("network", "gallery_download_batch_size", 5, 1, 100)
gallery_batch_pause = _define("network", "gallery_batch_pause", 0.5, 0, 60)

BY_NAME = {entry.name: entry for entry in SETTINGS}
# What a host shows on its own settings page. Each field there costs every load of the host's page
# 240 bytes; all other settings are changed in our tab only.
ON_HOST_PAGE = ("gallery_level", "model_folders", "download_images_folder")
_SAVED_IN_HOST = "saved_in_host"  # in `settings.json`: no longer are the others read of the host
# What the names in a data folder begin with that is nobody's but ours.
_OWN_NAMES = (
    *("settings.json", "recent.json", "api_key", "gallery.db", "library.db", "sc_gallery"),
    *("sc_kept", "locks", "outputs", ".civitai-shortcut-"),
)
_DEFAULT_BASE_URL = "https://civitai.com"

civitai_api_key = ""
shortcut_gallery_folder = os.path.join(host.default_data_folder(), "sc_gallery")


def data_folder() -> str:
    """Where settings, cache, database and (without a host) saved pictures are."""
    return host.default_data_folder()


def database_file() -> str:
    return os.path.join(data_folder(), "gallery.db")


def library_file() -> str:
    return os.path.join(data_folder(), "library.db")


def thumbnails_folder() -> str:
    """Of pictures that the user has marked."""
    return os.path.join(data_folder(), "sc_kept")


def private_paths() -> list[str]:
    """What no page gets by its path, by whatever way that leads there; our own routes give what is
    shown."""
    places = (data_folder(), host.key_file())
    return sorted({place for path in places for place in (path, os.path.realpath(path))})


def saved_pictures_folder() -> str:
    """Where a model's folder of saved pictures is made."""
    return expand_folder(download_images_folder) or host.pictures_folder()


def base_url() -> str:
    """Civitai's address without a slash at its end; tests, the demo and mirrors set another."""
    return (os.environ.get("CIVITAI_BASE_URL") or _DEFAULT_BASE_URL).rstrip("/")


def get_image_url_to_gallery_file(url: str) -> str:
    """The path that the cache keeps this URL's picture under, there or not."""
    return os.path.join(shortcut_gallery_folder, cache_file_name(url))


def change(name: str, value: Any) -> None:
    """Set one value for everyone from now on; SettingError says in a sentence why not."""
    globals()[name] = BY_NAME[name].validate(value)


def restore() -> None:
    """Every value back to its default, in memory."""
    globals().update({entry.name: entry.default for entry in SETTINGS})


def load() -> list[str]:
    """Read the kept values; a sentence for each that could not be taken (its default is used).

    A damaged file is set aside as `settings.json.damaged`; of one with such values a copy is, for
    the next change of a setting writes it anew. Other names are passed over. What a host kept for
    an older version is moved to `settings.json`. The data folder is made, for its owner alone.
    """
    make_folder_private(data_folder(), _OWN_NAMES)
    for folder in (data_folder(), os.path.dirname(host.key_file())):
        remove_leftovers(folder)  # of what killed programs left, which may hold a key
    problems = []
    try:
        load_api_key()
    except SettingError as error:
        problems.append(str(error))
    own: dict[str, Any] = {}
    try:
        own = read_json_object(_settings_file())
    except SettingError as error:
        problems.append(str(error))
    of_host = host.read_options()
    if of_host is None or _SAVED_IN_HOST in own:
        shown = {name: value for name, value in (of_host or {}).items() if name in ON_HOST_PAGE}
        refused = _apply_values({**own, **shown})
        if refused and own:
            refused.append(copy_refused_file(_settings_file()))
        return [*problems, *refused]
    return [*problems, *_apply_values(of_host), *_moved(of_host)]


def _apply_values(kept: Mapping[str, Any]) -> list[str]:
    """A sentence for each value that could not be."""
    problems = []
    for name in BY_NAME.keys() & kept.keys():
        try:
            change(name, kept[name])
        except SettingError as error:
            globals()[name] = BY_NAME[name].default
            problems.append(f"{error} Its default is used instead: choose it anew.")
    return sorted(problems)


def _moved(of_host: Mapping[str, Any]) -> list[str]:
    """Write what a host kept for an older version to `settings.json`; return a sentence if that
    fails. The host's own file stays as it is."""
    if not (BY_NAME.keys() - set(ON_HOST_PAGE)) & of_host.keys():
        return []
    try:
        save()
    except DiskError as error:
        return [str(error)]
    return []


def save() -> None:
    """Write the values to `settings.json` in one step. Raises DiskError."""
    values = {entry.name: globals()[entry.name] for entry in SETTINGS}
    if host.in_webui():
        values[_SAVED_IN_HOST] = True
    write_text_file(_settings_file(), json.dumps(values, indent=2, ensure_ascii=False))


def load_api_key() -> None:
    """Take the key from CIVITAI_API_KEY, else from its own file.

    Raises SettingError when that cannot be read; there is no key then.
    """
    global civitai_api_key
    try:
        civitai_api_key = os.environ.get("CIVITAI_API_KEY", "").strip() or _stored_key()
    except SettingError:
        civitai_api_key = ""
        raise


def validate_key(key: str) -> str:
    """Without blanks around it. Raises SettingError for what cannot be a key."""
    key = key.strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key and len(key) < 1000):
        raise SettingError("This is no API key: copy it from your Civitai account settings again.")
    return key


def save_api_key(key: str) -> None:
    """Keep the key in its own file, mode 0600; an empty one removes the file.

    CIVITAI_API_KEY still wins over it. Raises SettingError for a key that cannot be one, DiskError
    when it cannot be written.
    """
    key = validate_key(key)
    if key:
        write_text_file(host.key_file(), key, private=True)
    else:
        remove_if_present(host.key_file())
    load_api_key()


def _settings_file() -> str:
    return os.path.join(data_folder(), "settings.json")


def _stored_key() -> str:
    path = host.key_file()
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read(1000).strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingError(f"The API key cannot be read ({path}: {error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise SettingError(f"There is no API key in {path}: save it again.") from error
