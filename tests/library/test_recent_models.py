"""The models and authors that were opened last."""

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


def test_latest_twenty_galleries_are_stored_once_and_the_latest_is_first():
    for model_id, name in ((1, "One"), (2, "Two"), (1, '名前 🦊 "x" <b>')):
        models.add_recent_gallery(model_id, name)
    assert models.list_recent_models() == [(1, '名前 🦊 "x" <b>'), (2, "Two")]
    for n in range(30):
        models.add_recent_gallery(n, str(n))
    assert [model_id for model_id, _ in models.list_recent_models()] == list(range(29, 9, -1))
    with open(_path(), encoding="utf-8") as file:
        assert len(json.load(file)) == 20, "the file does not grow"


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", '{"a": 1}', "[1, 2]", '[[1]]', '[["1", "x"]]', "[[1, 2]]", "[" * 100_000]
    + ['[[1, "Two"], "x"]'],
)
def test_valid_rows_of_a_damaged_list_are_read(text):
    _write(text)
    assert models.list_recent_models() == ([(1, "Two")] if "Two" in text else [])
    models.add_recent_gallery(1, "One")
    assert models.list_recent_models() == [(1, "One")]


def test_unwritable_list_raises_a_disk_error(monkeypatch):
    _write("[]")
    os.remove(_path())
    os.mkdir(_path())
    with pytest.raises(DiskError):
        models.add_recent_gallery(1, "One")
