"""A WebUI's folders of models, and the hashes that it has made of them before.

Imports nothing of the WebUI until a function needs it, so that a terminal loads nothing of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ..core import as_number
from .webui import in_webui

__all__ = ["read_cached_hashes", "list_model_folders"]

# kind -> its folders of the models' folder; what the hosts' arguments and settings are called
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
    """(kind, folder) of every folder that the host looks in; [] where there is no host."""
    if not in_webui():
        return []
    found = ((kind, os.path.abspath(folder)) for kind, folder in _iter_option_folders() if folder)
    return [(kind, folder) for kind, folder in dict.fromkeys(found) if os.path.isdir(folder)]


def _iter_option_folders() -> Iterator[tuple[str, str]]:
    from modules import paths, shared

    places = (vars(shared.cmd_opts), shared.opts.data)
    for kind, names in _NAMES.items():
        for place in places:
            for name in names:
                given = place.get(name)
                for folder in given if isinstance(given, list) else [given]:
                    if isinstance(folder, str):
                        yield kind, folder
        for name in _FOLDERS[kind]:
            yield kind, os.path.join(paths.models_path, name)
    yield "embed", os.path.join(paths.data_path, "embeddings")


def read_cached_hashes() -> dict[str, list[tuple[float, str]]]:
    """What the host has hashed: its names of files, with "/" in them on every system, -> (time of
    change of the file then, hash).

    A hash is the SHA256 of a file, or 12 digits of that without its head (Civitai's AutoV3).
    Nothing is hashed here.
    """
    found: dict[str, list[tuple[float, str]]] = {}
    for store, digits in _iter_hash_stores():
        for title in list(store):
            kept = store.get(title)
            digest = kept.get("sha256") if isinstance(kept, dict) else None
            if isinstance(digest, str) and isinstance(title, str):
                at = as_number(kept.get("mtime")) or 0.0
                found.setdefault(title.replace("\\", "/"), []).append((at, digest[:digits].lower()))
    return found


def _iter_hash_stores() -> Iterator[tuple[Any, int]]:
    hashes = sys.modules.get("modules.hashes") if in_webui() else None
    if hashes is not None:
        yield hashes.cache("hashes"), 64
        yield hashes.cache("hashes-addnet"), 12
