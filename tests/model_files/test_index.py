"""The model files on this machine, and the hashes that are computed of them."""

import hashlib
import json
import os

import pytest
from civitai_manager_libs import host, setting
from civitai_manager_libs.core import Cancellation
from civitai_manager_libs.errors import Cancelled, DiskError
from civitai_manager_libs.infotext import Resource
from civitai_manager_libs.model_files import index, index as module
from civitai_manager_libs.model_files.index import compute_hash, load_hashes, ModelIndex

_SHA = "0123456789abcdef" * 4


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CHECK_INTERVAL", 0)
    (tmp_path / "models" / "Lora" / "sub").mkdir(parents=True)
    setting.change("model_folders", str(tmp_path / "models"))
    return tmp_path / "models" / "Lora"


def _state(index, resource):
    return index.find(resource).state


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


def test_changed_setting_is_followed_at_once(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"weights")
    index, used = ModelIndex(), Resource("lora", name="a")
    for folders, state in (("", ""), (str(tmp_path), "here"), ("", "")):
        setting.change("model_folders", folders)
        assert index.find(used).state == state


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
@pytest.mark.parametrize("late,state", [(0, "here"), (100, "missing"), (-100, "missing")])
def test_file_is_found_by_the_hash_in_the_hosts_cache(folder, monkeypatch, title, late, state):
    (folder / "sub" / "y.pt").write_bytes(b"1")
    at = os.stat(folder / "sub" / "y.pt").st_mtime - late  # a file may be replaced by an older one
    monkeypatch.setattr(host, "read_cached_hashes", lambda: {title: [(at, _SHA)]})
    assert _state(ModelIndex(), Resource("lora", "x", hash=_SHA[:10])) == state


def test_previews_and_a_vae_beside_a_file_are_found_under_the_names_that_webuis_give_them(folder):
    names = ("a.preview.png", "b.jpg", "c.thumb.jpg")
    for name in names:
        (folder / name).write_bytes(b"1")
        (folder / f"{name[0]}.pt").write_bytes(b"1")
    found = {file.name: os.path.basename(file.preview) for file in ModelIndex().list_files()}
    assert found == {"a": "a.preview.png", "b": "b.jpg", "c": "c.thumb.jpg"}
    (folder / "a.vae.pt").write_bytes(b"12")
    found = ModelIndex().find(Resource("vae", "a.vae"))
    assert (found.state, found.file.size) == ("here", 2)


def test_hash_is_stored_with_the_size_and_time_of_the_file(tmp_path):
    path = tmp_path / "x.pt"
    path.write_bytes(b"abc")
    digest = hashlib.sha256(b"abc").hexdigest()
    assert compute_hash(str(path)) == digest
    assert load_hashes() == {str(path): (path.stat().st_mtime, 3, digest)}


def test_only_the_latest_hashes_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "_MOST_FILES", 2)
    for name in ("a", "b", "a", "c"):
        (tmp_path / name).write_bytes(b"1")
        compute_hash(str(tmp_path / name))
    assert [os.path.basename(path) for path in load_hashes()] == ["a", "c"]


def test_cancelled_hash_and_that_of_a_missing_file_are_not_stored(tmp_path):
    (tmp_path / "x.pt").write_bytes(b"abc")
    cancelled = Cancellation()
    cancelled.set()
    with pytest.raises(Cancelled), cancelled.as_current():
        compute_hash(str(tmp_path / "x.pt"))
    with pytest.raises(DiskError, match="y.pt"):
        compute_hash(str(tmp_path / "y.pt"))
    assert load_hashes() == {}
    assert _state(ModelIndex(), Resource("lora", "x")) == ""  # there is no folder of models


@pytest.mark.parametrize(
    "text", ["", "[", "[]", '{"a": 1}', '{"a": [1, 2]}', '{"a": ["x", 2, "y"]}', '{"a": [1, 2, 3]}']
)
def test_damaged_hashes_are_left_out(text):
    os.makedirs(setting.data_folder(), exist_ok=True)
    with open(os.path.join(setting.data_folder(), "model_hashes.json"), "w") as file:
        file.write(text)
    assert load_hashes() == {}
