"""By fingers on a phone: from the field through grid, viewer, marks and downloads."""

from __future__ import annotations

import re

import pytest
from fault_responses import dripping, png, stalled
from fingers import Fingers
from gallery_page import PHONE
from page_driver import expect, find_middle, wait_for

_SMALL, _VIDEOS, _HOSTILE = 900_003, 900_007, 900_008


_END_MESSAGES = "all => all.forEach(one => one.lastElementChild.getAnimations()[0].finish())"


@pytest.fixture
def phone(flaky_server, open_gallery):
    return open_gallery(flaky_server, f"?model={_SMALL}", **PHONE).ready()


def _overlap(page, one, other):
    a, b = page.page.locator(one).bounding_box(), page.page.locator(other).bounding_box()
    return a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]


def _rested(page):
    """While a page flies on a tap only stops it."""
    seen = []
    wait_for(lambda: seen.append(page.page.evaluate("scrollY")) or seen[-3:] == seen[-1:] * 3)


def _select(page, *tiles):
    page.control("select").tap()
    for tile in tiles:
        tile.tap()


def test_tour_by_touch(phone):
    page, fingers = phone, Fingers(phone.page)
    assert len({x for x, *_ in page.boxes().values()}) == 2
    page.field("find").tap()
    page.page.keyboard.type(str(_VIDEOS))
    page.search_row("open").tap()
    expect(page.page).to_have_url(re.compile(f"model={_VIDEOS}"))
    page.page.go_back()
    expect(page.page).to_have_url(re.compile(f"model={_SMALL}"))
    page.ready()
    for _ in range(3):
        fingers.swipe((195, 700), (195, 200))
    wait_for(lambda: page.page.evaluate("scrollY") > 500)
    _rested(page)

    seen = next(id for id, (_, y, _, height) in page.boxes().items() if 80 < y < 650 - height)
    page.tile(seen).tap()
    expect(page.viewer).to_have_attribute("data-shows", "file")
    assert page.viewed()["id"] == seen
    fingers.swipe((320, 400), (100, 400))
    wait_for(lambda: page.viewed()["id"] != seen)
    page.page.locator(".viewer-bar [data-do='mark']").tap()
    fingers.swipe((195, 300), (195, 650))
    expect(page.viewer).to_be_hidden()

    page.tile(seen).locator("[data-do='mark']").tap()
    expect(page.page.locator(".selection-bar .count")).to_have_text("2 selected")
    page.control("download-marked").tap()
    page.message("2 saved").wait_for()
    page.control("mark-none").tap()
    page.control("jobs").tap()
    expect(page.page.locator(".job .job-line")).to_contain_text("2 saved")
    page.control("job-forget").tap()
    expect(page.page.locator(".job")).to_have_count(0)
    page.control("close-panel").tap()
    expect(page.panel("jobs")).to_be_hidden()
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.control("more-tools").tap()
    page.control("help").tap()
    page.panel("help").wait_for()
    page.control("close-panel").tap()
    expect(page.panel("help")).to_be_hidden()
    wait_for(lambda: page.focused_control() == "more-tools", "the focus")
    page.control("open-kept").tap()
    expect(page.page).to_have_url(re.compile("kept|search"))
    assert page.control("open-kept").get_attribute("aria-current") == "page"


