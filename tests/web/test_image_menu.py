"""The menu of an image: by mouse, keys and finger, on its tile and on the open image."""

from __future__ import annotations

import re

from fingers import Fingers
from gallery_page import PHONE
from host_page import with_text
from page_driver import expect, find_middle, wait_for
from page_facts import infotext_of

_SMALL, _OTHER = 900_003, 900_001
_CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}
_COUNT_OBSERVERS = """() => {
    window.observers = new Set();
    window.ResizeObserver = class extends ResizeObserver {
        observe(target) { observers.add(this); super.observe(target); }
        disconnect() { observers.delete(this); super.disconnect(); }
    };
}"""
_READ = "navigator.clipboard.readText()"


def _menu(page):
    return page.page.locator("[role='menu']")


def _open_menu(page, tile):
    tile.click(button="right")
    expect(_menu(page)).to_be_visible()


def test_right_click_opens_the_menu_without_a_request_and_each_item_does_as_it_says(
    server, open_gallery
):
    row = with_text(_SMALL)
    page = open_gallery(server, f"?model={_SMALL}", **_CLIPBOARD).ready()
    tile = page.tile(str(row.id))
    tile.wait_for()
    page.page.wait_for_load_state("networkidle")  # all that the page asks for by itself
    asked = list(page.api())
    _open_menu(page, tile)
    expect(page.viewer).to_have_count(0)
    assert page.api() == asked
    page.control("menu-copy-infotext").click()
    page.message("Copied").wait_for()
    expect(_menu(page)).to_have_count(0)
    assert page.page.evaluate(_READ) == infotext_of(row)
    assert [path for path in page.api() if path not in asked] == [f"images/{row.id}?model={_SMALL}"]
    _open_menu(page, tile)
    page.control("menu-copy-address").click()
    wait_for(lambda: f"image={row.id}" in page.page.evaluate(_READ), "the address")
    assert page.page.url.split("?")[0] in page.page.evaluate(_READ)
    with page.context.expect_page() as opened:
        _open_menu(page, tile)
        page.control("menu-new-tab").click()
    opened.value.locator(f"dialog[data-viewer][data-id='{row.id}']").wait_for()
    opened.value.close()

    tile.click()
    page.page.locator("dialog[data-viewer][data-shows='file']").wait_for()
    page.page.locator(".details .infotext").wait_for()
    page.slide.locator("img.file").click(button="right")
    expect(_menu(page)).to_be_visible()
    page.key("Escape")  # closes only the menu
    expect(_menu(page)).to_have_count(0)
    expect(page.viewer).to_be_visible()
    page.key("ContextMenu")
    page.page.keyboard.type("copy i")
    page.key("Enter")
    wait_for(lambda: page.page.evaluate(_READ) == infotext_of(row), "the infotext")
    assert page.viewed()["id"] == str(row.id)
    page.key("Escape")

    _open_menu(page, tile)
    page.control("menu-author").click()
    expect(page.page).to_have_url(re.compile(f"user={row.username}"))


def test_keys_open_the_menu_choose_in_it_and_shift_is_for_the_browsers_own(server, open_gallery):
    page = open_gallery(server, f"?model={_OTHER}&level=XXX").ready()
    kept = """tile => new Promise(done => {
        document.addEventListener("contextmenu", event => done(!event.defaultPrevented));
    })"""
    for modifiers, is_own in ((["Shift"], True), ([], False)):
        waiting = page.page.evaluate_handle(f"tile => ({{then: null, it: ({kept})(tile)}})")
        page.tiles.first.click(button="right", modifiers=modifiers)
        assert waiting.evaluate("({it}) => it") == is_own
        expect(_menu(page)).to_have_count(0 if is_own else 1)
    page.key("Escape")
    page.page.locator(".grid").focus()
    tile = page.focused()
    for key in ("ContextMenu", "Shift+F10"):
        page.key(key)
        expect(_menu(page)).to_be_visible()
        wait_for(lambda: page.focused_control() == "menu-copy-prompt", "the focus")
        page.key("ArrowUp")
        wait_for(lambda: page.focused_control() == "menu-civitai", "the focus")
        page.key("ArrowDown", 2)
        wait_for(lambda: page.focused_control() == "menu-copy-infotext", "the focus")
        page.page.keyboard.type("add")
        wait_for(lambda: page.focused_control() == "menu-collect", "the focus")
        page.key("Escape")
        expect(_menu(page)).to_have_count(0)
        wait_for(lambda: page.focused() == tile, "the focus")
    expect(page.marked).to_have_count(0)  # no letter reached the page
    page.page.evaluate(_SCROLL_AND_PRESS)  # the scroll's event is dispatched in the next frame
    wait_for(lambda: page.page.evaluate("window.scrollEvents > 0"), "the scroll")
    expect(_menu(page)).to_be_visible()
    page.page.mouse.wheel(0, 100)
    expect(_menu(page)).to_have_count(0)


