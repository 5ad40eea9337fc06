"""The page's address, the browser's history, and a gallery by month or at random."""

from __future__ import annotations

from datetime import date
from itertools import product
import random
import re

from civitai_demo.gallery import find_demo_model
from gallery_page import SMALL
from page_driver import expect, wait_for

_MODEL, _VIDEOS = 900_001, 900_007
_NAME = find_demo_model(_MODEL).name
_WORDS = "e"  # in the names of many models
_GALLERY = "?model=900003&level=XXX"
_KINDS = "tiles => tiles.length > 0 && tiles.every((tile) => tile.dataset.kind === 'video')"


def _cards(page):
    return page.control("open-model")


def _heading(page):
    return page.page.locator(".gallery-header h2")


def _scrolled(page):
    return page.page.evaluate("scrollY")


def _steps(page):
    return page.page.evaluate("history.length")


def _expect_url(page, pattern):
    expect(page.page).to_have_url(re.compile(pattern))


def _expect_title(page, *parts):
    expect(page.page).to_have_title(" · ".join((*parts, "Civitai Shortcut")))


def test_what_is_opened_and_searched_is_an_address_a_title_and_one_step(server, open_gallery):
    start = rf"\?lang=xy&model={_MODEL}&level=XXX#part$"
    page = open_gallery(server, f"?lang=xy&model={_MODEL}&level=XXX#part", **SMALL).ready()
    back, forward, field = page.page.go_back, page.page.go_forward, page.field("find")
    steps = _steps(page)
    page.search("is:video", "gallery")
    _expect_url(page, "search=is%3Avideo#part$")
    assert _steps(page) == steps + 1
    back()
    expect(field).to_have_value("")
    forward()
    expect(field).to_have_value("is:video")
    page.control("clear-search").click()
    _expect_url(page, start)
    page.ready()
    forward()
    _expect_url(page, "search=is%3Avideo#part$")
    back()
    page.ready()

    _expect_title(page, _NAME)
    page.search("is:video", "loaded")
    _expect_url(page, "words=is%3Avideo")
    _expect_title(page, "is:video", _NAME)
    wait_for(lambda: page.tiles.evaluate_all(_KINDS))
    page.control("home").click()
    _expect_title(page)
    back()
    _expect_title(page, "is:video", _NAME)
    page.reload()
    wait_for(lambda: page.tiles.evaluate_all(_KINDS))
    expect(field).to_have_value("is:video")
    back()
    wait_for(lambda: page.ids() and not page.tiles.evaluate_all(_KINDS))
    expect(field).to_have_value("")

    id = page.ids()[3]
    page.tile(id).click()
    _expect_url(page, f"lang=xy.*image={id}#part$")
    back()
    expect(page.viewer).to_be_hidden()
    forward()
    expect(page.viewer).to_have_attribute("data-id", id)
    page.page.locator(".details [data-do=open-user]").click()
    _expect_url(page, "user=")
    expect(page.viewer).to_be_hidden()
    back()
    expect(page.viewer).to_have_attribute("data-id", id)
    page.key("Escape")
    _expect_url(page, start)
    page.find(f"https://civitai.com/models/{_VIDEOS}/slow-water")
    _expect_url(page, f"lang=xy&model={_VIDEOS}.*#part$")
    expect(_heading(page)).to_contain_text("Slow Water")
    back()
    expect(_heading(page)).to_have_text(_NAME)


def _in_two_pages(route):
    """Split the demo's models into two pages: they are too few for a second one."""
    answer = route.fetch(url=route.request.url.replace("&cursor=half", ""))
    told = answer.json()
    half, is_first = len(told["models"]) // 2, "cursor=" not in route.request.url
    told["models"] = told["models"][:half] if is_first else told["models"][half:]
    route.fulfill(response=answer, json={**told, "cursor": "half" if is_first else None})


