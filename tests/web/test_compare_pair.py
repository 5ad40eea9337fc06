"""An image beside what was made from its data: in a host after a send, and with one's own file."""

from __future__ import annotations

import io
import os

import pytest
from civitai_demo.gallery import images
from civitai_demo.files import draw_original
from gallery_page import with_axe
from host_page import with_text
from page_driver import expect
from page_facts import infotext_of, of_model
from PIL import Image
from PIL.PngImagePlugin import PngInfo

pytestmark = pytest.mark.page
_MODEL = 900_001


def _find_row() -> images.DemoImage:
    fits = (row for row in of_model(_MODEL)[:60] if row.kind == "a1111" and row.type == "image")
    return next(row for row in fits if "Seed:" in infotext_of(row))


def _write_png(path, row, **changes):
    """Write the image of a row as a PNG with its infotext, in which these words are replaced."""
    text, texts = infotext_of(row), PngInfo()
    for word, other in changes.items():
        text = text.replace(word, other)
    texts.add_text("parameters", text)
    Image.open(io.BytesIO(draw_original(row).body)).save(path, "PNG", pnginfo=texts)
    return str(path)


@pytest.fixture
def opened(start, demo, open_gallery):
    """opened(row) -> a page of a server of its own, with that image open."""
    server = start(demo.url)

    def opened(row):
        page = open_gallery(server, f"?model={_MODEL}&image={row.id}")
        expect(page.page.locator(".details-body")).to_have_attribute("aria-busy", "false")
        return page

    return opened


def _compared(page):
    """Return the open comparison once both files are shown in it."""
    panel = page.panel("compare")
    expect(panel.locator(".image img.file")).to_have_count(2)
    return panel


def _choose(page, path):
    with page.page.expect_file_chooser() as chooser:
        page.control("compare-file").click()
    chooser.value.set_files(path)


def test_chosen_file_is_compared_stored_and_removed(opened, tmp_path):
    row = _find_row()
    page = opened(row)
    (tmp_path / "none.png").write_bytes(b"no image")
    _choose(page, str(tmp_path / "none.png"))
    page.message("This file cannot be compared").click()
    expect(page.panel("compare")).to_be_hidden()
    _choose(page, _write_png(tmp_path / "mine.png", row, Steps="Clip skip: 3, Steps"))
    panel = _compared(page)
    expect(panel.locator(".nearness")).to_contain_text("Same: ")
    expect(panel.locator(".pair-summary li")).to_have_text(["Clip skip: 3 here, 1 in the original"])
    expect(panel.locator("thead th")).to_have_text(["Original", "mine.png"])
    expect(page.field("compare-split")).to_be_visible()
    page.control("keep-reproduction").click()
    items = page.page.locator(".reproductions li")
    expect(items).to_have_count(1)
    expect(page.page.locator(".reproductions h3")).to_have_text("Made here (1)")
    expect(items.locator(".measured")).to_contain_text("Same · 0.9")
    items.locator("button").click()
    _compared(page)
    page.control("remove-reproduction").click()
    expect(panel).to_be_hidden()
    expect(page.page.locator(".reproductions")).to_be_hidden()


@with_axe
def test_dropped_file_is_compared_and_forgotten_when_the_comparison_is_closed(opened, tmp_path):
    row = _find_row()
    page = opened(row)
    with open(_write_png(tmp_path / "mine.png", row), "rb") as file:
        data = list(file.read())
    page.page.locator(".details").evaluate(
        """(zone, data) => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(data)], "dropped.png"));
            for (const type of ["dragover", "drop"])
                zone.dispatchEvent(new DragEvent(type, {dataTransfer: files, cancelable: true}));
        }""",
        data,
    )
    _compared(page)
    assert page.axe_findings() == []
    page.key("Escape")
    expect(page.panel("compare")).to_be_hidden()
    expect(page.viewer).to_be_visible()
    expect(page.page.locator(".reproductions")).to_be_hidden()


@pytest.mark.door
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
