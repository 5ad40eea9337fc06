"""What is kept beside a saved picture."""

from __future__ import annotations

import json
import os

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.errors import DiskError, UnreadableAnswer
from civitai_manager_libs.ground.images import Image
from civitai_manager_libs.infotext.metadata import infotext
from civitai_manager_libs.jobs.sidecars import write_beside

_META = {
    "prompt": "a lighthouse 燈塔",
    "steps": 28,
    "seed": 7,
    "cfgScale": 6.5,
    "sampler": "Euler a",
}


def _record(**values):
    return json.dumps({"id": 7, "url": "https://image.civitai.com/x.jpeg", **values})


def _written(tmp_path, record):
    write_beside(str(tmp_path / "7.png"), record)
    return {name: (tmp_path / name).read_text("utf-8") for name in sorted(os.listdir(tmp_path))}


@pytest.mark.parametrize("meta", [_META, {"id": 7, "meta": _META}], ids=["flat", "wrapped"])
def test_infotext_and_record_bear_the_pictures_name(tmp_path, meta):
    record = _record(meta=meta)
    written = _written(tmp_path, record)
    assert list(written) == ["7.json", "7.txt"]
    assert written["7.json"] == record
    assert written["7.txt"].startswith("a lighthouse 燈塔\nSteps: 28, Sampler: Euler a")


@pytest.mark.parametrize("meta", [None, {}, [], "text", {"id": 7, "meta": None}], ids=repr)
def test_picture_without_generation_data_has_a_record_only(tmp_path, meta):
    assert list(_written(tmp_path, _record(meta=meta))) == ["7.json"]


def test_short_infotext_says_where_it_is_from_as_the_tab_does(tmp_path):
    meta = {"prompt": "fog", "steps": 20}
    written = _written(tmp_path, _record(meta=meta, baseModel="Pony", postId=9))
    image = Image(7, "", base_model="Pony", post_id=9)
    assert written["7.txt"] == infotext(meta, image) != infotext(meta)


@pytest.mark.parametrize(
    "infotext,record,names",
    [(True, False, ["7.txt"]), (False, True, ["7.json"]), (False, False, [])],
)
def test_settings_say_what_is_written(tmp_path, infotext, record, names):
    setting.change("save_infotext", infotext)
    setting.change("save_record", record)
    assert list(_written(tmp_path, _record(meta=_META))) == names


def test_no_record_writes_nothing(tmp_path):
    assert _written(tmp_path, "") == {}


def test_half_a_surrogate_pair_in_a_prompt_is_written_as_a_question_mark(tmp_path):
    written = _written(tmp_path, json.dumps({"id": 7, "meta": {**_META, "prompt": "a \ud83d b"}}))
    assert written["7.txt"].startswith("a ")
    assert json.loads(written["7.json"])["id"] == 7


@pytest.mark.parametrize(
    "record", ["{", "[]", "5", "null", "[" * 99_999, "\ufffd"], ids=lambda text: text[:5]
)
@pytest.mark.parametrize("wanted", [True, False])
def test_damaged_record_is_said_and_nothing_is_written(tmp_path, record, wanted):
    setting.change("save_infotext", wanted)
    with pytest.raises(UnreadableAnswer, match="damaged"):
        write_beside(str(tmp_path / "7.png"), record)
    assert os.listdir(tmp_path) == []


def test_older_files_are_replaced_whole(tmp_path):
    (tmp_path / "7.txt").write_text("something much longer than what comes now" * 100)
    assert _written(tmp_path, _record(meta={"prompt": "x"}))["7.txt"] == "x"


def test_folder_in_the_way_is_a_disk_error_that_leaves_nothing(tmp_path):
    (tmp_path / "7.json").mkdir()
    with pytest.raises(DiskError, match="7.json"):
        write_beside(str(tmp_path / "7.png"), _record(meta=None))
    assert os.listdir(tmp_path) == ["7.json"]
