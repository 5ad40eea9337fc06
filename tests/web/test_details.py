"""Beside an open picture: how it was made, copied and edited; with what; what is wrong with it."""

from __future__ import annotations

import re

import pytest
from civitai_manager_libs.infotext.infotext_format import parse_infotext
from page_driver import expect, wait_for
from page_facts import infotext_of, of_model

_LORA = 900_003


def _row(*kinds, having=""):
    """Return the first image of these kinds that has this in its infotext."""
    fits = (row for row in of_model(_LORA)[:60] if row.kind in kinds and row.type == "image")
    return next(row for row in fits if having in infotext_of(row))


@pytest.fixture
def opened(server, open_gallery):
    """opened(row) -> the page with that picture open and its details there."""

    def opened(row, **options):
        page = open_gallery(server, f"?model={_LORA}&image={row.id}", **options).ready()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        _told(page)
        return page

    return opened


def _told(page):
    expect(page.page.locator(".details-body")).to_have_attribute("aria-busy", "false")


def _copied(page):
    """Return the clipboard once the page says that it copied; wait until the message is gone."""
    page.message("Copied").click()
    expect(page.message("Copied")).to_have_count(0)
    return page.page.evaluate("navigator.clipboard.readText()")


def test_parameters_are_translated_but_copied_in_english(opened):
    row = _row("a1111", having="Schedule type:")
    page = opened(row, locale="zh-TW")
    names = page.page.locator(".parameters dt").all_inner_texts()
    assert {"步數", "取樣方法", "排程類型", "種子", "尺寸", "CFG scale"} <= set(names)
    page.control("copy-parameters").click()
    page.message("已複製").wait_for()
    assert page.page.evaluate("navigator.clipboard.readText()").startswith("Steps: ")


def test_prompts_and_parameters_are_copied_by_a_click_but_not_by_selecting(opened):
    row = _row("a1111", having="Negative prompt:")
    page, text = opened(row), infotext_of(row)
    read = parse_infotext(text)
    box = page.page.locator("section.prompt .copies").bounding_box()
    page.page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 160, box["y"] + 20, steps=5)
    page.page.mouse.up()
    assert page.page.evaluate("String(getSelection())").strip()
    page.page.wait_for_timeout(300)
    expect(page.message("Copied")).to_have_count(0)  # selecting copies nothing
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
    page.key("c")
    assert _copied(page) == text
    page.key("c")
    page.message("Copied").wait_for()
    page.page.evaluate(_CLOSED_AND_LEFT)  # for another tab of the host
    expect(page.message("Copied")).to_have_count(0)


_CLOSED_AND_LEFT = """() => new Promise((done) => setTimeout(() => {
    const gallery = document.querySelector("civitai-gallery");
    gallery.shadowRoot.querySelector("[data-viewer] [data-do=close]").click();
    requestAnimationFrame(() => { gallery.style.display = "none"; requestAnimationFrame(done); });
}))"""


def test_edited_infotext_is_copied_until_it_is_reset_and_folds_stay_as_they_are_left(opened):
    row = _row("a1111")
    page = opened(row)
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
    expect(page.field("infotext")).to_have_value(infotext_of(row))
    expect(page.control("undo-edit")).to_have_count(0)
    page.control("copy-infotext").click()
    assert _copied(page) == infotext_of(row)
    page.page.locator(".viewer-bar .position").click()
    details = page.page.locator("aside.details")
    page.key("i")
    expect(details).to_be_hidden()
    page.page.reload()
    expect(page.viewer).to_be_visible()
    expect(details).to_be_hidden()
    page.key("i")
    expect(details).to_be_visible()


def test_resources_have_weights_and_links_to_civitai(opened, demo):
    row = _row("a1111", having="Lora hashes:")
    name, weight = re.search(r"<lora:([^:>]+):([\d.]+)>", infotext_of(row)).groups()
    page = opened(row)
    rows = page.page.locator(".resources li")
    lora = rows.filter(has_text=re.compile(rf"lora.*{name}", re.I | re.S)).first
    expect(lora.locator(".weight")).to_have_text(weight)
    sections = page.page.locator(".details-body > *").evaluate_all(
        "all => all.map(e => e.className)"
    )
    at = sections.index("parameters")
    assert sections[at + 1] == "resources" and "annotations" in sections[at + 2 :]
    links = page.page.locator(".resources a, .links a").evaluate_all(
        "links => links.map(link => [link.href, link.target, link.rel])"
    )
    assert len(links) >= 3
    for href, target, rel in links:
        assert href.startswith(f"{demo.url}/") or href.startswith("https://civitai.com/")
        assert target == "_blank" and "noopener" in rel


def test_data_missing_in_the_record_is_read_from_the_file(opened):
    rows = [row for row in of_model(_LORA)[:60] if row.kind in ("hidden", "none")]
    hidden = next(row for row in rows if row.kind == "hidden")
    page = opened(hidden)
    expect(page.page.locator(".details section.prompt")).to_have_count(0)
    page.control("look-in-file").click()
    expect(page.page.locator(".details section.prompt")).to_be_visible()
    page = opened(next(row for row in rows if row.kind == "none"))
    page.control("look-in-file").click()
    page.message("The file has no generation data either").wait_for()
