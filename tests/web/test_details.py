"""Beside an open image: how it was made and with what, on this machine or not."""

from __future__ import annotations

import json
import re
import urllib.request

from api_server import MODEL_ID, status
from civitai_manager_libs import setting
from civitai_manager_libs.core import Image
from civitai_manager_libs.infotext.infotext_format import parse_infotext
from civitai_manager_libs.library import image_records
from page_driver import expect, wait_for
from page_facts import infotext_of, of_model
import pytest

_MODEL = f"images?model={MODEL_ID}"
_SHA = "0123456789" * 6 + "abcd"


def _show(api, civitai, *metas, **more):
    """Let the gallery have an image with each of these data, of ids from 1 on; return the ids."""
    first = civitai._row(civitai.ids[0])
    rows = [{**first, "id": at, "meta": meta, **more} for at, meta in enumerate(metas, start=1)]
    civitai.script("page", status(200, json.dumps({"items": rows, "metadata": {}}).encode()))
    return [image["id"] for image in api.get(_MODEL)["images"]]


def _read_model(api, civitai, type, *files):
    version = {"id": 7, "name": "v1", "images": [], "files": files}
    model = {"id": MODEL_ID, "name": "m", "type": type, "modelVersions": [version]}
    civitai.script("model", status(200, json.dumps(model).encode()))
    api.get(f"models/{MODEL_ID}")


def _used(api, *keys, language="en"):
    """Return what is said of each resource of the image 1, by its type."""
    used = api.get("images/1", language)["resources"]
    return {one["type"]: tuple(one[key] for key in keys) for one in used}


_META = {
    "prompt": "x <lora:detail_v2:0.5>",
    "Model": "anime\\dreamshaper_8",
    "Model hash": _SHA[:10],
    "VAE": "clear.safetensors",
    "hashes": {"lora:detail_v2": "ab" * 6, "model": _SHA[:10]},
}


def test_resource_is_here_another_version_or_missing_with_its_size(api, civitai, folder):
    (folder / "checkpoints" / "mine.safetensors").write_bytes(b"12345")
    hashes = {"id": 1, "files": [{"hashes": {"SHA256": _SHA.upper()}}]}
    (folder / "checkpoints" / "mine.civitai.info").write_text(json.dumps(hashes))
    (folder / "loras" / "Detail-v3.safetensors").write_bytes(b"123")
    _show(api, civitai, _META)
    assert _used(api, "availability", "availability_label", "size") == {
        "model": ("here", "Installed", 5),
        "lora": ("other", "Another version: v3", 3),
        "vae": ("missing", "Missing", 0),
    }
    chinese = _used(api, "availability_label", language="zh-TW")
    assert chinese["lora"] == ("另一個版本：v3",)


def test_size_of_a_missing_file_is_civitais_and_only_an_id_is_said_to_be_unknown(
    api, civitai, folder
):
    meta = {"prompt": "x", "civitaiResources": [{"modelVersionId": 7}]}
    _show(api, civitai, meta)
    [one] = api.get("images/1")["resources"]
    assert one["availability"] == "missing" and "only its id" in one["availability_label"]
    primary = {"sizeKB": 2048, "primary": True, "hashes": {"AutoV2": "AB" * 5}}
    _read_model(api, civitai, "LORA", {"sizeKB": 1.0}, primary)
    [one] = api.get("images/1")["resources"]
    assert (one["availability"], one["size"], one["name"]) == ("missing", 2 * 1024 * 1024, "m v1")


def test_availability_is_empty_without_known_folders(api, civitai, folder):
    setting.change("model_folders", "")
    _show(api, civitai, _META)
    assert set(_used(api, "availability", "availability_label").values()) == {("", "")}
    assert api.get("bootstrap")["has_models"] is False


