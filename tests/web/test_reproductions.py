"""Images made here: listed with how near they came and why; and files compared with an image."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from unittest.mock import Mock

from civitai_demo.files import draw_original
from civitai_manager_libs import setting
from civitai_manager_libs.errors import NetworkError
from civitai_manager_libs.library import reproductions, wait_for_writes
from gallery_page import SMALL, with_axe
from host_page import with_text
from page_driver import expect
from page_facts import infotext_of, of_model
from PIL import Image
from PIL.PngImagePlugin import PngInfo
import pytest

_MODEL = 900_001
_OURS = {"X-Civitai-Shortcut": "1", "Accept-Language": "en"}


def _find_row():
    fits = (row for row in of_model(_MODEL)[:60] if row.kind == "a1111" and row.type == "image")
    return next(row for row in fits if "Seed:" in infotext_of(row))


@pytest.fixture
def row(on_demo, api, monkeypatch):
    monkeypatch.setattr(reproductions, "_sends", reproductions.SendMemory())
    api.get(f"images?model={_MODEL}&level=XXX")
    return _find_row()


@pytest.fixture
def original(row, api):
    return Image.open(io.BytesIO(api.ask(f"api/file/{row.id}").content)).convert("RGB")


@pytest.fixture
def make(row, tmp_path):
    """make(image, infotext) plays a WebUI that has saved an image; returns its path."""

    def make(image, infotext, name="00001.png"):
        path = str(tmp_path / name)
        image.save(path)
        reproductions.remember_send(row.id, infotext_of(row))
        reproductions.receive_image(image, path, infotext)
        assert wait_for_writes(60)
        return path

    return make


def _compare(api, row, data, query=""):
    path = f"api/images/{row.id}/comparison{query}"
    return api.ask(path, "POST", data=data, headers=_OURS)


def _png(image, infotext=""):
    file, texts = io.BytesIO(), PngInfo()
    texts.add_text("parameters", infotext)
    image.save(file, "PNG", pnginfo=texts)
    return file.getvalue()


def test_image_made_here_is_listed_with_its_nearness(api, row, original, make):
    path = make(original.resize((400, 600)), infotext_of(row))
    (one,) = api.get(f"images/{row.id}/reproductions")
    assert one["nearness"] == "same" and one["ssim"] > 0.9 and one["differences"] == []
    assert one["summary"].startswith("Same: structural similarity (SSIM) 0.9")
    assert (one["file"], one["path"], one["name"]) == ("here", path, "00001.png")
    assert (one["width"], one["height"], one["is_edited"]) == (400, 600, False)
    assert api.get(f"images/{row.id}")["reproduction_count"] == 1
    for name, kind, size in (("thumb", "image/jpeg", 512), ("file", "image/png", 600)):
        answer = api.ask(f"api/reproductions/{one['id']}/{name}")
        assert answer.headers["Content-Type"] == kind
        assert max(Image.open(io.BytesIO(answer.content)).size) == size


def test_causes_are_described_in_words(api, row, make, monkeypatch, tmp_path):
    models = tmp_path / "models" / "Lora"
    models.mkdir(parents=True)
    (models / "other.safetensors").write_bytes(bytes(100))
    setting.change("model_folders", str(tmp_path / "models"))
    text = infotext_of(row).replace("\nSteps: ", "\nTiling size: 96, Tiling overlap: 8, Steps: ")
    text = "<lora:glow:1> " + re.sub("Model hash: [^,]+", "Model hash: 0123456789", text)
    make(Image.new("RGB", (64, 64)), text)
    (one,) = api.get(f"images/{row.id}/reproductions")
    assert one["nearness"] == "different" and one["is_edited"] is False
    first, *others = one["differences"]
    assert first.startswith("Another checkpoint: ")
    assert others[-2:] == [
        "LoRA glow: weight 1 here, not used for the original",
        "Tiling: used here, not for the original",
    ]


def test_lora_whose_weight_is_unknown_is_told_in_details_and_as_a_cause(api, on_demo):
    for path in ("models/900003", "images?model=900003&level=XXX"):
        api.get(path)
    fits = (row for row in of_model(900_003) if row.type == "image" and row.kind == "a1111")
    row = next(row for row in fits if "<lora:" not in infotext_of(row))
    told = "Civitai does not state its weight, so it has no tag in the prompt."
    assert any(told in one for one in api.get(f"images/{row.id}")["problems"])
    made = _png(Image.new("RGB", (64, 64)), infotext_of(row))
    (cause,) = _compare(api, row, made).json()["differences"]
    assert cause.startswith("LoRA Paper & Ink") and cause.endswith(told)


def test_deleted_file_is_reported_and_can_be_removed(api, row, original, make):
    kept = make(original, infotext_of(row), "kept.png")
    os.unlink(make(original, infotext_of(row), "gone.png"))
    gone, here = api.get(f"images/{row.id}/reproductions")
    assert (gone["file"], here["file"]) == ("gone", "here")
    assert api.error(f"reproductions/{gone['id']}/file")[:2] == (404, "not_there")
    assert api.ask(f"api/reproductions/{gone['id']}/thumb").status_code == 200
    left = api.post(f"images/{row.id}/reproductions/remove", {"ids": [gone["id"], -1, 2**62]})
    assert [one["name"] for one in left] == ["kept.png"] and os.path.exists(kept)
    assert api.ask(f"api/reproductions/{gone['id']}/thumb").status_code == 404


def test_reproduction_is_removed_with_its_own_image_and_its_path_shown_to_its_owner_only(
    api, row, original, make
):
    path = make(original, infotext_of(row))
    (one,) = api.get(f"images/{row.id}/reproductions", **{"X-Forwarded-For": "192.0.2.7"})
    assert (one["path"], one["name"]) == ("00001.png", "00001.png")
    other = next(each for each in of_model(_MODEL)[:60] if each.id != row.id)
    assert api.post(f"images/{other.id}/reproductions/remove", {"ids": [one["id"]]}) == []
    assert len(api.get(f"images/{row.id}/reproductions")) == 1
    Path(path).write_text("<script>")
    assert api.error(f"reproductions/{one['id']}/file")[1] == "not_an_image"
    for name in ("thumb", "file"):
        assert api.ask(f"api/reproductions/77/{name}").status_code == 404


def test_reproductions_are_compared_with_the_kept_thumbnail_while_civitai_does_not_respond(
    api, row, original, make, monkeypatch, tmp_path
):
    make(original, infotext_of(row))
    original.save(kept := str(tmp_path / "kept.png"))
    away = Mock(side_effect=NetworkError("away"))
    monkeypatch.setattr("civitai_manager_libs.library.pages.open_image_file", away)
    for path, nearness in ((None, ""), (kept, "same")):
        found = Mock(return_value=path)
        monkeypatch.setattr("civitai_manager_libs.library.bookmarks.find_thumbnail", found)
        (one,) = api.get(f"images/{row.id}/reproductions")
        assert one["nearness"] == nearness


# A file of the user


def test_file_is_compared_and_not_stored(api, row, original):
    text = infotext_of(row).replace("Steps: ", "Steps: 1")
    answer = _compare(api, row, _png(original, text)).json()
    assert answer["nearness"] == "same" and answer["infotext"] == text
    assert len(answer["differences"]) == 1 and answer["differences"][0].startswith("Steps: 1")
    assert (answer["width"], answer["height"]) == original.size
    assert api.get(f"images/{row.id}/reproductions") == []


def test_file_is_stored_on_request_under_its_base_name(api, row, original):
    answer = _compare(api, row, _png(original), "?keep=1&name=/etc/passwd/mine.png")
    assert answer.json()["differences"] == ["The file does not say how it was made."]
    (one,) = api.get(f"images/{row.id}/reproductions")
    assert (one["file"], one["path"], one["name"]) == ("thumbnail", "", "mine.png")
    assert one["nearness"] == "same"
    assert api.error(f"reproductions/{one['id']}/file")[:2] == (404, "not_there")


def test_only_an_image_from_this_page_is_compared_and_with_a_known_one(api, row, original):
    for data in (b"", b"{}", b"\x89PNG\r\n\x1a\n" + bytes(99)):
        answer = _compare(api, row, data)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith("This file cannot be compared")
    path, data = f"api/images/{row.id}/comparison", _png(original)
    for headers in ({}, {**_OURS, "Origin": "https://example.com"}):
        assert api.ask(path, "POST", data=data, headers=headers).status_code == 403
    assert api.ask("api/images/5/comparison", "POST", data=b"", headers=_OURS).status_code == 404


def _write_png(path, row, **changes):
    """Write the image of a row as a PNG with its infotext, in which these words are replaced."""
    text, texts = infotext_of(row), PngInfo()
    for word, other in changes.items():
        text = text.replace(word, other)
    texts.add_text("parameters", text)
    Image.open(io.BytesIO(draw_original(row).body)).save(path, "PNG", pnginfo=texts)
    return str(path)


def _choose(page, path):
    with page.page.expect_file_chooser() as chooser:
        page.key("Shift+F10")
        page.control("compare-file").click()
    chooser.value.set_files(path)


_DROP = """(zone, data) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(data)], "dropped.png"));
    for (const type of ["dragover", "drop"])
        zone.dispatchEvent(new DragEvent(type, {dataTransfer: files, cancelable: true}));
}"""


_SHOW_NO_FILE = """() => {
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = () => make(new Blob(["no image"]));
}"""


@with_axe
def test_chosen_or_dropped_file_is_compared_and_stored_only_on_request(
    server, open_gallery, tmp_path
):
    row, held, is_free = _find_row(), [], []
    address = f"?model={_MODEL}&image={row.id}"
    page = open_gallery(server, address, **SMALL)
    path = _write_png(tmp_path / "mine.png", row, Steps="Clip skip: 3, Steps")
    (tmp_path / "none.png").write_bytes(b"no image")
    expect(page.page.locator(".details-body")).to_have_attribute("aria-busy", "false")
    panel, made = page.panel("compare"), page.page.locator(".reproductions")

    def wait_for_both():
        expect(panel.locator(".image img.file")).to_have_count(2)

    _choose(page, str(tmp_path / "none.png"))
    page.message("This file cannot be compared").click()
    expect(panel).to_be_hidden()
    page.page.locator(".details").evaluate(_DROP, list(Path(path).read_bytes()))
    wait_for_both()
    assert page.axe_findings() == []
    page.key("Escape")
    expect(panel).to_be_hidden()
    expect(page.viewer).to_be_visible()
    expect(made).to_be_hidden()

    page.page.evaluate(_SHOW_NO_FILE)
    _choose(page, path)
    expect(panel.locator(".slide-error")).to_contain_text("The browser cannot show this file")
    page.key("Escape")
    expect(panel).to_be_hidden()

    page.page.route(
        "**/api/images/*", lambda route: route.continue_() if is_free else held.append(route)
    )
    page.go(address)
    page.viewer.wait_for()
    _choose(page, path)  # while the details load
    page.message("Comparing the file").wait_for()
    is_free.append(True)
    while held:
        held.pop().continue_()
    wait_for_both()
    expect(page.message("Comparing the file")).to_be_hidden()
    expect(panel.locator(".nearness")).to_contain_text("Same: ")
    expect(panel.locator(".pair-summary li")).to_have_text(["Clip skip: 3 here, 1 in the original"])
    expect(panel.locator("thead th")).to_have_text(["Original", "mine.png"])
    expect(page.field("compare-split")).to_be_visible()
    page.control("keep-reproduction").click()
    expect(made.locator("li")).to_have_count(1)
    expect(made.locator("h3")).to_have_text("Made here (1)")
    expect(made.locator(".measured")).to_contain_text("Same · 0.9")
    made.locator("li button").click()
    wait_for_both()
    page.control("remove-reproduction").click()
    expect(panel).to_be_hidden()
    expect(made).to_be_hidden()


def test_image_that_a_host_makes_of_a_sent_one_is_shown_as_made_here(host, open_host):
    row = with_text(900_003)
    page = open_host()
    page.open(900_003, row)
    page.send("txt2img")
    expect(page.sent("txt2img", "text")).to_have_value(infotext_of(row))
    path = host.generate(infotext_of(row))
    page.go_to("Civitai Shortcut")
    page.open(900_003, row)
    made = page.page.locator(".reproductions li button")
    expect(made).to_have_count(1)
    expect(made.locator(".measured")).to_contain_text("Different")
    os.unlink(path)
    made.click()
    summary = page.page.locator(".pair-summary")
    expect(summary).to_contain_text("structural similarity")
    page.page.keyboard.press("Escape")
    expect(made.locator(".measured")).to_have_text("file deleted")
