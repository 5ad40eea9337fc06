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

__all__ = ["find_model_folder", "list_model_folders", "read_cached_hashes"]

# By kind: subfolders of the host's models folder; names of the host's arguments and settings.
_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "model": ("Stable-diffusion",),
    "unet": ("UNET", "Unet", "diffusion_models"),
    "lora": ("Lora", "LyCORIS"),
    "embed": ("embeddings",),
    "vae": ("VAE",),
    "hypernet": ("hypernetworks",),
    "text_encoder": ("text_encoder", "Text-encoder"),
    "controlnet": ("ControlNet", "control"),
    "upscaler": ("ESRGAN",),
}
_NAMES: Mapping[str, tuple[str, ...]] = {
    "model": ("ckpt_dir", "ckpt_dirs"),
    "unet": ("unet_dir",),
    "lora": ("lora_dir", "lora_dirs", "lyco_dir", "lyco_dir_backcompat"),
    "embed": ("embeddings_dir",),
    "vae": ("vae_dir", "vae_dirs"),
    "hypernet": ("hypernetwork_dir",),
    "text_encoder": ("text_encoder_dir", "text_encoder_dirs", "te_dir"),
    "controlnet": ("controlnet_dir", "controlnet_dirs", "control_dir", "control_net_models_path"),
    "upscaler": ("esrgan_models_path",),
}
# Every host reads these; the others only hosts in which the folder exists.
_KINDS_OF_ALL = ("model", "lora", "embed", "vae", "hypernet", "upscaler")


def list_model_folders() -> list[tuple[str, str]]:
    """Return (kind of model, folder) for each existing folder in which the WebUI looks for models.

    A kind is "model", "lora", "vae" and so on. Return [] without a WebUI.
    """
    found = ((kind, folder) for kind in _FOLDERS for folder in _list_folders(kind))
    return [(kind, folder) for kind, folder in dict.fromkeys(found) if os.path.isdir(folder)]


def find_model_folder(kind: str) -> str:
    """Return the folder in which to save a kind of model for the WebUI, "" if there is none.

    kind: "model" (a checkpoint), "unet", "lora", "embed", "vae", "hypernet", "text_encoder",
    "controlnet" or "upscaler". The folder is the first that exists of those in the WebUI's
    arguments, in its settings, and the usual ones. If none exists: "" for "unet", "text_encoder"
    and "controlnet", else the first of them.
    """
    folders = _list_folders(kind)
    existing = next(filter(os.path.isdir, folders), "")
    return existing or (folders[0] if folders and kind in _KINDS_OF_ALL else "")


def _list_folders(kind: str) -> list[str]:
    if not in_webui() or kind not in _FOLDERS:
        return []
    return [os.path.abspath(folder) for folder in _iter_folders(kind) if folder]


def _iter_folders(kind: str) -> Iterator[str]:
    from modules import paths, shared

    for options in (vars(shared.cmd_opts), shared.opts.data):
        for name in _NAMES[kind]:
            value = options.get(name)
            for folder in value if isinstance(value, list) else [value]:
                if isinstance(folder, str):
                    yield folder
    for name in _FOLDERS[kind]:
        yield os.path.join(paths.models_path, name)
    if kind == "embed":
        yield os.path.join(paths.data_path, "embeddings")


def read_cached_hashes() -> dict[str, list[tuple[float, str]]]:
    """Return the hashes of model files that the WebUI has computed, by the files' titles.

    A title is "lora/folder/name", for example. Each value is a list of (time, hash): the file's
    modification time when it was hashed, and its SHA256 or AutoV3 hash.
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