def test_messages_cover_neither_the_focused_image_nor_bars_nor_buttons(flaky, phone):
    page = phone
    flaky.rule("original=true", dripping(png(), 400, 1))  # else all of them are drawn
    while page.place()[0] < 60:
        Fingers(page.page).swipe((195, 700), (195, 100))
    _rested(page)
    page.control("top").tap()
    page.control("back").wait_for()
    Fingers(page.page).down(find_middle(page.tiles.first))
    page.control("menu-mark").tap()
    bar = page.page.locator(".selection-bar").bounding_box()
    assert bar["height"] < 70 and bar["y"] + bar["height"] == page.page.viewport_size["height"]
    expect(page.control("home")).to_have_count(0)  # the selection is in the places' place
    page.choose_more("mark-all")
    page.control("download-marked").tap()
    page.hold_message("Downloading")
    page.rest(page.message("Downloading"))
    assert not _overlap(page, ".toasts", ".selection-bar")
    x, y = find_middle(page.control("mark-none"))
    for _ in range(2):  # the second tap does not open what lies below
        page.page.touchscreen.tap(x, y)
    expect(page.control("home")).to_be_visible()
    page.control("jobs").tap()
    page.rest(page.panel("jobs"))
    assert not _overlap(page, ".toasts", "[data-do='job-cancel'], [data-do='job-forget'] >> nth=0")
    page.control("job-cancel").tap()
    expect(page.page.locator(".job").first).to_have_attribute("data-state", "cancelled")
    page.control("close-panel").tap()
    page.page.locator(".toast").evaluate_all(_END_MESSAGES)
    expect(page.page.locator(".toast")).to_have_count(0)

    flaky.rules.clear()
    _select(page, page.tiles.first)
    page.control("download-marked").tap()
    page.hold_message("saved")
    for _ in range(6):
        page.key("ArrowDown")
        tile = f"[data-tile][data-id='{page.focused()}']"
        wait_for(lambda: not _overlap(page, ".toasts", tile), "the messages elsewhere")
    page.message("saved").tap()

    flaky.rule("/api/v1/images.*sort=Oldest", stalled())
    page.tiles.nth(1).tap()
    page.field("sort").select_option("Oldest")
    page.control("give-up").wait_for()
    page.control("download-marked").tap()
    page.rest(page.message("Downloading"))
    assert not _overlap(page, ".toasts", ".of-images")
    assert not _overlap(page, ".of-images", ".selection-bar")
    page.control("give-up").tap()
    expect(page.page.locator(".of-images")).to_contain_text("You stopped waiting")

    flaky.rules.clear()
    page.page.set_viewport_size({"width": 390, "height": 667})
    page.go(f"?model={_HOSTILE}&level=XXX")
    _select(page.ready(), page.tiles.first)
    page.control("download-marked").tap()
    page.hold_message("saved")
    page.control("mark-none").tap()
    page.control("more-tools").tap()
    page.control("settings").tap()  # which is as high as the window
    page.rest(page.message("saved"))
    page.rest(page.panel("settings"))
    assert not _overlap(page, ".toast:visible", "[data-panel='settings']")
    page.control("close-panel").tap()
    page.open()
    page.key("i")
    page.control("copy-infotext").wait_for()
    for covered in (".details", ".viewer-bar .tools", ".viewer-bar [data-do='close']"):
        assert not _overlap(page, ".toast:visible", covered)


def test_two_fingers_change_how_many_images_stand_in_a_row(phone):
    page, fingers = phone, Fingers(phone.page)
    fingers.swipe((195, 700), (195, 200))
    _rested(page)
    seen = next(id for id, (_, y, *_) in page.boxes().items() if y > 80)
    for count, before, after in ((1, 100, 240), (3, 300, 60), (2, 100, 160)):
        fingers.pinch((195, 400), before, after)
        wait_for(lambda: len({x for x, *_ in page.boxes().values()}) == count, f"{count} in a row")
        expect(page.tile(seen)).to_be_in_viewport()
    assert page.page.evaluate("visualViewport.scale") == 1
    expect(page.page.locator("[role=menu]:visible")).to_have_count(0)
    assert not page.marked.count()
    page.page.reload()
    wait_for(lambda: len({x for x, *_ in page.ready().boxes().values()}) == 2)


