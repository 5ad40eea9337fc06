"""Which folders hold models, and the model files in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .. import host, setting
from ..core import expand_folder
from ..errors import InputError

__all__ = [
    "FolderListing",
    "SearchedFolder",
    "validate_folders",
    "list_folders",
    "has_folders",
    "walk_folders",
]

_EXTENSIONS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".sft")
_MOST_FOLDERS, _MOST_FILES = 5_000, 50_000
# What folders are called, by the kinds that `infotext.Resource` knows.
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
    """A folder that is looked in with all below it. kind: of what is in it, unless a folder's name
    says another; "" is any."""

    kind: str
    path: str


@dataclass(frozen=True)
class FolderListing:
    """What is directly in one: (name, size in bytes, time of change) of its model files.

    top: the place's own path, that files are named from. beside: the names of all other files.
    """

    path: str
    top: str
    kind: str
    files: tuple[tuple[str, int, float], ...]
    beside: frozenset[str]


def validate_folders(typed: str) -> str:
    """The setting's text as it is kept. Raises InputError, a sentence."""
    for path in _split_folders(typed):
        if not os.path.isabs(path) or not os.path.isdir(path):
            said = f"{path} is no folder here; give whole paths, with ; between them."
            raise InputError(said, "folder_of_models", path=path)
    return typed.strip()


def list_folders() -> list[SearchedFolder]:
    """Of the host and of the settings, each once."""
    found = [SearchedFolder(kind, path) for kind, path in host.list_model_folders()]
    found += [
        SearchedFolder("", path)
        for path in _split_folders(setting.model_folders)
        if os.path.isdir(path)
    ]
    return list({place.path: place for place in reversed(found)}.values())[::-1]


def has_folders() -> bool:
    """Whether anything can be said of what is here."""
    return bool(list_folders())


def walk_folders(places: Iterable[SearchedFolder]) -> Iterator[FolderListing]:
    """They, and every folder below them, each once: also where a link leads back."""
    waiting = [(place.path, place.path, place.kind) for place in places][::-1]
    seen: set[str] = set()
    files = 0
    while waiting and len(seen) < _MOST_FOLDERS and files < _MOST_FILES:
        path, top, kind = waiting.pop()
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        kind = _KIND_OF.get(_normalize_word(os.path.basename(path)), kind)
        folder, below = _read_folder(path, top, kind)
        files += len(folder.files)
        waiting += [(each, top, kind) for each in below]
        yield folder


def _read_folder(path: str, top: str, kind: str) -> tuple[FolderListing, list[str]]:
    files, beside, below = [], set(), []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    below.append(entry.path)
                elif not entry.is_file():  # a link that leads nowhere
                    continue
                elif entry.name.lower().endswith(_EXTENSIONS):
                    told = entry.stat()
                    files.append((entry.name, told.st_size, told.st_mtime))
                else:
                    beside.add(entry.name)
    except OSError:  # gone meanwhile, or not to be read: what was seen counts
        below = []
    return FolderListing(path, top, kind, tuple(files), frozenset(beside)), below


def _normalize_word(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _split_folders(typed: str) -> list[str]:
    parts = map(expand_folder, typed.split(";"))
    return [os.path.abspath(part) if os.path.isabs(part) else part for part in parts if part]
