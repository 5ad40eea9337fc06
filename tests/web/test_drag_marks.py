"""Marking by dragging, with the mouse and with a finger; and the order of the tiles."""

from __future__ import annotations

import pytest
from fingers import Fingers
from gallery_page import PHONE
from page_driver import expect, wait_for

pytestmark = pytest.mark.page

_SMALL, _MANY = 900_003, 900_001
_ORDER = "tiles => tiles.map(tile => Number(tile.ariaPosInSet))"
_BAND = ".rubber-band"


def _marked(page):
    return set(page.marked.evaluate_all("tiles => tiles.map(tile => tile.dataset.id)"))


def _touched(page, start, end):
    """Return the ids of the tiles that the area between two points touches."""
    (x, y), (far_x, far_y) = start, end
    return {
        id
        for id, (left, top, width, height) in page.boxes().items()
        if left < far_x and left + width > x and top < far_y and top + height > y
    }


def _between_columns(page, tile):
    """Return a point in the gap at a tile's right."""
    box = tile.bounding_box()
    return box["x"] + box["width"] + 4, box["y"] + 10


def test_rubber_band_marks_the_tiles_it_touches_until_escape(server, open_gallery):
    page = open_gallery(server, f"?model={_SMALL}").ready()
    mouse, asked = page.page.mouse, list(page.api())
    start = _between_columns(page, page.tiles.first)
    end = (start[0] + 300, start[1] + 120)
    wanted = _touched(page, start, end)
    assert len(wanted) > 1
    mouse.move(*start)
    mouse.down()
    mouse.move(*end, steps=4)
    wait_for(lambda: _marked(page) == wanted, "the marks")
    expect(page.page.locator(_BAND)).to_be_visible()
    page.key("Escape")
    expect(page.marked).to_have_count(0)
    expect(page.page.locator(_BAND)).to_have_count(0)
    mouse.move(start[0] + 310, start[1])
    mouse.up()
    expect(page.marked).to_have_count(0)
    mouse.move(*start)
    mouse.down()
    mouse.move(*end, steps=4)
    mouse.up()
    wait_for(lambda: _marked(page) == wanted, "the marks")
    expect(page.page.locator(_BAND)).to_have_count(0)
    expect(page.viewer).to_have_count(0)
    assert page.api() == asked


def test_rubber_band_begins_in_the_margin_beside_the_grid(server, open_gallery):
    page = open_gallery(server, f"?model={_SMALL}&sort=Most+Reactions").ready()
    mouse, grid = page.page.mouse, page.page.locator(".grid").bounding_box()
    top, bottom = grid["y"] + 40, grid["y"] + 200
    for x, to in ((8, 200), (1592, 1400)):
        mouse.move(x, top)
        mouse.down()
        mouse.move(to, bottom, steps=4)
        mouse.up()
        left, right = sorted((x, to))
        wanted = _touched(page, (left, top), (right, bottom))
        wait_for(lambda: wanted and _marked(page) == wanted, "the marks")
        page.key("n")
        expect(page.marked).to_have_count(0)


def test_rubber_band_with_shift_begins_on_a_tile_and_adds_marks(server, open_gallery):
    page = open_gallery(server, f"?model={_SMALL}").ready()
    mouse, last = page.page.mouse, page.tiles.nth(4)
    last.locator("[data-do='mark']").click()
    before = _marked(page)
    box = page.tiles.first.bounding_box()
    start = (box["x"] + 40, box["y"] + 40)
    end = (start[0] + 300, start[1] + 40)
    wanted = _touched(page, start, end) | before
    page.page.keyboard.down("Shift")
    mouse.move(*start)
    mouse.down()
    mouse.move(*end, steps=4)
    mouse.up()
    page.page.keyboard.up("Shift")
    wait_for(lambda: _marked(page) == wanted, "the marks")
    expect(page.viewer).to_have_count(0)


def test_rubber_band_scrolls_and_keeps_marking_at_the_windows_edge(server, open_gallery):
    page = open_gallery(server, f"?model={_MANY}&level=XXX").ready()
    mouse = page.page.mouse
    start = _between_columns(page, page.tiles.first)
    mouse.move(*start)
    mouse.down()
    mouse.move(start[0] + 100, 995, steps=3)
    wait_for(lambda: page.page.evaluate("scrollY") > 1500, "the scrolling")
    count = page.page.locator(".selection-bar .count")
    mouse.move(start[0] + 100, 400)
    mouse.up()
    # two columns wide, and higher than the window
    column = page.tile(page.ids()[0]).bounding_box()["width"] + 8
    assert int(count.inner_text().split()[0]) > 1500 // (column * 2.5)
    rested = page.scroll_position()
    page.page.wait_for_timeout(200)
    assert page.scroll_position() == rested


def test_long_press_and_drag_marks_a_range_without_scrolling(server, open_gallery):
    page = open_gallery(server, f"?model={_SMALL}", **PHONE).ready()
    fingers = Fingers(page.page)
    ids, boxes = page.ids(), page.boxes()

    def middle(id):
        x, y, width, height = boxes[id]
        return x + width / 2, y + height / 2

    fingers.down(middle(ids[0]))
    expect(page.page.locator("[role='menu']")).to_be_visible()
    fingers.move((middle(ids[0]), middle(ids[3])))
    expect(page.page.locator("[role='menu']")).to_have_count(0)
    wait_for(lambda: _marked(page) == set(ids[:4]), "the marks")
    fingers.move((middle(ids[3]), middle(ids[1])))
    wait_for(lambda: _marked(page) == set(ids[:2]), "fewer marks")
    fingers.up()
    page.page.wait_for_timeout(300)  # what a browser makes of the finger's end comes by then
    assert page.page.evaluate("scrollY") == 0
    expect(page.viewer).to_have_count(0)
    assert _marked(page) == set(ids[:2])
    fingers.swipe((195, 700), (195, 300))  # a finger that does not rest scrolls as before
    wait_for(lambda: page.page.evaluate("scrollY") > 0, "the scrolling")
    assert _marked(page) == set(ids[:2])


def test_tiles_are_in_visual_order_after_scrolling_sorting_and_searching(server, open_gallery):
    page = open_gallery(server, f"?model={_MANY}&level=XXX").ready()

    def is_sorted():
        order = page.tiles.evaluate_all(_ORDER)
        return len(order) > 3 and order == sorted(order)

    wait_for(lambda: page.tiles.evaluate_all(_ORDER)[:1] == [1], "the first tile")
    page.tiles.first.focus()
    first = page.focused()
    for pixels in (6000, -2500):
        page.wheel(pixels)
        page.scroll_position()
        wait_for(is_sorted, f"the order after a wheel of {pixels}")
    assert page.focused() == first  # it stays, and keeps the focus
    page.field("sort").select_option("Oldest")
    page.page.locator(".grid:not([data-stale])").wait_for()
    wait_for(is_sorted, "the order after sorting")
    page.search("a", "loaded")
    wait_for(is_sorted, "the order after searching")
