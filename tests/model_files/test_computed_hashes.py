"""The stored hashes of model files."""

from __future__ import annotations

import hashlib
import os

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import Cancellation
from civitai_manager_libs.errors import Cancelled, DiskError
from civitai_manager_libs.model_files import index
from civitai_manager_libs.model_files.index import compute_hash, load_hashes


def _stored_file():
    os.makedirs(setting.data_folder(), exist_ok=True)
    return os.path.join(setting.data_folder(), "model_hashes.json")


def test_hash_is_stored_with_the_size_and_time_of_the_file(tmp_path):
    path = tmp_path / "x.pt"
    path.write_bytes(b"abc")
    digest = hashlib.sha256(b"abc").hexdigest()
    assert compute_hash(str(path), Cancellation()) == digest
    assert load_hashes() == {str(path): (path.stat().st_mtime, 3, digest)}


def test_only_the_latest_hashes_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "_MOST_FILES", 2)
    for name in ("a", "b", "a", "c"):
        (tmp_path / name).write_bytes(b"1")
        compute_hash(str(tmp_path / name), Cancellation())
    assert [os.path.basename(path) for path in load_hashes()] == ["a", "c"]


def test_cancelled_hash_is_not_stored(tmp_path):
    (tmp_path / "x.pt").write_bytes(b"abc")
    cancelled = Cancellation()
    cancelled.set()
    with pytest.raises(Cancelled):
        compute_hash(str(tmp_path / "x.pt"), cancelled)
    assert load_hashes() == {}


def test_missing_file_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(DiskError, match="x.pt"):
        compute_hash(str(tmp_path / "x.pt"), Cancellation())


@pytest.mark.parametrize(
    "text", ["", "[", "[]", '{"a": 1}', '{"a": [1, 2]}', '{"a": ["x", 2, "y"]}', '{"a": [1, 2, 3]}']
)
def test_damaged_hashes_are_left_out(text):
    with open(_stored_file(), "w") as file:
        file.write(text)
    assert load_hashes() == {}
