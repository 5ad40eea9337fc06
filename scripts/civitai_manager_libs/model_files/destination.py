"""Where a model file goes: the folder of its kind, and a name that no other file there has."""

from __future__ import annotations

import os
from collections.abc import Container

from .. import host, setting
from ..civitai import Model, RemoteFile, Version
from ..core import compute_sha256, file_names, make_file_name
from ..errors import InputError
from ..i18n import messages
from .folders import find_folder
from .index import describes_other_version

__all__ = ["choose_path", "find_free_path", "find_kind", "find_model_kind"]
__all__ += ["validate_folder_template"]

_KINDS = {  # by a model's type on Civitai
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
_LABELS = {
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
_FOLDER_FIELDS = ("base_model", "author", "model")  # of the template of subfolders
_MAX_STEM, _MAX_FOLDER = 150, 80  # UTF-8 bytes of a name
_SLACK = 1024  # bytes by which Civitai's size may be wrong


def find_kind(file: RemoteFile, version: Version) -> str:
    """Return the kind of folder in which to store a file, such as "lora"; "" if unknown.

    The kinds are those of `host.find_model_folder`. A file's own type decides before the model's
    type: a checkpoint's VAE is stored as a VAE.
    """
    kind = _KINDS_OF_FILES.get(file.type, find_model_kind(version))
    return "unet" if kind == "model" and _is_unet(file, version) else kind


def find_model_kind(version: Version) -> str:
    """Return the kind of folder for a version's model, such as "lora"; "" if unknown."""
    return _KINDS.get(version.model_type.lower(), "")


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
    folder = os.path.join(folder or _find_folder(kind, version), _make_subfolder(version, model))
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


def _find_folder(kind: str, version: Version) -> str:
    folder = find_folder(kind) if kind else ""
    try:
        folder.encode("utf-8")
    except UnicodeEncodeError as error:  # the jobs database cannot store it
        name = ascii(os.path.basename(folder))
        message = f"The name of the folder {name} is not UTF-8."
        raise InputError(message, "folder_not_utf8", folder=name) from error
    if folder:
        return folder
    label = _LABELS.get(kind, kind) or version.model_type or "?"  # the same in every language
    raise InputError(
        f"There is no known folder for models of this kind ({label}): add one to “More folders of"
        " models” in the settings.",
        "no_model_folder",
        kind=label,
    )


def validate_folder_template(template: str) -> str:
    """Check a template of subfolders; return it with forward slashes, without outer spaces.

    The template "" means no subfolders. Raises InputError, with a message for the user, if the
    template is invalid.
    """
    template = file_names.clean_template(template)
    if (problem := file_names.find_template_problem(template, _FOLDER_FIELDS)) is not None:
        key, values = problem
        why = messages.translate(key, "en", **values)
        raise InputError(f"This folder template is not valid: {why}.", key, **values)
    return template


def _make_subfolder(version: Version, model: Model | None) -> str:
    """Fill the folder template in the settings; return the subfolder's relative path, or "".

    The names in the path are valid on every operating system.
    """
    values = {
        "base_model": version.base_model,
        "author": model.creator if model else "",
        "model": version.model_name or (model.name if model else ""),
    }
    template = validate_folder_template(setting.model_folder_template)
    filled = file_names.fill_fields(template, lambda name, _: values[name], _MAX_FOLDER)
    parts = (make_file_name(part, "", _MAX_FOLDER) for part in filled.split("/"))
    return os.path.join("", *filter(None, parts))
