"""The models and authors that were opened last."""

from __future__ import annotations

import json
import os

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.errors import DiskError
from civitai_manager_libs.library import models

pytestmark = pytest.mark.usefixtures("each_system")


def _path():
    return os.path.join(setting.data_folder(), "recent.json")


def _write(text):
    os.makedirs(setting.data_folder(), exist_ok=True)
    with open(_path(), "w", encoding="utf-8") as file:
        file.write(text)


def test_latest_gallery_is_first_and_listed_once():
    for model_id, name in ((1, "One"), (2, "Two"), (1, "One, renamed")):
        models.add_recent_gallery(model_id, name)
    assert models.list_recent_models() == [(1, "One, renamed"), (2, "Two")]


def test_names_of_any_script_are_stored_unchanged():
    models.add_recent_gallery(1, '名前 🦊 "x" <b>')
    assert models.list_recent_models() == [(1, '名前 🦊 "x" <b>')]


def test_only_the_last_twenty_are_stored():
    for n in range(30):
        models.add_recent_gallery(n, str(n))
    assert [model_id for model_id, _ in models.list_recent_models()] == list(range(29, 9, -1))


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", '{"a": 1}', "[1, 2]", '[[1]]', '[["1", "x"]]', "[[1, 2]]", "[" * 100_000],
)
def test_damaged_list_is_empty(text):
    _write(text)
    assert models.list_recent_models() == []
    models.add_recent_gallery(1, "One")
    assert models.list_recent_models() == [(1, "One")]


def test_valid_rows_of_a_damaged_list_are_read():
    _write(json.dumps([[1, "One"], "x", [2, "Two"]]))
    assert models.list_recent_models() == [(1, "One"), (2, "Two")]


def test_unwritable_list_raises_a_disk_error(monkeypatch):
    _write("[]")
    os.remove(_path())
    os.mkdir(_path())
    with pytest.raises(DiskError):
        models.add_recent_gallery(1, "One")