def test_back_from_a_gallery_leads_to_its_search_results_which_have_an_address(
    server, open_gallery
):
    page = open_gallery(server, viewport={"width": 900, "height": 500}).ready()
    for path in ("lookup", "models"):
        page.page.route(f"**/api/{path}?*", _in_two_pages)
    page.search(_WORDS, "models")
    _cards(page).first.wait_for()
    few = _cards(page).count()
    page.control("find-more").click()
    expect(page.control("find-more")).to_have_count(0)
    found = _cards(page).count()
    assert found > few > 0
    _cards(page).last.scroll_into_view_if_needed()
    there, id = _scrolled(page), _cards(page).last.get_attribute("data-id")
    assert there > 0
    expect(page.page.locator(".grid")).to_be_hidden()
    page.page.locator(f"[data-do=open-model][data-id='{id}']").click()
    expect(_heading(page)).to_be_visible()
    page.asked.clear()
    page.page.go_back()
    _expect_url(page, f"find={_WORDS}")
    expect(_cards(page)).to_have_count(found)
    wait_for(lambda: abs(_scrolled(page) - there) < 2, "where one was")
    wait_for(lambda: (page.focused_control(), page.focused()) == ("open-model", id), "the focus")
    assert not [path for path in page.api() if path.startswith(("lookup", "models?"))]
    page.page.go_back()
    expect(_cards(page)).to_have_count(0)
    expect(_heading(page)).to_have_text(_NAME)
    page.page.go_forward()
    expect(_cards(page)).to_have_count(found)
    page.page.unroute_all()

    page.go("?search=is:favourite dune")
    _expect_title(page, "dune", "Favourites")
    page.go("?find=water")
    _expect_title(page, "water")
    card = _cards(page).filter(has_text="Slow Water")
    expect(card).to_be_visible()
    page.reload()
    card.click()
    _expect_url(page, rf"\?model={_VIDEOS}$")


def _topmost(page):
    """Return the id of the first image whose top edge is below the bars."""
    page.scroll_position()
    boxes = {id: box for id, box in page.boxes().items() if box[1] >= 68}
    return min(boxes, key=lambda id: (boxes[id][1], boxes[id][0]))


def _scroll_and_keep(page, count):
    page.ready().scroll_to(count)
    page.wait_until_kept()
    return _scrolled(page)


def test_back_forward_and_reload_lead_to_where_one_was_last(server, open_gallery):
    page = open_gallery(server, **SMALL).ready()
    back, forward = page.page.go_back, page.page.go_forward

    def expect_scrolled(last, what):
        wait_for(lambda: abs(_scrolled(page) - last) < 2, f"the place before {what}")

    page.scroll_to(24)
    topmost = _topmost(page)
    y = page.boxes()[topmost][1]
    leave = (back, page.control("clear-search").first.click)
    for where, leave_search in product(("loaded", "gallery"), leave):
        page.search("is:video", where)
        _expect_url(page, "is%3Avideo")
        wait_for(lambda: topmost not in page.ids())
        leave_search()
        wait_for(lambda: topmost in page.ids() and abs(page.boxes()[topmost][1] - y) < 2, where)
    steps = _steps(page) - 1  # one lies ahead
    page.field("sort").select_option("Oldest")
    _expect_url(page, "sort=Oldest")
    page.open_filters()
    page.choose_type("video")
    _expect_url(page, "type=video")
    assert _steps(page) == steps + 3  # with the open filters
    back()
    expect(page.field("level")).to_be_hidden()
    back()
    page.open_filters()
    expect(page.page.locator("[data-field='type'][value='']")).to_be_checked()
    expect(page.field("sort")).to_have_value("Oldest")
    back()
    back()
    expect(page.field("sort")).to_have_value("Newest")
    expect(page.tile(topmost)).to_be_in_viewport()
    page.search(_WORDS, "models")
    expect(_cards(page).first).to_be_in_viewport()
    page.control("close-found").click()
    expect(page.tile(topmost)).to_be_in_viewport()
    expect(page.page).not_to_have_url(re.compile("find="))
    forward()
    expect(_cards(page).first).to_be_in_viewport()
    back()

    page.field("sort").select_option("Oldest")
    _expect_url(page, "sort=Oldest")
    back()
    last = _scroll_and_keep(page, 48)  # further than when the gallery was left
    page.reload()
    expect_scrolled(last, "the reload")
    forward()
    last = _scroll_and_keep(page, 24)
    back()
    page.ready()
    forward()
    expect_scrolled(last, "Back")
    page.go("?model=900001&level=XXX&words=sea")  # what matches is on several pages
    last = _scroll_and_keep(page, 18)
    page.reload()
    expect_scrolled(last, "the reload of a search")


