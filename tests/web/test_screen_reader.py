"""What a screen reader says: each picture and each control by a name in the page's language."""

from __future__ import annotations

import re

import pytest
from page_driver import expect, wait_for
from page_facts import of_model

pytestmark = pytest.mark.page

_MODEL = 900_003
_CHINESE = re.compile("[\u4e00-\u9fff]")
# Of all that can be seen: what is said in place of its text, or beside it.
_SAID = r"""() => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    return [...root.querySelectorAll("[aria-label], [title], [placeholder]")]
        .filter(one => one.checkVisibility() && !one.matches("h2, [data-do='copy-words']"))
        .flatMap(one => ["aria-label", "title", "placeholder"].map(name => one.getAttribute(name)))
        .filter(text => /\p{L}/u.test(text ?? ""));
}"""
_NAMELESS = """() => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    return [...root.querySelectorAll("button, a, input, select, textarea, dialog")]
        .filter(one => one.checkVisibility() && !one.ariaLabel && !one.innerText?.trim()
            && !one.labels?.length && !one.title)
        .map(one => one.outerHTML);
}"""


@pytest.mark.parametrize(
    ("locale", "image", "size", "marked"),
    [
        ("en-US", "Picture by {user}", ", {size}, ", "marked"),
        ("zh-TW", "{user} 的圖片", "，{size}，", "已標記"),
    ],
    ids=["en", "zh"],
)
def test_tile_is_labelled_with_its_author_and_position(
    server, open_gallery, locale, image, size, marked
):
    page = open_gallery(server, f"?model={_MODEL}", locale=locale).ready()
    rows = {str(row.id): row for row in of_model(_MODEL)}
    tiles = page.tiles.evaluate_all(
        "tiles => tiles.map(({dataset, ariaLabel, ariaPosInSet, ariaSetSize, role}) =>"
        "[dataset.id, ariaLabel, +ariaPosInSet, +ariaSetSize, role])"
    )
    assert len(tiles) > 10
    for id, name, place, _, role in tiles:
        assert name.startswith(image.format(user=rows[id].username)), name
        assert (role, place) == ("option", list(rows).index(id) + 1)
    assert any(re.search(size.format(size=r"\d+ × \d+"), name) for _, name, *_ in tiles)
    by_prompt = re.compile(image.format(user=r"\w+") + "[:：] ?[a-z]")
    assert len({name for _, name, *_ in tiles if by_prompt.match(name)}) > 10, "told apart"
    page.tiles.first.locator("[data-do='mark']").click()
    wait_for(lambda: page.tiles.first.get_attribute("aria-label").endswith(marked))
    page.open(1)
    label = page.viewer.get_attribute("aria-label")
    assert label.startswith(image.format(user=rows[page.viewed()["id"]].username))


def test_screen_reader_says_each_image_to_which_one_turns_once(server, open_gallery):
    page = open_gallery(server, f"?model={_MODEL}").open(1)
    said = page.viewer.locator("[role='status'].visually-hidden")
    expect(said).to_have_text("")  # the dialog's own label says the first
    page.key("ArrowRight")
    page.page.locator("dialog[data-viewer][data-shows='file']").wait_for()
    label = page.viewer.get_attribute("aria-label")
    expect(said).to_have_text(re.compile(rf"^3 of [\d+,]+, {re.escape(label)}$"))
    said.evaluate("one => { one.firstChild.said = true; }")
    page.key("b")
    page.message("favourite").wait_for()
    assert said.evaluate("one => one.firstChild.said"), "the same image is not said again"
    page.key("b")


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_all_texts_are_translated_and_every_control_has_a_name(server, open_gallery, locale):
    page = open_gallery(server, f"?model={_MODEL}", locale=locale).ready()
    is_chinese = locale == "zh-TW"
    page.tiles.first.locator("[data-do='mark']").click()
    said = page.page.evaluate(_SAID)
    nameless = page.page.evaluate(_NAMELESS)
    page.open(1)
    expect(page.page.locator(".details-body")).to_have_attribute("aria-busy", "false")
    said += page.page.evaluate(_SAID)
    nameless += page.page.evaluate(_NAMELESS)
    page.key("Escape")
    for key, name in (("j", "jobs"), (",", "settings"), ("?", "help")):
        page.key(key)
        page.panel(name).wait_for()
        said += page.page.evaluate(_SAID)
        nameless += page.page.evaluate(_NAMELESS)
        page.key("Escape")
        expect(page.panel(name)).to_be_hidden()
    assert len(set(said)) > 40 and nameless == []
    assert {text for text in said if bool(_CHINESE.search(text)) != is_chinese} == set()
    assert page.page.locator("civitai-gallery").get_attribute("lang") == (
        "zh-TW" if is_chinese else "en"
    )
