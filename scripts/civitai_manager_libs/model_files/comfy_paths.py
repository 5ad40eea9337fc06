"""The further folders of models that ComfyUI's `extra_model_paths.yaml` names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from ..core import as_mapping, open_to_read

try:
    import yaml  # each gradio brings it
except ImportError:
    yaml = None

__all__ = ["iter_comfy_folders"]

_NAME = "extra_model_paths.yaml"
_MAX_BYTES, _MOST_FOLDERS = 100_000, 500
# ComfyUI's names of folders, by kind (see `host.find_model_folder`).
_KINDS = {
    "checkpoints": "model",
    "diffusion_models": "unet",
    "unet": "unet",
    "loras": "lora",
    "embeddings": "embed",
    "vae": "vae",
    "hypernetworks": "hypernet",
    "text_encoders": "text_encoder",
    "clip": "text_encoder",
    "clip_vision": "vision_encoder",
    "controlnet": "controlnet",
    "upscale_models": "upscaler",
}


def iter_comfy_folders(folder: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, path) of the existing folders that ComfyUI's configuration names.

    folder: ComfyUI's own folder, or the folder `models` in it. The configuration's form is that of
    `utils/extra_config.py` in ComfyUI. What cannot be read is left out.
    """
    count = 0
    for place in dict.fromkeys((folder, os.path.dirname(folder))):
        for section in _read(os.path.join(place, _NAME)).values():
            for kind, path in _iter_section(section, place):
                count += 1
                if count <= _MOST_FOLDERS and os.path.isdir(path):
                    yield kind, path


def _read(path: str) -> dict[str, Any]:
    if yaml is None:
        return {}
    try:
        with open_to_read(path) as file:
            found = yaml.safe_load(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    except (AttributeError, LookupError, TypeError):  # of PyYAML, for tags such as `!!int ""`
        return {}
    return dict(as_mapping(found))


def _iter_section(section: Any, place: str) -> Iterator[tuple[str, str]]:
    base = as_mapping(section).get("base_path")
    base = os.path.expandvars(os.path.expanduser(base)) if isinstance(base, str) else ""
    for name, value in as_mapping(section).items():
        paths = value.split("\n") if isinstance(value, str) and name in _KINDS else []
        for path in filter(None, map(str.strip, paths)):
            yield _KINDS[name], os.path.normpath(os.path.join(place, base, path))