def test_selection_ends_with_its_gallery_comes_back_and_counts_what_a_search_hides(
    server, open_gallery
):
    page = open_gallery(server, **SMALL).ready()
    bar, count = (page.page.locator(f".selection-bar .{name}") for name in ("marked", "count"))
    page.tiles.first.locator(".tick").click()
    page.search("is:video", "loaded")
    expect(bar).to_contain_text("0 selected")
    expect(page.control("download-marked")).to_have_count(0)
    page.tiles.first.locator(".tick").click()
    expect(bar).to_contain_text("1 selected")
    expect(bar).to_contain_text("1 more not shown here")
    page.tiles.first.focus()
    with page.page.expect_request("**/api/annotations") as request:
        page.key("4")
    assert len(request.value.post_data_json["ids"]) == 1
    page.message("4 stars").wait_for()  # else this message may hide the next one
    page.control("mark-none").click()
    page.message("2 deselected").wait_for()
    page.page.go_back()
    expect(page.field("find")).to_have_value("")

    for at in range(2):
        page.tiles.nth(at).locator(".tick").click()
    page.reload()
    expect(count).to_have_text("2 selected")
    page.ready()
    page.find(f"https://civitai.com/models/{_VIDEOS}/slow-water")
    _expect_url(page, f"model={_VIDEOS}")
    page.message("2 deselected").locator("[data-do='undo']").click()
    expect(count).to_have_text("2 selected")
    expect(page.marked).to_have_count(2)
    page.control("mark-none").click()
    page.find(f"https://civitai.com/models/{_VIDEOS}/slow-water")
    _expect_url(page, f"model={_VIDEOS}")
    page.message("2 deselected").locator("[data-do='undo']").click()
    _expect_url(page, f"model={_MODEL}")
    expect(count).to_have_text("2 selected")
    page.search("is:video", "all")  # the library
    _expect_url(page, r"\?level=XXX&search=is%3Avideo")
    page.ready().tiles.first.locator(".tick").click()
    expect(count).to_have_text("1 selected")
    page.search("dune", "all")
    _expect_url(page, "search=dune")
    expect(count).to_be_hidden()
    page.page.go_back()
    expect(count).to_have_text("1 selected")
    page.page.go_back()
    expect(count).to_have_text("2 selected")


def test_month_beside_the_grid_is_of_the_open_gallery(server, open_gallery):
    page = open_gallery(server, f"{_GALLERY}&sort=Newest").ready()
    handle, month = map(page.page.locator, (".scrubber-handle", ".scrubber-month"))
    handle.focus()
    expect(handle).not_to_have_attribute("aria-valuemax", "0")
    page.page.route("**/api/months?*", lambda route: None)
    with page.page.expect_response("**/api/images?*sort=Oldest*") as first:
        page.field("sort").select_option("Oldest")
    dates = [view["date"][:7] for view in first.value.json()["images"]]
    wait_for(lambda: page.ids() and page.ids()[0] == str(first.value.json()["images"][0]["id"]))
    shown = {date.fromisoformat(f"{one}-15").strftime("%B %Y") for one in dates}
    page.wheel(900)
    wait_for(lambda: page.place()[0] > 1)
    assert month.text_content().split(" · ")[0] in shown


