"""Which of a picture's resources are on this machine, and which pictures can be made here."""

from __future__ import annotations

import json
import urllib.request

import pytest
from api_server import MODEL_ID, status
from civitai_manager_libs import setting
from civitai_manager_libs.core import Image
from civitai_manager_libs.library import image_records

_MODEL = f"images?model={MODEL_ID}"
_SHA = "0123456789" * 6 + "abcd"


def _shown(api, civitai, *metas):
    first = civitai._row(civitai.ids[0])
    rows = [{**first, "id": at, "meta": meta} for at, meta in enumerate(metas, start=1)]
    civitai.script("page", status(200, json.dumps({"items": rows, "metadata": {}}).encode()))
    return [image["id"] for image in api.get(_MODEL)["images"]]


_META = {
    "prompt": "x <lora:detail_v2:0.5>",
    "Model": "anime\\dreamshaper_8",
    "Model hash": _SHA[:10],
    "VAE": "clear.safetensors",
    "hashes": {"lora:detail_v2": "ab" * 6, "model": _SHA[:10]},
}


def test_resource_is_here_another_version_or_missing_with_its_size(api, civitai, folder):
    (folder / "checkpoints" / "mine.safetensors").write_bytes(b"12345")
    (folder / "checkpoints" / "mine.civitai.info").write_text(
        json.dumps({"id": 1, "files": [{"hashes": {"SHA256": _SHA.upper()}}]})
    )
    (folder / "loras" / "Detail-v3.safetensors").write_bytes(b"123")
    _shown(api, civitai, _META)
    told = {one["type"]: one for one in api.get("images/1")["resources"]}
    said = {
        kind: (one["availability"], one["availability_label"], one["size"])
        for kind, one in told.items()
    }
    assert said == {
        "model": ("here", "Here", 5),
        "lora": ("other", "Another version: v3", 3),
        "vae": ("missing", "Missing", 0),
    }
    chinese = api.get("images/1", "zh-TW")["resources"]
    assert [one["availability_label"] for one in chinese if one["type"] == "lora"] == [
        "另一個版本：v3"
    ]


def test_size_of_a_missing_file_is_civitais(api, civitai, folder):
    files = [{"sizeKB": 1.0}, {"sizeKB": 2048, "primary": True, "hashes": {"AutoV2": "AB" * 5}}]
    version = {"id": 7, "name": "v1", "images": [], "files": files}
    model = {"id": MODEL_ID, "name": "m", "type": "LORA", "modelVersions": [version]}
    civitai.script("model", status(200, json.dumps(model).encode()))
    api.get(f"models/{MODEL_ID}")
    _shown(api, civitai, {"prompt": "x", "civitaiResources": [{"modelVersionId": 7}]})
    [one] = api.get("images/1")["resources"]
    assert (one["availability"], one["size"], one["name"]) == ("missing", 2 * 1024 * 1024, "m v1")


def test_resource_with_only_an_id_is_said_to_be_unknown(api, civitai, folder):
    _shown(api, civitai, {"prompt": "x", "civitaiResources": [{"modelVersionId": 7}]})
    [one] = api.get("images/1")["resources"]
    assert one["availability"] == "missing" and "only its id" in one["availability_label"]


def test_availability_is_empty_without_known_folders(api, civitai, folder):
    setting.change("model_folders", "")
    _shown(api, civitai, _META)
    assert {
        (one["availability"], one["availability_label"]) for one in api.get("images/1")["resources"]
    } == {("", "")}
    assert api.get("bootstrap")["host"]["has_models"] is False


def test_image_is_reproducible_if_all_resources_and_a_checkpoint_are_here(api, civitai, folder):
    (folder / "checkpoints" / "dreamshaper_8.safetensors").write_bytes(b"1")
    (folder / "loras" / "detail_v2.safetensors").write_bytes(b"1")
    lora = {"prompt": "x <lora:detail_v2:1>"}
    ids = _shown(
        api,
        civitai,
        {"prompt": "x", "Model": "dreamshaper_8"},
        {**lora, "Model": "dreamshaper_8", "VAE": "Automatic"},
        {**lora, "Model": "dreamshaper_7"},
        lora,
        {"prompt": "x <lora:other:1>", "Model": "dreamshaper_8"},
        {"prompt": "x"},
    )
    image_records.store_images(
        [Image(99, "", version_ids=(7,))]
    )  # Civitai names a version, and no data
    (folder / "checkpoints" / "dreamshaper_8.cm-info.json").write_text('{"VersionId": 7}')
    assert api.post("loaded_filter", {"ids": [99, *ids], "words": "is:here"})["ids"] == [1, 2]
    assert api.post("loaded_filter", {"ids": [99, *ids], "words": "-is:here"})["ids"] == [
        99,
        *ids[2:],
    ]
    assert api.post("loaded_filter", {"ids": ids, "words": "detail is:here"})["ids"] == [2]


