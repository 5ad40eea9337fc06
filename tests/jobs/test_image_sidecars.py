"""What is kept beside a saved picture."""

import json
import os

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core.images import Image as Picture
from civitai_manager_libs.errors import DiskError
from civitai_manager_libs.infotext import read_embedded
from civitai_manager_libs.infotext.metadata_to_infotext import build_infotext
from civitai_manager_libs.jobs import image_items
from civitai_manager_libs.jobs.image_items import write_sidecars
from engine_stand_ins import make_png
from fault_responses import png

pytestmark = pytest.mark.usefixtures("each_system")

PNG = png(size=200)

_META = {
    "prompt": "a lighthouse 燈塔",
    "steps": 28,
    "seed": 7,
    "cfgScale": 6.5,
    "sampler": "Euler a",
}


def _record(**values):
    return json.dumps({"id": 7, "url": "https://image.civitai.com/x.jpeg", **values})


def _written(tmp_path, record, picture=PNG):
    path = tmp_path / "7.png"
    path.write_bytes(picture)
    if setting.embeds_infotext:
        with path.open("rb") as file:
            image_items._embed(record, file, str(path))
    write_sidecars(str(path), record)
    beside = sorted(set(os.listdir(tmp_path)) - {"7.png"})
    return {name: (tmp_path / name).read_text("utf-8") for name in beside}


@pytest.mark.parametrize("meta", [_META, {"id": 7, "meta": _META}], ids=["flat", "wrapped"])
def test_infotext_and_record_have_the_images_name(tmp_path, meta):
    record = _record(meta=meta, more="a \ud83d b")
    written = _written(tmp_path, record)
    assert list(written) == ["7.json", "7.txt"]
    assert json.loads(written["7.json"]) == json.loads(record)
    assert written["7.txt"].startswith("a lighthouse 燈塔\nSteps: 28, Sampler: Euler a")
    for nothing in (None, {}, [], "text", {"id": 7, "meta": None}):
        os.unlink(tmp_path / "7.txt") if os.path.exists(tmp_path / "7.txt") else None
        assert list(_written(tmp_path, _record(meta=nothing))) == ["7.json"]


def test_infotext_names_its_source_as_in_the_page(tmp_path):
    meta = {"prompt": "fog", "steps": 20}
    written = _written(tmp_path, _record(meta=meta, baseModel="Pony", postId=9))
    image = Picture(7, "", base_model="Pony", post_id=9)
    assert written["7.txt"] == build_infotext(meta, image) != build_infotext(meta)


def test_infotext_names_a_lora_here_that_the_record_knows_by_its_number(tmp_path, library):
    folder = tmp_path / "models" / "Lora"
    folder.mkdir(parents=True)
    (folder / "Ink.safetensors").write_bytes(b"1")
    (folder / "Ink.civitai.info").write_text('{"id": 11, "modelId": 1}')
    setting.change("model_folders", str(folder.parent))
    used = [{"type": "lora", "weight": 0.7, "modelVersionId": 11}]
    (tmp_path / "saved").mkdir()
    meta = {**_META, "civitaiResources": used}
    for record in (_record(meta=meta), _record(meta={"id": 7, "meta": meta})):
        written = _written(tmp_path / "saved", record)
        assert written["7.txt"].startswith("a lighthouse 燈塔 <lora:Ink:0.7>\n")


@pytest.mark.parametrize(
    "infotext,record,names",
    [(True, False, ["7.txt"]), (False, True, ["7.json"]), (False, False, [])],
)
def test_settings_choose_which_files_are_written(tmp_path, infotext, record, names):
    setting.change("save_infotext", infotext)
    setting.change("save_record", record)
    assert list(_written(tmp_path, _record(meta=_META))) == names


@pytest.mark.parametrize(
    "record", ["{", "[]", "5", "null", "[" * 99_999, "\ufffd"], ids=lambda text: text[:5]
)
@pytest.mark.parametrize("wanted", [True, False])
def test_damaged_record_is_reported_and_nothing_is_written(tmp_path, record, wanted):
    setting.change("save_infotext", wanted)
    assert "damaged" in write_sidecars(str(tmp_path / "7.png"), record)
    assert os.listdir(tmp_path) == []


def test_folder_in_place_of_a_sidecar_is_a_disk_error(tmp_path):
    (tmp_path / "7.json").mkdir()
    with pytest.raises(DiskError, match="7.json"):
        write_sidecars(str(tmp_path / "7.png"), _record(meta=_META))
    assert sorted(os.listdir(tmp_path)) == ["7.json", "7.txt"]


_TEXT = "a harbor\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5"
_GRAPH = {"3": {"class_type": "KSampler", "inputs": {"seed": 5, "steps": 20}}}
_WORKFLOW = {"nodes": [{"id": 1, "type": "KSampler"}], "links": []}


def test_infotext_of_the_file_is_saved_if_the_record_has_none(tmp_path):
    assert _written(tmp_path, _record(meta=None), png(size=200, text=_TEXT))["7.txt"] == _TEXT
    written = _written(tmp_path, _record(meta=_META), png(size=200, text=_TEXT))
    assert written["7.txt"].startswith("a lighthouse")


def test_infotext_is_embedded_into_an_image_without_one_if_set(tmp_path):
    _written(tmp_path, _record(meta=_META))
    assert (tmp_path / "7.png").read_bytes() == PNG
    setting.change("embeds_infotext", True)
    for wanted in (True, False):
        setting.change("save_infotext", wanted)
        written = _written(tmp_path, _record(meta=_META))
        told = read_embedded(str(tmp_path / "7.png")).infotext
        assert told.startswith("a lighthouse 燈塔\nSteps: 28")
        assert written.get("7.txt", told) == told


@pytest.mark.parametrize(
    "picture,meta",
    [(png(size=200, text=_TEXT), _META), (PNG, None)],
    ids=["has-one", "nothing-to-say"],
)
def test_image_that_must_not_be_changed_is_unchanged(tmp_path, picture, meta):
    setting.change("embeds_infotext", True)
    _written(tmp_path, _record(meta=meta), picture)
    assert (tmp_path / "7.png").read_bytes() == picture


@pytest.mark.parametrize(
    "comfy,said",
    [
        ({"prompt": _GRAPH, "workflow": _WORKFLOW}, _WORKFLOW),
        (json.dumps({"prompt": _GRAPH, "workflow": _WORKFLOW}), _WORKFLOW),
        (json.dumps({"prompt": json.dumps(_GRAPH)}), _GRAPH),
        ({"workflow": {"nodes": float("nan")}}, {"nodes": None}),
        ("nonsense", None),
    ],
    ids=["both", "as-text", "graph-alone", "nan", "damaged"],
)
def test_workflow_is_saved_in_comfyuis_format_if_set(tmp_path, comfy, said):
    record = _record(meta={**_META, "comfy": comfy})
    assert "7.workflow.json" not in _written(tmp_path, record)
    setting.change("save_workflow", True)
    written = _written(tmp_path, record)
    assert json.loads(written.get("7.workflow.json", "null")) == said


def test_workflow_of_the_file_is_saved_if_the_record_has_none(tmp_path):
    setting.change("save_workflow", True)
    picture = make_png(workflow=json.dumps(_WORKFLOW))
    written = _written(tmp_path, _record(meta=_META), picture)
    assert json.loads(written["7.workflow.json"]) == _WORKFLOW
    assert written["7.txt"].startswith("a lighthouse")
