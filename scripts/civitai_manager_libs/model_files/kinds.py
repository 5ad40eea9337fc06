"""The kinds of model files: by Civitai's types, by the names of folders, and by base model."""

from __future__ import annotations

import os
import re

from .. import host
from ..civitai import RemoteFile, Version

KINDS = ("model", "lora", "embed", "vae", "hypernet")  # types of resources that have a file
_KINDS_OF_MODELS = {  # by a model's type on Civitai
    "checkpoint": "model",
    "lora": "lora",
    "locon": "lora",
    "dora": "lora",
    "textualinversion": "embed",
    "hypernetwork": "hypernet",
    "vae": "vae",
    "controlnet": "controlnet",
    "upscaler": "upscaler",
}
_KINDS_OF_FILES = {  # by the type of a file; a `Model` is what its model is
    "Diffusion Model": "unet",
    "UNet": "unet",
    "VAE": "vae",
    "Text Encoder": "text_encoder",
    "Enhancement LoRA": "lora",
    "Vision Encoder": "vision_encoder",
    "CLIPVision": "vision_encoder",
    "ControlNet": "controlnet",
    "Upscaler": "upscaler",
    "Negative": "embed",
}
# Beginnings of the names of base models whose checkpoints include text encoders and VAE.
_WHOLE_CHECKPOINTS = (
    *("SD 1", "SD 2", "SDXL", "SVD", "Illustrious", "NoobAI", "Kolors"),
    *("Stable Cascade", "Playground", "Other"),
)
LABELS = {
    "model": "Checkpoint",
    "unet": "UNet",
    "lora": "LoRA",
    "embed": "Embedding",
    "hypernet": "Hypernetwork",
    "vae": "VAE",
    "text_encoder": "Text encoder",
    "vision_encoder": "Vision encoder",
    "controlnet": "ControlNet",
    "upscaler": "Upscaler",
}
# Names of folders, without punctuation, by kind (see `host.find_model_folder`): those of WebUIs,
# ComfyUI and Stability Matrix, the most usual first.
FOLDER_NAMES = {
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
_KIND_OF_FOLDER = {name: kind for kind, names in FOLDER_NAMES.items() for name in names}
RESOURCE_TYPES = {"unet": "model"}  # by kind; images name models of other kinds by the kind
# Base models by the beginning of their names, as the A1111 family calls them.
SD_VERSIONS = (
    *(("SD 1", "SD1"), ("SD 2", "SD2"), ("SDXL", "SDXL")),
    *(("Pony", "SDXL"), ("Illustrious", "SDXL"), ("NoobAI", "SDXL")),
)


def find_kind(file: RemoteFile, version: Version) -> str:
    """Return the kind of folder in which to store a file, such as "lora"; "" if unknown.

    The kinds are those of `host.find_model_folder`. A file's own type decides before the model's
    type: a checkpoint's VAE is stored as a VAE.
    """
    kind = _KINDS_OF_FILES.get(file.type, find_model_kind(version))
    return "unet" if kind == "model" and _is_unet(file, version) else kind


def find_model_kind(version: Version) -> str:
    """Return the kind of folder for a version's model, such as "lora"; "" if unknown."""
    return _KINDS_OF_MODELS.get(version.model_type.lower(), "")


def _is_unet(file: RemoteFile, version: Version) -> bool:
    """Return whether a file has only the diffusion model, without text encoders.

    Civitai has no type for such files, so this is a guess: GGUF files, and in SD.Next all
    checkpoints that are not of Stable Diffusion (see its `modules/civitai/filemanage_civitai.py`).
    """
    if file.extension == ".gguf":
        return True
    is_model = file.type in ("", "Model", "Pruned Model")
    base = version.base_model
    is_known = base in ("", "Pony") or base.startswith(_WHOLE_CHECKPOINTS)  # not Pony V7
    return is_model and not is_known and host.find_host_name() == "SD.Next"


def guess_kind(path: str) -> str:
    """Return the kind of models in a folder by the folder's name, "" if it is not a usual name."""
    return _KIND_OF_FOLDER.get(make_folder_word(path), "")


def make_folder_word(path: str) -> str:
    """Return a folder's name in lower case without punctuation, as in `FOLDER_NAMES`."""
    return re.sub(r"[\W_]+", "", os.path.basename(path).lower())