def test_image_is_reproducible_if_all_resources_and_a_checkpoint_are_here(api, civitai, folder):
    (folder / "checkpoints" / "dreamshaper_8.safetensors").write_bytes(b"1")
    (folder / "loras" / "detail_v2.safetensors").write_bytes(b"1")
    lora = {"prompt": "x <lora:detail_v2:1>"}
    metas = [
        {"prompt": "x", "Model": "dreamshaper_8"},
        {**lora, "Model": "dreamshaper_8", "VAE": "Automatic"},
        {**lora, "Model": "dreamshaper_7"},
        lora,
        {"prompt": "x <lora:other:1>", "Model": "dreamshaper_8"},
        {"prompt": "x"},
    ]
    ids = _show(api, civitai, *metas)
    named = Image(99, "", version_ids=(7,))  # Civitai names a version, and no data
    image_records.store_images([named])
    (folder / "checkpoints" / "dreamshaper_8.cm-info.json").write_text('{"VersionId": 7}')
    for words, found in (
        ("is:installed", [1, 2]),
        ("-is:here", [99, *ids[2:]]),
        ("detail is:here", [2]),
    ):
        assert api.post("loaded_filter", {"ids": [99, *ids], "words": words})["ids"] == found


@pytest.mark.parametrize("named", [True, False], ids=["by-civitai", "of-the-open-model"])
def test_filter_recognizes_a_file_by_civitais_version_data(api, civitai, folder, named):
    """As the details do: the sidecar names a version, the picture only a hash."""
    file = {"name": "x.safetensors", "hashes": {"AutoV2": "AB" * 5}}
    _read_model(api, civitai, "Checkpoint", file)
    (folder / "checkpoints" / "mine.safetensors").write_bytes(b"1")
    (folder / "checkpoints" / "mine.cm-info.json").write_text('{"VersionId": 7}')
    meta = {"prompt": "x", "Model": "y", "Model hash": "ab" * 5}
    _show(api, civitai, meta, modelVersionIds=[7] if named else [])
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
    wait_for(lambda: page.page.evaluate("() => window.copied"), "the copy")
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
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)["resources"]


_LORA = 900_003
_LORA_IN_PROMPT = re.compile(r"<lora:([^:>]+):([\d.]+)>")


def _row(kind, *having):
    """Return the first image of a kind that has all this in its infotext."""
    fits = (row for row in of_model(_LORA)[:60] if row.kind == kind and row.type == "image")
    return next(row for row in fits if all(text in infotext_of(row) for text in having))


@pytest.fixture
def open_row(server, open_gallery):
    """open_row(row) -> the page with that picture open and its details there."""

    def open_row(row, **options):
        page = open_gallery(server, f"?model={_LORA}&image={row.id}", **options).ready()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        _told(page)
        return page

    return open_row


def _told(page):
    expect(page.page.locator(".details-body")).to_have_attribute("aria-busy", "false")


def _copied(page):
    """Return the clipboard once the page says that it copied; wait until the message is gone."""
    page.message("已複製").click()
    expect(page.message("已複製")).to_have_count(0)
    return page.page.evaluate("navigator.clipboard.readText()")