@pytest.mark.parametrize("named", [True, False], ids=["by-civitai", "of-the-open-model"])
def test_filter_recognizes_a_file_by_civitais_version_data(api, civitai, folder, named):
    """As the details do: the sidecar names a version, the picture only a hash."""
    files = [{"name": "x.safetensors", "hashes": {"AutoV2": "AB" * 5}}]
    version = {"id": 7, "name": "v1", "images": [], "files": files}
    model = {"id": MODEL_ID, "name": "m", "type": "Checkpoint", "modelVersions": [version]}
    civitai.script("model", status(200, json.dumps(model).encode()))
    api.get(f"models/{MODEL_ID}")
    (folder / "checkpoints" / "mine.safetensors").write_bytes(b"1")
    (folder / "checkpoints" / "mine.cm-info.json").write_text('{"VersionId": 7}')
    meta = {"prompt": "x", "Model": "y", "Model hash": "ab" * 5}
    row = {
        **civitai._row(civitai.ids[0]),
        "id": 1,
        "meta": meta,
        "modelVersionIds": [7] if named else [],
    }
    civitai.script("page", status(200, json.dumps({"items": [row], "metadata": {}}).encode()))
    api.get(_MODEL)
    opened = None if named else MODEL_ID
    [one] = api.get(f"images/1?model={opened or ''}")["resources"]
    asked = {"ids": [1], "words": "is:here", "model": opened}
    assert one["availability"] == "here" and api.post("loaded_filter", asked)["ids"] == [1]


# In the page


def test_page_shows_copies_and_filters_by_availability(start, open_gallery, demo, tmp_path):
    models = tmp_path / "models" / "checkpoints"
    models.mkdir(parents=True)
    server = start(demo.url, model_folders=str(models.parent))
    page = open_gallery(server, "?model=900003").ready()
    told = {i: used_by(server, i) for i in page.ids()[:12]}
    picture = next(i for i, used in told.items() if len(used) > 1 and used[0]["hash"])
    model = told[picture][0]
    page.tile(picture).click()
    page.page.locator("li[data-here=missing]").first.wait_for()
    page.page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    page.control("copy-missing").click()
    lines = page.page.evaluate("window.copied").split("\n")
    assert all(one["name"] in line for one, line in zip(told[picture], lines, strict=True))
    assert lines[0].startswith(f"model  {model['name']}  {model['hash']}")
    page.control("close").click()
    (models / f"{model['name']}.safetensors").write_bytes(b"1")
    only = [i for i, used in told.items() if [one["name"] for one in used] == [model["name"]]]
    page.search("is:here", "loaded")
    shown = [f"[data-tile][data-id='{i}']" for i in only]
    for tile in shown:
        page.page.locator(tile).wait_for()
    page.page.locator(f"[data-tile][data-id='{picture}']").wait_for(state="detached")
    page.control("clear-search").first.click()
    page.tile(picture).wait_for()


def used_by(server, image_id):
    address = f"{server.url}/civitai_shortcut/api/images/{image_id}?model=900003"
    return ask(address)["resources"]


def ask(address):
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


def test_workflow_is_copied_in_comfyuis_format(server, open_gallery):
    page = open_gallery(server, "?model=900001").ready()
    address = f"{server.url}/civitai_shortcut/api/images"
    told = {i: ask(f"{address}/{i}") for i in page.ids()}
    picture = next(i for i, one in told.items() if one["has_workflow"])
    page.tile(picture).click()
    page.page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    page.control("copy-workflow").click()
    page.page.wait_for_function("() => window.copied")
    copied = json.loads(page.page.evaluate("window.copied"))
    assert "nodes" in copied or any("class_type" in node for node in copied.values())
    page.page.keyboard.press("Escape")
