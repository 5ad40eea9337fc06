"""A tile is a link to its image's own address, and what browsers do with links works on it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from gallery_page import with_axe
from page_driver import expect

pytestmark = pytest.mark.page


def _query(address):
    return parse_qs(urlsplit(address).query)


@pytest.mark.door
def test_middle_and_ctrl_click_open_an_image_in_a_new_tab(either, open_gallery):
    page = open_gallery(either).ready()
    before = page.page.url
    id = page.ids()[2]
    for how in ({"button": "middle"}, {"modifiers": ["ControlOrMeta"]}):
        with page.context.expect_page() as opened:
            page.tile(id).click(**how)
        opened.value.locator(f"dialog[data-viewer][data-id='{id}']").wait_for()
        assert _query(opened.value.url) == {**_query(before), "image": [id]}
        opened.value.close()
    assert page.page.url == before
    expect(page.viewer).to_be_hidden()
    expect(page.marked).to_have_count(0)
    page.tile(id).click(modifiers=["Shift"])
    expect(page.marked).to_have_count(1)
    assert len(page.context.pages) == 1


@with_axe
def test_link_follows_the_gallery_and_stays_one_option_of_the_listbox(server, open_gallery):
    page = open_gallery(server, "?lang=xy&model=900001#part").ready()
    first = page.tiles.first
    first.hover()
    id = first.get_attribute("data-id")
    expect(first).to_have_attribute("href", re.compile(rf"\?lang=xy&model=900001&image={id}#part$"))
    page.field("sort").select_option("Oldest")
    expect(page.page).to_have_url(re.compile("sort=Oldest"))
    page.page.locator(".grid:not([data-stale])").wait_for()
    page.page.locator(".grid").focus()
    focused = page.tile(page.focused())
    expect(focused).to_have_attribute("href", re.compile("model=900001&sort=Oldest&image="))
    page.key("Shift+Tab")
    page.key("Tab")
    assert page.focused() == focused.get_attribute("data-id")  # one stop for all tiles
    options = page.page.get_by_role("listbox", name="Gallery").aria_snapshot()
    assert "- option" in options and "link" not in options
    assert page.axe_findings() == []
    page.key("Enter")
    expect(page.viewer).to_have_attribute("data-id", page.focused() or id)


_FIELD = """
place => {
    const field = document.createElement("textarea");
    field.id = "dropped-on";
    field.style.cssText = "position: fixed; z-index: 99; left: 0; bottom: 0";
    place.append(field);
    document.addEventListener("dragstart", ({dataTransfer}) => {
        window.dragged = Object.fromEntries([...dataTransfer.types].map(
            type => [type.toLowerCase(), dataTransfer.getData(type)]));
    });
}
"""


_LONG_PRESS = """
tile => ["touch", "mouse"].map(pointerType => {
    const how = {bubbles: true, cancelable: true, composed: true};
    tile.dispatchEvent(new PointerEvent("pointerdown", {...how, pointerType}));
    const drag = new DragEvent("dragstart", {...how, dataTransfer: new DataTransfer()});
    return tile.dispatchEvent(drag);
})
"""


def test_dragged_image_drops_its_infotext_or_else_its_url(server, open_gallery):
    page = open_gallery(server).ready()
    tile, dropped = page.tiles.nth(1), page.page.locator("#dropped-on")
    assert tile.evaluate(_LONG_PRESS) == [False, True]  # a finger that rests drags nothing
    id = tile.get_attribute("data-id")
    page.page.evaluate(f"({_FIELD})(document.body)")
    asked = list(page.api())
    tile.drag_to(dropped)
    assert _query(dropped.input_value())["image"] == [id]
    assert page.page.evaluate("dragged")["text/uri-list"].endswith(f"/api/file/{id}")
    assert page.api() == asked and not [path for path in page.asked if path.startswith("file/")]
    expect(page.viewer).to_be_hidden()
    tile.click()
    page.page.locator("dialog[data-viewer][data-shows='file']").wait_for()
    page.page.locator(".details .infotext summary").click()
    infotext = page.page.locator(".details .infotext textarea").input_value()
    dropped.evaluate("field => field.remove()")
    page.viewer.evaluate(_FIELD)
    page.slide.locator("img.file").drag_to(page.page.locator("dialog #dropped-on"))
    assert page.page.locator("dialog #dropped-on").input_value() == infotext
    assert page.viewed()["id"] == id  # a mouse that drags a whole picture turns no page
    assert page.page.evaluate("dragged")["text/plain"] == infotext