def test_texts_are_translated_copied_in_english_by_a_click_and_edited(open_row, demo):
    row = _row("a1111", "Schedule type:", "Negative prompt:", "Lora hashes:")
    page, text = open_row(row, locale="zh-TW"), infotext_of(row)
    read = parse_infotext(text)
    names = page.page.locator(".parameters dt").all_inner_texts()
    assert {"步數", "取樣方法", "排程類型", "種子", "尺寸", "CFG scale"} <= set(names)
    box = page.page.locator("section.prompt .copies").bounding_box()
    page.drag((box["x"] + 20, box["y"] + 20), (box["x"] + 160, box["y"] + 20))
    assert page.page.evaluate("String(getSelection())").strip()
    page.page.wait_for_timeout(300)
    expect(page.message("已複製")).to_have_count(0)  # selecting copies nothing
    page.page.locator(".viewer-bar .position").click()
    for name, wanted in (("prompt", read.prompt), ("negative", read.negative_prompt)):
        page.page.locator(f"section.{name} .copies").click()
        assert _copied(page) == wanted
        page.control(f"copy-{name}").click()
        assert _copied(page) == wanted
    page.page.locator(".parameters dd button").nth(1).click()
    assert _copied(page) == list(read.parameters.values())[1]
    page.control("copy-parameters").click()
    assert _copied(page) == ", ".join(f"{k}: {v}" for k, v in read.parameters.items())
    page.control("copy-infotext").click()
    assert _copied(page) == text
    page.key("Control+c")
    assert _copied(page) == text

    rows, (name, weight) = page.page.locator(".resources li"), _LORA_IN_PROMPT.search(text).groups()
    expect(rows.filter(has_text=name).first.locator(".weight")).to_have_text(weight)
    get_classes = "all => all.map(one => one.classList[0])"
    parts = page.page.locator(".details-body > *").evaluate_all(get_classes)
    in_order = ["parameters", "resources", "annotations"]
    assert [part for part in parts[parts.index("parameters") :] if part in in_order] == in_order
    links = page.page.locator(".resources a, .links a").evaluate_all(
        "links => links.map(link => [link.href, link.target, link.rel])"
    )
    assert len(links) >= 3
    for href, target, rel in links:
        assert href.startswith((f"{demo.url}/", "https://civitai.com/"))
        assert target == "_blank" and "noopener" in rel

    page.page.locator("details.infotext summary").click()
    page.field("infotext").fill("my own words\nSteps: 5")
    page.control("copy-infotext").click()
    assert _copied(page) == "my own words\nSteps: 5"
    page.page.locator(".viewer-bar .position").click()
    page.key("ArrowRight")
    _told(page)
    fold = page.page.locator("details.infotext")
    wait_for(lambda: fold.count() == 0 or fold.evaluate("fold => fold.open"))  # as it was left
    page.key("ArrowLeft")
    expect(page.viewer).to_have_attribute("data-id", str(row.id))
    expect(page.field("infotext")).to_have_value("my own words\nSteps: 5")
    page.control("undo-edit").click()
    expect(page.field("infotext")).to_have_value(text)
    expect(page.control("undo-edit")).to_have_count(0)
    page.control("copy-infotext").click()
    assert _copied(page) == text
    page.page.locator(".viewer-bar .position").click()
    details = page.page.locator("aside.details")
    page.key("i")
    expect(details).to_be_hidden()
    page.reload()
    expect(page.viewer).to_be_visible()
    expect(details).to_be_hidden()
    page.key("i")
    expect(details).to_be_visible()

    page.key("Control+c")
    page.message("已複製").wait_for()
    page.page.evaluate(_CLOSED_AND_LEFT)  # for another tab of the host
    expect(page.message("已複製")).to_have_count(0)


_CLOSED_AND_LEFT = """() => new Promise((done) => setTimeout(() => {
    const gallery = document.querySelector("civitai-gallery");
    gallery.shadowRoot.querySelector("[data-viewer] [data-do=close]").click();
    requestAnimationFrame(() => { gallery.style.display = "none"; requestAnimationFrame(done); });
}))"""


def test_workflow_is_copied_and_data_that_are_missing_are_read_from_the_file(open_row):
    page = open_row(_row("comfy"))
    page.control("copy-workflow").click()
    page.message("Copied").wait_for()
    copied = json.loads(page.page.evaluate("navigator.clipboard.readText()"))
    assert "nodes" in copied or any("class_type" in node for node in copied.values())
    page.go(f"?model={_LORA}&image={_row('hidden').id}")
    prompt = page.page.locator(".details section.prompt")
    _told(page)
    expect(prompt).to_have_count(0)
    page.control("look-in-file").click()
    expect(prompt).to_be_visible()
    page.go(f"?model={_LORA}&image={_row('none').id}")
    page.control("look-in-file").click()
    page.message("The file has no generation data either").wait_for()
