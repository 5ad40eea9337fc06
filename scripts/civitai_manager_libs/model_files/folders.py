"""The folders in which model files are searched."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from .. import host, setting
from ..core import expand_folder
from ..errors import InputError
from .comfy_paths import iter_comfy_folders

__all__ = [
    "find_folder",
    "FolderListing",
    "has_folders",
    "list_folders",
    "shorten_folder",
    "validate_folders",
    "walk_folders",
]

_EXTENSIONS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".sft")
_MOST_FOLDERS, _MOST_FILES = 5_000, 50_000
# Names of folders, without punctuation, by kind (see `host.find_model_folder`): those of WebUIs,
# ComfyUI and Stability Matrix, the most usual first.
_KINDS = {
    "model": ("stablediffusion", "checkpoints", "checkpoint"),
    "unet": ("diffusionmodels", "unet"),
    "lora": ("lora", "loras", "lycoris", "locon", "dora"),
    "embed": ("embeddings", "embedding", "textualinversion", "textinversion"),
    "vae": ("vae", "vaes"),
    "hypernet": ("hypernetworks", "hypernetwork"),
    "text_encoder": ("textencoder", "textencoders"),
    "vision_encoder": ("clipvision",),
    "controlnet": ("controlnet", "control"),
    "upscaler": ("esrgan", "upscalemodels", "upscalers", "upscaler"),
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}
_RESOURCE_TYPES = {"unet": "model"}  # by kind; images name models of other kinds by the kind


@dataclass(frozen=True)
class FolderListing:
    """The files directly in one folder.

    top: path of the searched folder that contains this one; a WebUI names files relative to `top`.
    files: (name, size in bytes, modification time) of each model file. other_names: the names of
    all other files.
    """

    path: str
    top: str
    kind: str
    files: tuple[tuple[str, int, float], ...]
    other_names: frozenset[str]


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
        found.setdefault(path, _RESOURCE_TYPES.get(kind, kind))
    own = _list_own_folders()
    for path in own:
        found.setdefault(path, "")
    for kind, path in (each for folder in own for each in iter_comfy_folders(folder)):
        found.setdefault(path, _RESOURCE_TYPES.get(kind, kind))
    return found


def has_folders() -> bool:
    return bool(list_folders())


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
    names = _KINDS.get(kind, ())
    for folder in _list_own_folders():
        near = [folder]
        near += (*_list_subfolders(folder), *_list_subfolders(os.path.join(folder, "models")))
        fitting = [path for path in near if _guess_kind(path) == kind]
        if fitting:
            return min(fitting, key=lambda path: names.index(_folder_word(path)))
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
        guessed = _guess_kind(path)
        kind = _RESOURCE_TYPES.get(guessed, guessed) or kind
        listing, subfolders = _read_folder(path, top, kind)
        files += len(listing.files)
        waiting += [(each, top, kind) for each in subfolders]
        yield listing


def _read_folder(path: str, top: str, kind: str) -> tuple[FolderListing, list[str]]:
    """Return (listing of a folder, paths of its subfolders); leave out hidden files and folders.

    top, kind: copied into the listing. If reading fails, return what was read until then.
    """
    files, other_names, subfolders = [], set(), []
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
                elif entry.name.lower().endswith(_EXTENSIONS):
                    status = entry.stat()
                    files.append((entry.name, status.st_size, status.st_mtime))
                else:
                    other_names.add(entry.name)
    return FolderListing(path, top, kind, tuple(files), frozenset(other_names)), subfolders


def _list_subfolders(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(entry.path for entry in entries if os.path.isdir(entry.path))
    except OSError:
        return []


def _guess_kind(path: str) -> str:
    return _KIND_OF.get(_folder_word(path), "")


def _folder_word(path: str) -> str:
    return re.sub(r"[\W_]+", "", os.path.basename(path).lower())


def _list_own_folders() -> list[str]:
    return [path for path in _split_folders(setting.model_folders) if os.path.isdir(path)]


def _split_folders(typed: str) -> list[str]:
    parts = map(expand_folder, typed.split(";"))
    return [os.path.abspath(part) if os.path.isabs(part) else part for part in parts if part]
