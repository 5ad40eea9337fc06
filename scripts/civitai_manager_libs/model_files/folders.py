"""The folders of model files: where they are searched, and where a new one goes."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .. import host, setting
from ..civitai import Model, RemoteFile, Version
from ..core import as_mapping, compute_sha256, expand_folder, file_names, make_file_name
from ..core import model_formats, open_to_read
from ..errors import InputError
from ..i18n import messages
from .kinds import FOLDER_NAMES, guess_kind, LABELS, make_folder_word, RESOURCE_TYPES
from .sidecars import describes_other_version

try:
    import yaml  # each gradio brings it
except ImportError:
    yaml = None

_MOST_FOLDERS, _MOST_FILES = 5_000, 50_000


@dataclass(frozen=True)
class FolderListing:
    """The files directly in one folder.

    top: path of the searched folder that contains this one; a WebUI names files relative to `top`.
    files: (name, size in bytes, modification time) of each model file. other_names: the names of
    all other files. mtime: the folder's modification time before it was read, 0 if unknown.
    """

    path: str
    top: str
    kind: str
    files: tuple[tuple[str, int, float], ...]
    other_names: frozenset[str]
    mtime: float


def validate_folders(typed: str) -> str:
    """Check a list of folders that the user typed; return the text without outer spaces.

    typed: absolute paths, separated by semicolons. Raises InputError if a path is not a folder.
    """
    for path in _split_folders(typed):
        if not os.path.isabs(path) or not os.path.isdir(path):
            message = f"There is no folder {path} here. Give full paths, separated by ;."
            raise InputError(message, "folder_of_models", path=path)
    return typed.strip()


def list_folders() -> dict[str, str]:
    """Return the model folders of the WebUI, then those in the settings, as {path: kind}.

    Of a ComfyUI in the settings, the folders in its `extra_model_paths.yaml` belong to them.

    Each folder is searched with all its subfolders. kind: the kind of models in the folder, such as
    `lora`; "" if they may be of any kind. A subfolder with the usual name for another kind holds
    models of that kind.
    """
    found: dict[str, str] = {}
    for kind, path in host.list_model_folders():
        found.setdefault(path, RESOURCE_TYPES.get(kind, kind))
    own = _list_own_folders()
    for path in own:
        found.setdefault(path, "")
    for kind, path in (each for folder in own for each in _iter_comfy_folders(folder)):
        found.setdefault(path, RESOURCE_TYPES.get(kind, kind))
    return found


def has_folders() -> bool:
    return bool(list_folders())


def list_unsearched(paths: Iterable[str]) -> list[str]:
    """Return those of these folders that are in none of the searched ones."""
    known = tuple(os.path.join(os.path.realpath(path), "") for path in list_folders())
    return [
        path for path in paths if not os.path.join(os.path.realpath(path), "").startswith(known)
    ]


def find_folder(kind: str) -> str:
    """Return the folder in which to store new models of a kind, "" if no folder fits.

    kind: one of the kinds of `host.find_model_folder`, such as "lora". Return the WebUI's folder
    for this kind, or else a folder with a usual name, such as `loras`, among the folders in the
    settings and their subfolders.
    """
    kinds = ("unet", "model") if kind == "unet" else (kind,)  # a WebUI may have one for both
    found = (find(kind) for find in (host.find_model_folder, _find_own_folder) for kind in kinds)
    return next(filter(None, found), "")


def shorten_folder(folder: str) -> str:
    """Return the path of a folder as all users may see it, such as `Lora/SDXL`.

    The path begins with the name of the searched folder that contains `folder`, or below this
    searched folder if it may hold models of any kind. For a searched folder, and for a folder
    outside of all searched folders, return the folder's name.
    """
    folders = list_folders()
    above = [path for path in folders if os.path.join(folder, "").startswith(path + os.sep)]
    if not above:
        return os.path.basename(folder)
    top = max(above, key=len)
    start = os.path.dirname(top) if folders[top] or top == folder else top
    return os.path.relpath(folder, start).replace(os.sep, "/")


def _find_own_folder(kind: str) -> str:
    names = FOLDER_NAMES.get(kind, ())
    for folder in _list_own_folders():
        near = [folder]
        near += (*_list_subfolders(folder), *_list_subfolders(os.path.join(folder, "models")))
        fitting = [path for path in near if guess_kind(path) == kind]
        if fitting:
            return min(fitting, key=lambda path: names.index(make_folder_word(path)))
    return ""


def walk_folders(folders: Mapping[str, str]) -> Iterator[FolderListing]:
    """Yield the listing of each folder and of all its subfolders. folders: {path: kind}.

    Links are followed, but no folder is listed twice. The walk ends after 5,000 folders or 50,000
    model files.
    """
    waiting = [(path, path, kind) for path, kind in folders.items()][::-1]
    seen: set[str] = set()
    files = 0
    while waiting and len(seen) < _MOST_FOLDERS and files < _MOST_FILES:
        path, top, kind = waiting.pop()
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        guessed = guess_kind(path)
        kind = RESOURCE_TYPES.get(guessed, guessed) or kind
        listing, subfolders = _read_folder(path, top, kind)
        files += len(listing.files)
        waiting += [(each, top, kind) for each in subfolders]
        yield listing


def _read_folder(path: str, top: str, kind: str) -> tuple[FolderListing, list[str]]:
    """Return (listing of what can be read of a folder, its subfolders), without hidden names."""
    files, other_names, subfolders, mtime = [], set(), [], read_mtime(path)
    # The folder may be deleted meanwhile, or not be readable.
    with suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            with suppress(OSError):  # a link to itself, or deleted meanwhile
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    subfolders.append(entry.path)
                elif not entry.is_file():  # a link that leads nowhere, a pipe
                    continue
                elif entry.name.lower().endswith(model_formats.MODELS):
                    status = entry.stat()
                    if status.st_size:  # else a browser has only begun to download the file
                        files.append((entry.name, status.st_size, status.st_mtime))
                else:
                    other_names.add(entry.name)
    listing = FolderListing(path, top, kind, tuple(files), frozenset(other_names), mtime)
    return listing, subfolders


def read_mtime(path: str) -> float:
    """Return a file's or folder's modification time, 0 if there is none."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _list_subfolders(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(entry.path for entry in entries if os.path.isdir(entry.path))
    except OSError:
        return []