def test_taps_like_and_describe_a_swipe_moves_the_filters_and_bars_fit_320_pixels(
    flaky_server, open_gallery
):
    page = open_gallery(flaky_server, f"?model={_SMALL}&level=XXX&type=image&meta=1", **PHONE)
    tile = page.ready().tiles.first
    tile.locator("[data-do='favourite']").tap()
    page.message("1 added to favourites").wait_for()
    expect(tile).to_have_attribute("data-favourite", "")
    expect(page.viewer).to_be_hidden()
    page.key("ArrowRight")
    expect(page.page.locator(".caption [data-do='favourite']")).to_be_visible()
    expect(page.page.locator(".tile:focus [data-do='favourite']")).to_be_hidden()

    for is_shown in (True, False):
        page.control("gallery-menu").tap()
        page.control("about").tap()
        expect(page.page.locator(".about .tag").first).to_be_visible(visible=is_shown)
    reset = page.control("reset-filters")
    end = page.page.viewport_size["width"]
    box = reset.bounding_box()
    y = box["y"] + box["height"] / 2
    while reset.bounding_box()["x"] + reset.bounding_box()["width"] > end:
        Fingers(page.page).swipe((360, y), (20, y))
    reset.tap()
    expect(page.page.locator(".set-chips")).to_be_hidden()

    page.page.set_viewport_size({"width": 320, "height": 640})
    _select(page, page.tiles.first)
    for bar, last in ((".marked", "more-marked"), (".gallery-header .line", "gallery-menu")):
        end = page.page.locator(f"{bar} > [data-do='{last}']").bounding_box()
        boxes = [one.bounding_box() for one in page.page.locator(f"{bar} > button:visible").all()]
        assert end in boxes
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 320 for box in boxes)
        assert len({box["y"] for box in boxes}) == 1 or bar != ".marked"
        assert all(box["width"] >= 44 and box["height"] >= 44 for box in boxes)


def test_step_back_ends_a_selection_before_it_leaves_the_gallery(phone):
    page, count = phone, phone.page.locator(".selection-bar .count")
    first, second = (page.tiles.nth(tile) for tile in range(2))
    page.go("")
    page.go(f"?model={_SMALL}")
    page.ready()
    ring = first.locator("[data-do='mark']")
    expect(ring).to_be_hidden()
    _select(page, ring, ring, ring, second)  # a second tap at once takes it back
    expect(count).to_have_text("2 selected")
    page.open(2)
    page.page.locator(".viewer-bar [data-do='mark']").tap()
    page.page.go_back()
    expect(page.viewer).to_be_hidden()
    expect(count).to_have_text("3 selected")
    page.control("more-marked").tap()
    page.control("invert").wait_for()
    page.page.go_back()
    expect(page.control("invert")).to_have_count(0)
    expect(count).to_have_text("3 selected")
    page.page.go_back()
    expect(count).to_be_hidden()
    page.control("undo").tap()
    expect(count).to_have_text("3 selected")
    page.control("mark-none").tap()
    _select(page, ring, ring)
    expect(count).to_have_text("0 selected")
    page.page.go_back()
    expect(count).to_be_hidden()
    assert page.page.evaluate("location.search") == f"?model={_SMALL}"
    page.page.go_back()
    page.page.locator(".home-pictures figure").first.wait_for()
    page.page.go_forward()
    page.ready()
    assert page.page.locator(".selection-bar .count").is_hidden()


@pytest.fixture
def sheet(phone):
    """Return the details of an open image on a phone, as a sheet that rests."""
    phone.open(1)
    phone.key("i")
    sheet = phone.page.locator("aside.details")
    expect(phone.page.locator(".details-body")).to_have_attribute("aria-busy", "false")
    return phone.rest(sheet)


def _pull(page, sheet, by):
    """Drag the sheet's grip down by so many pixels, and wait until the sheet rests."""
    x, y = find_middle(page.control("sheet"))
    Fingers(page.page).swipe((x, y), (x, y + by))
    page.rest(sheet)


