"""The index of the model files on this machine."""

from __future__ import annotations

import json
import os

import pytest
from civitai_manager_libs import host, setting
from civitai_manager_libs.infotext import Resource
from civitai_manager_libs.model_files import index as module
from civitai_manager_libs.model_files.index import ModelIndex

_SHA = "0123456789abcdef" * 4


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CHECK_INTERVAL", 0)
    (tmp_path / "models" / "Lora" / "sub").mkdir(parents=True)
    setting.change("model_folders", str(tmp_path / "models"))
    return tmp_path / "models" / "Lora"


def _state(index, resource):
    return index.find(resource).state


def test_state_is_empty_without_model_folders():
    assert _state(ModelIndex(), Resource("lora", "x")) == ""


def test_new_and_deleted_files_are_noticed_without_a_full_scan(folder, monkeypatch):
    index, one = ModelIndex(), Resource("lora", "x", version_id=7)
    assert _state(index, one) == "missing"
    (folder / "sub" / "y.safetensors").write_bytes(b"1")
    (folder / "sub" / "y.civitai.info").write_text('{"id": 7, "modelId": 3}')
    assert _state(index, one) == "here"
    monkeypatch.setattr(module, "walk_folders", None)  # would fail if it were asked again
    assert _state(index, one) == "here"
    monkeypatch.undo()
    monkeypatch.setattr(module, "_CHECK_INTERVAL", 0)
    setting.change("model_folders", str(folder))
    (folder / "sub" / "y.safetensors").unlink()
    os.utime(folder / "sub", (1, 1))
    assert _state(index, one) == "missing"


def test_sidecar_is_read_again_only_if_it_changed(folder, monkeypatch):
    read = []
    before = module.read_sidecar
    monkeypatch.setattr(module, "read_sidecar", lambda path: read.append(path) or before(path))
    (folder / "y.pt").write_bytes(b"1")
    (folder / "y.metadata.json").write_text(json.dumps({"civitai": {"id": 7}}))
    index, one = ModelIndex(), Resource("lora", "x", version_id=7)
    assert _state(index, one) == "here"
    (folder / "z.pt").write_bytes(b"1")
    os.utime(folder, (5, 5))
    assert _state(index, Resource("lora", "z")) == "here" and len(read) == 1


@pytest.mark.parametrize("title", ["lora/y", "lora/Lora/sub/y.pt"])
@pytest.mark.parametrize("at,state", [(1e12, "here"), (1, "missing")], ids=["as-it-is", "changed"])
def test_file_is_found_by_the_hash_in_the_hosts_cache(folder, monkeypatch, title, at, state):
    (folder / "sub" / "y.pt").write_bytes(b"1")
    monkeypatch.setattr(host, "read_cached_hashes", lambda: {title: [(at, _SHA)]})
    assert _state(ModelIndex(), Resource("lora", "x", hash=_SHA[:10])) == state


def test_preview_beside_a_file_is_found_under_each_name_that_webuis_give_it(folder):
    names = ("a.preview.png", "b.jpg", "c.thumb.jpg")
    for name in names:
        (folder / name).write_bytes(b"1")
        (folder / f"{name[0]}.pt").write_bytes(b"1")
    found = {file.name: os.path.basename(file.preview) for file in ModelIndex().list_files()}
    assert found == {"a": "a.preview.png", "b": "b.jpg", "c": "c.thumb.jpg"}


def test_vae_beside_a_checkpoint_is_indexed_as_a_vae(folder):
    (folder / "a.vae.pt").write_bytes(b"12")
    found = ModelIndex().find(Resource("vae", "a.vae"))
    assert (found.state, found.file.size) == ("here", 2)