def test_handle_scrolls_by_months_and_a_gallery_is_shuffled_from_what_was_read(
    demo, start, open_gallery
):
    page = open_gallery(start(demo.url), f"{_GALLERY}&sort=Random")
    page.page.locator(".status [data-do='newest-first']").click()  # nothing is stored yet
    page.ready()
    expect(page.field("sort")).to_have_value("Newest")
    handle, track, month = map(
        page.page.locator, (".scrubber-handle", ".scrubber", ".scrubber-month")
    )

    def drag(share, above=0):
        box = track.bounding_box()
        page.page.mouse.move(box["x"] + 10, box["y"] + share * box["height"] - above, steps=5)

    handle.focus()
    expect(handle).not_to_have_attribute("aria-valuemax", "0")
    loaded = page.place()[1]
    page.key("End")
    wait_for(lambda: page.place()[1] > loaded, "another page")
    handle.hover()
    page.page.mouse.down()
    drag(1)
    wait_for(lambda: page.place()[1] == 180, "the whole gallery")
    page.page.mouse.up()
    page.key("End")
    expect(handle).to_have_attribute("aria-valuetext", re.compile(r"20\d\d · \d+$"))

    page.go("")
    page.go(_GALLERY)  # anew, at its top, and all its months are read
    newest = page.ready().ids()[0]
    assert page.place()[1] < 180
    page.asked.clear()
    expect(month).to_be_hidden()
    page.wheel(900)
    expect(month).to_be_visible()
    expect(month).to_have_text(re.compile(r"^[A-Z][a-z]+ 20\d\d$"))
    expect(month).to_be_hidden()
    assert not [path for path in page.asked if path.startswith("months")]
    handle.focus()
    expect(handle).not_to_have_attribute("aria-valuemax", "0")
    page.key("End")
    wait_for(lambda: page.place()[1] == 180, "the way to the last month")
    expect(handle).to_have_attribute("aria-valuetext", re.compile(r"20\d\d · \d+$"))
    last = handle.get_attribute("aria-valuemax")
    expect(handle).to_have_attribute("aria-valuenow", last)
    assert newest not in page.ids()
    page.key("ArrowUp")
    expect(handle).to_have_attribute("aria-valuenow", str(int(last) - 1))
    page.key("Home")
    wait_for(lambda: page.place()[0] < 90 and newest in page.ids(), "the top")
    handle.hover()
    first = handle.get_attribute("aria-valuetext")
    page.page.mouse.down()
    drag(0.5)
    wait_for(lambda: 90 < page.place()[0] < 180, "the middle, before the handle is let go")
    expect(month).to_be_visible()
    expect(month).not_to_have_text(first)
    drag(0, above=40)
    page.page.mouse.up()
    wait_for(lambda: page.place()[0] < 90, "the top")
    assert "search=" not in page.page.url
    page.page.evaluate("document.body.style.paddingTop = '400px'")  # what a host has above
    page.wheel(1500)
    wait_for(lambda: page.scroll_position() > 1000, "some rows")
    page.wheel(-3000)
    tab = page.page.locator("civitai-gallery")
    wait_for(lambda: track.bounding_box()["y"] >= tab.bounding_box()["y"] > 300, "its place")
    page.page.evaluate("document.body.style.paddingTop = ''")

    newest = page.ids()[:8]
    page.field("sort").select_option("Most Reactions")
    expect(handle).to_be_hidden()
    page.field("sort").select_option("Random")
    _expect_url(page, "sort=Random")
    page.wait_until_idle()
    assert page.ids()[:8] != newest
    first, again = page.ids()[:8], page.page.locator(".status [data-do='shuffle']")
    page.page.locator(".grid").focus()
    wait_for(lambda: page.key("End") or again.is_visible(), "the end")
    assert page.place()[1] == 180  # each once
    again.click()
    wait_for(lambda: page.ids() and page.ids()[:8] not in (first, newest))
    second = page.ids()[:8]
    assert page.scroll_position() == 0
    page.find("900004")
    expect(page.field("sort")).to_have_value("Newest")  # nothing is stored of another gallery
    for step, order in [
        (page.page.go_back, second),
        (page.reload, second),
        (page.page.go_back, first),
    ]:
        step()
        page.ready().wait_until_idle()
        page.page.locator(".grid").focus()
        page.key("Home")
        wait_for(lambda order=order: page.ids()[:8] == order, f"the order, not {page.ids()[:8]}")