def test_step_back_closes_the_viewer_after_the_phone_was_turned(phone, sheet):
    phone.page.set_viewport_size({"width": 844, "height": 390})
    expect(phone.control("sheet")).to_be_hidden()
    phone.page.go_back()
    expect(phone.viewer).to_be_hidden()
    phone.page.set_viewport_size({"width": 390, "height": 844})
    phone.open(2)
    expect(phone.control("sheet")).to_be_visible()
    phone.page.set_viewport_size({"width": 844, "height": 390})
    expect(phone.control("sheet")).to_be_hidden()
    phone.page.set_viewport_size({"width": 390, "height": 844})
    expect(phone.control("sheet")).to_be_visible()
    phone.page.go_back()
    expect(sheet).to_be_hidden()
    expect(phone.viewer).to_be_visible()


def test_handles_are_dragged_and_a_tap_right_after_is_not_lost(phone, sheet):
    half = sheet.bounding_box()["y"]
    _pull(phone, sheet, -120)
    expect(phone.control("sheet")).to_have_attribute("aria-expanded", "true")
    assert sheet.bounding_box()["y"] == 56
    _pull(phone, sheet, 120)
    expect(phone.control("sheet")).to_have_attribute("aria-expanded", "false")
    assert sheet.bounding_box()["y"] == half
    _pull(phone, sheet, 200)
    expect(sheet).to_be_hidden()
    expect(phone.viewer).to_be_visible()
    phone.key("i")
    phone.rest(sheet)
    grip = phone.control("sheet")
    for expanded in ("true", "false"):
        grip.tap()
        expect(grip).to_have_attribute("aria-expanded", expanded)
    grip.focus()
    for key, expanded in (("ArrowUp", "true"), ("ArrowDown", "false"), ("Enter", "true")):
        phone.key(key)
        expect(grip).to_have_attribute("aria-expanded", expanded)
    phone.key("ArrowDown", 2)
    expect(sheet).to_be_hidden()
    phone.key("i")  # the keys are the viewer's still
    expect(sheet).to_be_visible()
    expect(grip).to_have_attribute("aria-expanded", "false")

    fingers, panel = Fingers(phone.page), phone.panel("compare")
    phone.rest(sheet)
    x, y = find_middle(grip)
    close = find_middle(phone.page.locator(".viewer-bar [data-do='close']"))
    fingers.swipe((x, y), (x, y - 200))
    fingers.tap(close)
    expect(phone.viewer).to_be_hidden()

    handle = phone.page.locator(".scrubber-handle")
    assert handle.bounding_box()["width"] >= 44
    x, y = find_middle(handle)
    field = find_middle(phone.field("find"))
    fingers.swipe((x, y), (x, y - 60))
    fingers.tap(field)
    wait_for(lambda: phone.focused_control() == "find")
    phone.key("Escape", 2)

    _select(phone, phone.tiles.first, phone.tiles.nth(1))
    phone.control("compare").tap()
    panel.locator("[data-do='compare-over']").tap()
    x, y = find_middle(panel.locator(".divider"))
    close = find_middle(panel.locator("header button").last)
    fingers.swipe((x, y), (x - 80, y))
    fingers.tap(close)
    expect(panel).to_be_hidden()
    phone.control("mark-none").tap()

    x, y = find_middle(handle)
    fingers.swipe((x, y), (x, y + 300))
    wait_for(lambda: phone.place()[0] > 20)
    expect(handle).to_have_attribute("aria-valuetext", re.compile(r"20\d\d"))
    phone.field("find").tap()
    phone.page.keyboard.type("is:imag")
    phone.search_row("complete").get_by_text("is:image").tap()
    expect(phone.field("find")).to_have_value("is:image ")
    wait_for(lambda: phone.focused_control() == "find", "the focus")
    phone.search_row("loaded").tap()
    phone.ready()
    expect(phone.viewer).to_be_hidden()
    assert phone.focused_control() != "find"  # which would keep the keyboard over the pictures
