"""The folders that hold models, and the model files in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .. import host, setting
from ..core import expand_folder
from ..errors import InputError

__all__ = ["FolderListing", "has_folders", "list_folders", "SearchedFolder", "validate_folders"]
__all__ += ["walk_folders"]

_EXTENSIONS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".sft")
_MOST_FOLDERS, _MOST_FILES = 5_000, 50_000
# Names of folders, without punctuation, by `type` of `infotext.Resource`.
_KINDS = {
    "model": ("stablediffusion", "checkpoints", "checkpoint", "unet", "diffusionmodels"),
    "lora": ("lora", "loras", "lycoris", "locon", "dora"),
    "embed": ("embedding", "embeddings", "textualinversion", "textinversion"),
    "vae": ("vae", "vaes"),
    "hypernet": ("hypernetwork", "hypernetworks"),
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}


@dataclass(frozen=True)
class SearchedFolder:
    """A folder that is searched with all its subfolders.

    kind: which kind of models the folder holds, such as `lora`; "" if any. A subfolder named after
    another kind holds that kind.
    """

    kind: str
    path: str


@dataclass(frozen=True)
class FolderListing:
    """The files directly in one folder.

    top: the folder whose search led here; a WebUI names files relative to it. files: (name, size in
    bytes, time of change) of each model file. other_names: the names of all other files.
    """

    path: str
    top: str
    kind: str
    files: tuple[tuple[str, int, float], ...]
    other_names: frozenset[str]


def validate_folders(typed: str) -> str:
    """Check a list of folders that the user typed; return the value for the setting.

    typed: absolute paths, separated by semicolons. Raises InputError if a path is no folder.
    """
    for path in _split_folders(typed):
        if not os.path.isabs(path) or not os.path.isdir(path):
            message = f"{path} is no folder here; give whole paths, with ; between them."
            raise InputError(message, "folder_of_models", path=path)
    return typed.strip()


def list_folders() -> list[SearchedFolder]:
    """Return the folders in which the WebUI or the settings look for models, without duplicates."""
    found = [SearchedFolder(kind, path) for kind, path in host.list_model_folders()]
    found += [
        SearchedFolder("", path)
        for path in _split_folders(setting.model_folders)
        if os.path.isdir(path)
    ]
    return list({folder.path: folder for folder in reversed(found)}.values())[::-1]


def has_folders() -> bool:
    """Return whether `list_folders` finds any folder."""
    return bool(list_folders())


def walk_folders(folders: Iterable[SearchedFolder]) -> Iterator[FolderListing]:
    """Yield the listing of each folder and of all its subfolders.

    Links are followed, but no folder is listed twice. The search ends after 5,000 folders or 50,000
    model files.
    """
    waiting = [(folder.path, folder.path, folder.kind) for folder in folders][::-1]
    seen: set[str] = set()
    files = 0
    while waiting and len(seen) < _MOST_FOLDERS and files < _MOST_FILES:
        path, top, kind = waiting.pop()
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        kind = _KIND_OF.get(_normalize_word(os.path.basename(path)), kind)
        listing, subfolders = _read_folder(path, top, kind)
        files += len(listing.files)
        waiting += [(each, top, kind) for each in subfolders]
        yield listing


def _read_folder(path: str, top: str, kind: str) -> tuple[FolderListing, list[str]]:
    """Return (listing of a folder, paths of its subfolders)."""
    files, other_names, subfolders = [], set(), []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    subfolders.append(entry.path)
                elif not entry.is_file():  # a link that leads nowhere
                    continue
                elif entry.name.lower().endswith(_EXTENSIONS):
                    status = entry.stat()
                    files.append((entry.name, status.st_size, status.st_mtime))
                else:
                    other_names.add(entry.name)
    except OSError:  # deleted meanwhile, or not readable: what was read so far counts
        subfolders = []
    return FolderListing(path, top, kind, tuple(files), frozenset(other_names)), subfolders


def _normalize_word(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _split_folders(typed: str) -> list[str]:
    parts = map(expand_folder, typed.split(";"))
    return [os.path.abspath(part) if os.path.isabs(part) else part for part in parts if part]