# What can be opened over the page and over each layer, by the key or control that opens it.
_OVER = {
    "page": ["menu", "filters", "panel", "list", "viewer"],
    "viewer": ["sheet", "image-menu", "panel"],
    "sheet": ["image-menu", "panel"],
}
_OPENED = {"menu": "gallery-menu", "filters": "filters", "sheet": "details"}
_KEYS = {"panel": "j", "image-menu": "Shift+F10"}
_SHOWN = """
["dialog[data-viewer]", ".sheet-grip", "dialog.panel", "#filters", ".popup-menu", "#search-rows"]
    .filter(name => document.querySelector("civitai-gallery").shadowRoot.querySelector(name)
        ?.checkVisibility({visibilityProperty: true}))
"""


def _open_layer(page, name):
    if name == "viewer":
        page.tiles.nth(1).click()
    elif name == "list":
        page.field("find").click()
    elif name in _KEYS:
        page.key(_KEYS[name])
    else:
        page.control(_OPENED[name]).click()


def test_each_step_back_closes_the_topmost_layer_and_leads_to_the_image_seen_last(
    server, open_gallery
):
    page = open_gallery(server, _GALLERY, viewport={"width": 390, "height": 844}).ready()
    for leave in (page.page.go_back, lambda: page.key("Escape")):
        page.open()
        page.key("ArrowRight", 14)
        image = page.viewer.get_attribute("data-id")
        leave()
        expect(page.viewer).to_be_hidden()
        expect(page.tile(image)).to_be_in_viewport()
        wait_for(lambda image=image: page.focused() == image, "the focus")
        page.wait_until_kept()
        top = _scrolled(page)
        page.reload()
        wait_for(lambda top=top: abs(_scrolled(page) - top) < 2, "the place before the reload")
        page.page.evaluate("scrollTo(0, 0)")
        page.wait_until_kept()
    page.open()
    page.key("Escape")
    image = page.focused()
    steps = _steps(page)
    for close in (page.page.go_back, lambda: page.key("Escape")):
        page.key("j")
        page.panel("jobs").wait_for()
        close()
        expect(page.panel("jobs")).to_be_hidden()
        _expect_url(page, "model=900003")
        wait_for(lambda: page.focused() == image, "the focus")
    page.key("Enter")
    expect(page.viewer).to_be_visible()
    page.page.go_back()
    expect(page.viewer).to_be_hidden()
    expect(page.tile(image)).to_be_in_viewport()
    assert _steps(page) <= steps + 1
    page.key("s")
    slideshow = page.page.locator(".frame[data-slideshow]")
    expect(slideshow).to_be_visible()
    page.page.go_back()
    expect(slideshow).to_have_count(0)
    expect(page.viewer).to_be_visible()
    page.page.go_back()
    expect(page.viewer).to_be_hidden()
    page.key("Home")
    draw = random.Random(246)

    def shown():
        return page.page.evaluate(_SHOWN)

    for _ in range(8):
        page.tiles.first.focus()  # keys typed in the search field are its own
        before = [(shown(), page.page.url)]
        name = "page"
        while name in _OVER and len(before) < 5:
            name = draw.choice(_OVER[name])
            _open_layer(page, name)
            wait_for(lambda: len(shown()) == len(before), name)
            before.append((shown(), page.page.url))
        for left in reversed(before[:-1]):
            page.page.go_back()
            wait_for(lambda: (shown(), page.page.url) == left, f"{left} below {name}")
            wait_for(lambda: page.page.evaluate("document.activeElement !== document.body"))
        assert shown() == []
