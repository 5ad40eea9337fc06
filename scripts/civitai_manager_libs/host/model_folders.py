"""A WebUI's model folders, and the hashes that the WebUI has computed.

Imports the WebUI inside functions only: a terminal loads nothing of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ..core import as_number
from .webui import in_webui

__all__ = ["read_cached_hashes", "list_model_folders"]

# By kind: subfolders of the host's models folder; names of the host's arguments and settings.
_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "model": ("Stable-diffusion", "UNET", "Unet", "diffusion_models"),
    "lora": ("Lora", "LyCORIS"),
    "embed": ("embeddings",),
    "vae": ("VAE",),
    "hypernet": ("hypernetworks",),
}
_NAMES: Mapping[str, tuple[str, ...]] = {
    "model": ("ckpt_dir", "ckpt_dirs", "unet_dir"),
    "lora": ("lora_dir", "lora_dirs", "lyco_dir", "lyco_dir_backcompat"),
    "embed": ("embeddings_dir",),
    "vae": ("vae_dir", "vae_dirs"),
    "hypernet": ("hypernetwork_dir",),
}


def list_model_folders() -> list[tuple[str, str]]:
    """Return (model type, path) of each folder in which the WebUI looks for models.

    The types are "model", "lora", "embed", "vae" and "hypernet". Return [] without a WebUI.
    """
    if not in_webui():
        return []
    found = ((kind, os.path.abspath(folder)) for kind, folder in _iter_option_folders() if folder)
    return [(kind, folder) for kind, folder in dict.fromkeys(found) if os.path.isdir(folder)]


def _iter_option_folders() -> Iterator[tuple[str, str]]:
    from modules import paths, shared

    for kind, names in _NAMES.items():
        for options in (vars(shared.cmd_opts), shared.opts.data):
            for name in names:
                value = options.get(name)
                for folder in value if isinstance(value, list) else [value]:
                    if isinstance(folder, str):
                        yield kind, folder
        for name in _FOLDERS[kind]:
            yield kind, os.path.join(paths.models_path, name)
    yield "embed", os.path.join(paths.data_path, "embeddings")


def read_cached_hashes() -> dict[str, list[tuple[float, str]]]:
    """Return the hashes of model files that the WebUI has computed, by the WebUI's titles.

    A title is such as "lora/folder/name"; its value is a list of (the file's mtime when it was
    hashed, hash). A hash is a whole SHA256, or Civitai's AutoV3: 12 digits of the SHA256 without
    the file's header.
    """
    found: dict[str, list[tuple[float, str]]] = {}
    for store, digits in _iter_hash_stores():
        for title in list(store):
            entry = store.get(title)
            digest = entry.get("sha256") if isinstance(entry, dict) else None
            if isinstance(digest, str) and isinstance(title, str):
                hashed = (as_number(entry.get("mtime")) or 0.0, digest[:digits].lower())
                found.setdefault(title.replace("\\", "/"), []).append(hashed)
    return found


def _iter_hash_stores() -> Iterator[tuple[Any, int]]:
    hashes = sys.modules.get("modules.hashes") if in_webui() else None
    if hashes is not None:
        yield hashes.cache("hashes"), 64
        yield hashes.cache("hashes-addnet"), 12
