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
