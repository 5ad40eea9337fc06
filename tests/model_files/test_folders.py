"""The folders that hold models, and the model files in them."""

from __future__ import annotations

import os

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.errors import InputError
from civitai_manager_libs.model_files.folders import (
    has_folders,
    list_folders,
    validate_folders,
    walk_folders,
)


def _put(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_files_have_the_kind_of_the_nearest_folder_named_after_a_kind(tmp_path):
    _put(tmp_path / "checkpoints" / "sdxl" / "a.safetensors", "xyz")
    _put(tmp_path / "Lora" / "b.pt")
    _put(tmp_path / "text inversion" / "c.bin")
    _put(tmp_path / "elsewhere" / "d.gguf")
    _put(tmp_path / "checkpoints" / "VAE" / "e.ckpt")
    _put(tmp_path / "checkpoints" / "a.png")
    found = {
        f[0]: folder.kind for folder in walk_folders({str(tmp_path): ""}) for f in folder.files
    }
    assert found == {
        "a.safetensors": "model",
        "b.pt": "lora",
        "c.bin": "embed",
        "d.gguf": "",
        "e.ckpt": "vae",
    }


def test_each_folder_is_read_once_despite_a_link_to_its_parent(tmp_path):
    _put(tmp_path / "lora" / "a.pt")
    os.symlink(tmp_path, tmp_path / "lora" / "round")
    os.symlink(tmp_path / "nowhere.pt", tmp_path / "lora" / "b.pt")
    found = [
        f[0]
        for folder in walk_folders({str(tmp_path): "", f"{tmp_path}/": ""})
        for f in folder.files
    ]
    assert found == ["a.pt"]


def test_folders_of_the_settings_are_searched(tmp_path):
    assert not has_folders()
    (tmp_path / "a b").mkdir()
    setting.change("model_folders", f' "{tmp_path / "a b"}" ; {tmp_path / "gone"};')
    assert list_folders() == {str(tmp_path / "a b"): ""} and has_folders()


@pytest.mark.parametrize("typed", ["models", "/no/such/folder"])
def test_path_that_is_not_a_folder_is_refused(typed):
    with pytest.raises(InputError, match="no folder"):
        validate_folders(typed)


def test_setting_accepts_no_folder_or_several(tmp_path):
    assert validate_folders(" ") == ""
    assert validate_folders(f"{tmp_path}; {tmp_path} ") == f"{tmp_path}; {tmp_path}"


def _write_comfy_paths(tmp_path, text):
    _put(tmp_path / "ComfyUI" / "extra_model_paths.yaml", text)
    (tmp_path / "ComfyUI" / "models" / "loras").mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize("named", ["ComfyUI", "ComfyUI/models"])
def test_further_folders_of_a_comfyui_are_searched(tmp_path, named, monkeypatch):
    for name in ("a1111/models/Lora", "a1111/models/LyCORIS", "big/unet", "ComfyUI/more/vae"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setenv("BIG", str(tmp_path / "big"))
    _write_comfy_paths(
        tmp_path,
        f"""
a111:
    base_path: {tmp_path / "a1111"}/
    is_default: true
    checkpoints: models/Stable-diffusion
    loras: |
         models/Lora
         models/LyCORIS
    custom_nodes: .
big:
    base_path: $BIG
    diffusion_models: unet/
near:
    vae: more/vae
nothing:
""",
    )
    setting.change("model_folders", str(tmp_path / named))
    found = {os.path.relpath(path, tmp_path): kind for path, kind in list_folders().items()}
    assert found == {
        os.path.normpath(named): "",
        os.path.normpath("a1111/models/Lora"): "lora",
        os.path.normpath("a1111/models/LyCORIS"): "lora",
        os.path.normpath("big/unet"): "model",
        os.path.normpath("ComfyUI/more/vae"): "vae",
    }


@pytest.mark.parametrize(
    "text", ["", "a: [", "- 1", "a: 5", "a: {loras: [x], vae: 3}", "\0", "&a [*a]", "[" * 5000]
)
def test_unreadable_configuration_of_a_comfyui_names_no_folders(tmp_path, text):
    _write_comfy_paths(tmp_path, text)
    setting.change("model_folders", str(tmp_path / "ComfyUI"))
    assert list_folders() == {str(tmp_path / "ComfyUI"): ""}