_SCROLL_AND_PRESS = """() => {
    window.scrollEvents = 0;
    addEventListener("scroll", () => (window.scrollEvents += 1));
    scrollBy(0, 5);
    const { activeElement } = document.querySelector("civitai-gallery").shadowRoot;
    const how = { key: "h", bubbles: true, composed: true, cancelable: true };
    activeElement.dispatchEvent(new KeyboardEvent("keydown", how));
}"""


def test_menu_of_a_marked_image_acts_on_all_and_adds_to_collections(flaky_server, open_gallery):
    page = open_gallery(flaky_server, f"?model={_SMALL}").ready()
    for at in (0, 2):
        page.tiles.nth(at).locator("[data-do='mark']").click()
    ids = set(page.marked.evaluate_all("tiles => tiles.map(tile => tile.dataset.id)"))
    _open_menu(page, page.tiles.nth(1))
    expect(page.control("menu-save")).to_have_text("Download")
    page.key("Escape")
    _open_menu(page, page.tiles.nth(2))
    expect(page.control("menu-favourite")).to_have_attribute("aria-checked", "false")
    page.control("menu-favourite").click()
    page.hold_message("favourite")  # its Undo is pressed below
    _open_menu(page, page.tiles.nth(0))
    expect(page.control("menu-favourite")).to_have_attribute("aria-checked", "true")
    expect(page.control("menu-save")).to_have_text("Download the 2 selected")
    page.control("menu-save").click()
    page.message("2 saved").wait_for()
    page.control("undo").first.click()
    saved = page.page.locator("[data-tile][data-saved]")
    expect(saved).to_have_count(2)
    assert set(saved.evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")) == ids
    page.key("n")

    page.page.evaluate(_COUNT_OBSERVERS)
    _open_menu(page, page.tiles.nth(0))
    page.control("menu-collect").click()
    page.field("menu-collection").fill("Evening light")
    assert page.page.evaluate("observers.size") == 1
    page.key("Enter")
    expect(page.field("menu-collection")).to_have_count(0)
    assert page.page.evaluate("observers.size") == 0
    page.message("1 added to “Evening light”").wait_for()
    _open_menu(page, page.tiles.nth(1))
    page.control("menu-collect").click()
    page.page.get_by_role("menuitem", name="Evening light").click()
    page.control("sets").click()
    expect(page.page.locator("[data-set='Evening light']")).to_contain_text("2")


def test_long_press_on_a_tile_or_an_open_image_opens_only_the_menu(server, open_gallery):
    page = open_gallery(server, f"?model={_SMALL}", **PHONE).ready()
    fingers, pressed = Fingers(page.page), page.tiles.nth(1)
    for is_open in (False, True):
        if is_open:
            page.tiles.nth(1).tap()
            page.page.locator("dialog[data-viewer][data-shows='file']").wait_for()
            pressed = page.slide.locator("img.file")
        fingers.down(find_middle(pressed))
        expect(_menu(page)).to_be_visible()
        fingers.up()
        page.page.wait_for_timeout(300)  # what a browser makes of the finger's end comes by then
        expect(_menu(page)).to_be_visible()
        assert page.page.locator("[data-bare]").count() == 0
        fingers.tap((5, 5))
        expect(_menu(page)).to_have_count(0)
        expect(page.viewer).to_have_count(int(is_open))


def test_image_is_sent_to_a_tab_of_the_host_from_its_tile(open_host):
    row = with_text(_SMALL)
    page = open_host()
    page.page.locator("[data-field=find]").first.fill(str(_SMALL))
    page.page.keyboard.press("Enter")
    page.page.locator(f"[data-tile][data-id='{row.id}']").click(button="right")
    page.page.locator("[data-do='menu-send-txt2img']").click()
    expect(page.sent("txt2img", "text")).to_have_value(infotext_of(row))