def _list_own_folders() -> list[str]:
    return [path for path in _split_folders(setting.model_folders) if os.path.isdir(path)]


def _split_folders(typed: str) -> list[str]:
    parts = map(expand_folder, typed.split(";"))
    return [os.path.abspath(part) if os.path.isabs(part) else part for part in parts if part]


_COMFY_FILE = "extra_model_paths.yaml"
_MAX_COMFY_BYTES, _MOST_COMFY_FOLDERS = 100_000, 500


def _iter_comfy_folders(folder: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, path) of the existing folders that ComfyUI's configuration names.

    folder: ComfyUI's own folder, or the folder `models` in it. The configuration's form is that of
    `utils/extra_config.py` in ComfyUI. What cannot be read is left out.
    """
    count = 0
    for place in dict.fromkeys((folder, os.path.dirname(folder))):
        for section in _read_comfy_file(os.path.join(place, _COMFY_FILE)).values():
            for kind, path in _iter_comfy_section(section, place):
                count += 1
                if count <= _MOST_COMFY_FOLDERS and os.path.isdir(path):
                    yield kind, path


def _read_comfy_file(path: str) -> dict[str, Any]:
    if yaml is None:
        return {}
    try:
        with open_to_read(path) as file:
            found = yaml.safe_load(file.read(_MAX_COMFY_BYTES))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    except (AttributeError, LookupError, TypeError):  # of PyYAML, for tags such as `!!int ""`
        return {}
    return dict(as_mapping(found))


def _iter_comfy_section(section: Any, place: str) -> Iterator[tuple[str, str]]:
    base = as_mapping(section).get("base_path")
    base = os.path.expandvars(os.path.expanduser(base)) if isinstance(base, str) else ""
    for name, value in as_mapping(section).items():
        kind = "text_encoder" if name == "clip" else guess_kind(str(name))
        paths = value.split("\n") if isinstance(value, str) and kind else []
        for path in filter(None, map(str.strip, paths)):
            yield kind, os.path.normpath(os.path.join(place, base, path))


_FOLDER_FIELDS = ("base_model", "author", "model")  # of the template of subfolders
_MAX_STEM, _MAX_FOLDER = 150, 80  # UTF-8 bytes of a name
_SLACK = 1024  # bytes by which Civitai's size may be wrong


def choose_path(
    kind: str,
    file: RemoteFile,
    version: Version,
    model: Model | None = None,
    taken: Container[str] = (),
    folder: str = "",
) -> str:
    """Return the path at which to store a version's file, in the subfolder that the settings name.

    If this path is not free, return a variant with ids in the name; if no variant is free, return
    the path, and the download will fail. model: the version's model, for its author's name. taken:
    paths that must not be used, normalized by `os.path.normcase`. folder: "" for the folder of
    `kind`. Raises InputError if the kind has no folder, or if the folder template is invalid.
    """
    values = {
        "base_model": version.base_model,
        "author": model.creator if model else "",
        "model": version.model_name or (model.name if model else ""),
    }
    folder = folder or _require_folder(kind, version)
    template = validate_folder_template(setting.model_folder_template)
    filled = file_names.fill_fields(template, lambda name, _: values[name], _MAX_FOLDER)
    # Each part gets a name that is valid on every system.
    parts = (make_file_name(part, "", _MAX_FOLDER) for part in filled.split("/"))
    folder = os.path.join(folder, "", *filter(None, parts))
    stem = file.name.removesuffix(file.name[-len(file.extension) :] if file.extension else "")
    stem = make_file_name(stem, f"{version.id}_{file.id}", _MAX_STEM).lstrip(".")
    wanted = os.path.join(folder, f"{stem or version.id}{file.extension}")
    return find_free_path(wanted, version.id, file, taken) or wanted


def find_free_path(
    wanted: str, version_id: int, file: RemoteFile, taken: Container[str] = ()
) -> str:
    """Return `wanted`, or a variant with ids in the name, if it is free; "" if none is free.

    A path is free if the same file is stored there, or if there is no file and no sidecar of
    another version. taken: paths that must not be used, normalized by `os.path.normcase`.
    """
    stem, extension = os.path.splitext(wanted)
    for end in ("", f"_{version_id}", f"_{version_id}_{file.id}"):
        path = f"{stem}{end}{extension}"
        if os.path.normcase(path) in taken:
            continue
        if not os.path.lexists(path):
            if not describes_other_version(path, version_id):
                return path
        elif os.path.isfile(path) and _is_same_file(path, file):
            return path
    return ""


def _is_same_file(path: str, file: RemoteFile) -> bool:
    """Return whether the file at `path` has the size and SHA256 that Civitai states."""
    try:
        difference = abs(os.path.getsize(path) - file.size) if file.size else 0
        has_hash = bool(file.sha256) and difference <= _SLACK
        return has_hash and compute_sha256(path).startswith(file.sha256)
    except OSError:
        return False


def _require_folder(kind: str, version: Version) -> str:
    folder = find_folder(kind) if kind else ""
    try:
        folder.encode("utf-8")
    except UnicodeEncodeError as error:  # the jobs database cannot store it
        name = ascii(os.path.basename(folder))
        message = f"The name of the folder {name} is not UTF-8."
        raise InputError(message, "folder_not_utf8", folder=name) from error
    if folder:
        return folder
    label = LABELS.get(kind, kind) or version.model_type or "?"  # the same in every language
    raise InputError(
        f"There is no known folder for models of this kind ({label}): add one to “More folders of"
        " models” in the settings.",
        "no_model_folder",
        kind=label,
    )


def validate_folder_template(template: str) -> str:
    """Return a template of subfolders with forward slashes, "" for none. Raises InputError."""
    template = file_names.clean_template(template)
    if (problem := file_names.find_template_problem(template, _FOLDER_FIELDS)) is not None:
        key, values = problem
        why = messages.translate(key, "en", **values)
        raise InputError(f"This folder template is not valid: {why}.", key, **values)
    return template
