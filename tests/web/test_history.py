"""The page's address, the browser's history, and a gallery by month or at random."""

from __future__ import annotations

from itertools import product
import random
import re

from civitai_demo.gallery import find_demo_model
from page_driver import expect, wait_for

_MODEL, _VIDEOS = 900_001, 900_007
_WORDS = "e"  # in the names of many models


def test_back_and_forward_go_through_images_and_galleries(server, open_gallery):
    page = open_gallery(server, f"?lang=xy&model={_MODEL}#part").ready()
    id = page.ids()[3]
    page.tile(id).click()
    expect(page.page).to_have_url(re.compile(f"lang=xy.*image={id}#part$"))
    page.page.go_back()
    expect(page.viewer).to_be_hidden()
    page.page.go_forward()
    expect(page.viewer).to_have_attribute("data-id", id)
    page.key("Escape")
    page.find(f"https://civitai.com/models/{_VIDEOS}/slow-water")
    expect(page.page).to_have_url(re.compile(f"lang=xy&model={_VIDEOS}.*#part$"))
    expect(page.page.locator(".gallery-header h2")).to_contain_text("Slow Water")
    page.page.go_back()
    expect(page.page.locator(".gallery-header h2")).to_have_text(find_demo_model(_MODEL).name)


def _cards(page):
    return page.control("open-model")


def _scrolled(page):
    return page.page.evaluate("scrollY")


def _in_two_pages(route):
    """Split the demo's models into two pages: they are too few for a second one."""
    answer = route.fetch(url=route.request.url.replace("&cursor=half", ""))
    told = answer.json()
    half, is_first = len(told["models"]) // 2, "cursor=" not in route.request.url
    told["models"] = told["models"][:half] if is_first else told["models"][half:]
    route.fulfill(response=answer, json={**told, "cursor": "half" if is_first else None})


def _results(page):
    """All that the words find, and the last card in sight; its id."""
    for path in ("lookup", "models"):
        page.page.route(f"**/api/{path}?*", _in_two_pages)
    page.search(_WORDS, "models")
    _cards(page).first.wait_for()
    few = _cards(page).count()
    page.control("find-more").click()
    expect(page.control("find-more")).to_have_count(0)
    assert _cards(page).count() > few > 0
    last = _cards(page).last
    last.scroll_into_view_if_needed()
    assert _scrolled(page) > 0
    return last.get_attribute("data-id")


def test_back_from_a_gallery_leads_to_its_search_results(server, open_gallery):
    page = open_gallery(server, viewport={"width": 900, "height": 500}).ready()
    id = _results(page)
    expect(page.page.locator(".grid")).to_be_hidden()
    found, there = _cards(page).count(), _scrolled(page)
    page.page.locator(f"[data-do=open-model][data-id='{id}']").click()
    expect(page.page.locator(".gallery-header h2")).to_be_visible()
    page.asked.clear()
    page.page.go_back()
    expect(page.page).to_have_url(re.compile(f"find={_WORDS}"))
    expect(_cards(page)).to_have_count(found)
    wait_for(lambda: abs(_scrolled(page) - there) < 2, "where one was")
    wait_for(lambda: (page.focused_control(), page.focused()) == ("open-model", id), "the focus")
    assert not [path for path in page.api() if path.startswith(("lookup", "models?"))]
    page.page.go_back()
    expect(_cards(page)).to_have_count(0)
    expect(page.page.locator(".gallery-header h2")).to_have_text(find_demo_model(_MODEL).name)
    page.page.go_forward()
    expect(_cards(page)).to_have_count(found)


def test_reload_and_forward_lead_to_where_one_was_last(server, open_gallery):
    page = open_gallery(server).ready()
    page.scroll_to(30)
    page.field("sort").select_option("Oldest")
    expect(page.page).to_have_url(re.compile("sort=Oldest"))
    page.page.go_back()
    page.ready()
    page.scroll_to(60)  # further than when the gallery was left
    page.wait_until_kept()
    last = _scrolled(page)
    page.reload()
    wait_for(lambda: abs(_scrolled(page) - last) < 2, "the place before the reload")
    page.page.go_forward()
    page.ready()
    page.scroll_to(30)
    page.wait_until_kept()
    last = _scrolled(page)
    page.page.go_back()
    page.ready()
    page.page.go_forward()
    wait_for(lambda: abs(_scrolled(page) - last) < 2, "the place before Back")
    page.go("?model=900001&level=XXX&words=sea")  # what matches is on several pages
    page.ready()
    page.scroll_to(18)
    page.wait_until_kept()
    last = _scrolled(page)
    page.reload()
    wait_for(lambda: abs(_scrolled(page) - last) < 2, "the place before the reload")


def test_url_with_words_repeats_the_search(server, open_gallery):
    page = open_gallery(server, "?find=water")
    expect(_cards(page).filter(has_text="Slow Water")).to_be_visible()
    page.reload()
    _cards(page).filter(has_text="Slow Water").click()
    expect(page.page).to_have_url(re.compile(rf"\?model={_VIDEOS}$"))


def _steps(page):
    return page.page.evaluate("history.length")


def _topmost(page):
    """Return the id of the first image whose top edge is below the bars."""
    page.scroll_position()
    boxes = {id: box for id, box in page.boxes().items() if box[1] >= 68}
    return min(boxes, key=lambda id: (boxes[id][1], boxes[id][0]))


def test_title_of_the_document_names_what_is_open(server, open_gallery):
    page = open_gallery(server).ready()
    name = find_demo_model(_MODEL).name
    expect(page.page).to_have_title(f"{name} · Civitai Shortcut")
    page.search("is:video", "loaded")
    expect(page.page).to_have_title(f"is:video · {name} · Civitai Shortcut")
    page.control("home").click()
    expect(page.page).to_have_title("Civitai Shortcut")
    page.page.go_back()
    expect(page.page).to_have_title(f"is:video · {name} · Civitai Shortcut")
    page.go("?search=is:favourite dune")
    expect(page.page).to_have_title("dune · Favourites · Civitai Shortcut")
    page.go("?find=water")
    expect(page.page).to_have_title("water · Civitai Shortcut")


def test_search_is_one_step_that_clearing_undoes(server, open_gallery):
    page = open_gallery(server).ready()
    steps = _steps(page)
    page.search("is:video", "gallery")
    expect(page.page).to_have_url(re.compile("search=is%3Avideo$"))
    assert _steps(page) == steps + 1
    page.page.go_back()
    expect(page.field("find")).to_have_value("")
    page.page.go_forward()
    expect(page.field("find")).to_have_value("is:video")
    page.control("clear-search").click()
    expect(page.page).to_have_url(re.compile(rf"\?model={_MODEL}&level=XXX$"))
    page.ready()
    page.page.go_forward()
    expect(page.page).to_have_url(re.compile("search=is%3Avideo$"))


def test_back_from_search_sort_and_filter_and_the_end_of_results_restore_the_position(
    server, open_gallery
):
    page = open_gallery(server).ready()
    page.scroll_to(40)
    topmost = _topmost(page)
    y = page.boxes()[topmost][1]
    leave = (page.page.go_back, page.control("clear-search").first.click)
    for where, leave_search in product(("loaded", "gallery"), leave):
        page.search("is:video", where)
        expect(page.page).to_have_url(re.compile("is%3Avideo"))
        wait_for(lambda: topmost not in page.ids())
        leave_search()
        wait_for(lambda: topmost in page.ids() and abs(page.boxes()[topmost][1] - y) < 2, where)
    steps = _steps(page) - 1  # one lies ahead
    page.field("sort").select_option("Oldest")
    expect(page.page).to_have_url(re.compile("sort=Oldest"))
    page.open_filters()
    page.choose_type("video")
    expect(page.page).to_have_url(re.compile("type=video"))
    assert _steps(page) == steps + 3  # with the open filters
    page.page.go_back()
    expect(page.field("level")).to_be_hidden()
    page.page.go_back()
    page.open_filters()
    expect(page.page.locator("[data-field='type'][value='']")).to_be_checked()
    expect(page.field("sort")).to_have_value("Oldest")
    page.page.go_back()
    page.page.go_back()
    expect(page.field("sort")).to_have_value("Newest")
    expect(page.tile(topmost)).to_be_in_viewport()
    page.search(_WORDS, "models")
    expect(_cards(page).first).to_be_in_viewport()
    page.control("close-found").click()
    expect(page.tile(topmost)).to_be_in_viewport()
    expect(page.page).not_to_have_url(re.compile("find="))
    page.page.go_forward()
    expect(_cards(page).first).to_be_in_viewport()


def test_words_that_filter_loaded_images_are_in_the_url(server, open_gallery):
    page = open_gallery(server).ready()
    kinds = "tiles => tiles.length > 0 && tiles.every((tile) => tile.dataset.kind === 'video')"
    page.search("is:video", "loaded")
    expect(page.page).to_have_url(re.compile("words=is%3Avideo"))
    wait_for(lambda: page.tiles.evaluate_all(kinds))
    page.reload()
    wait_for(lambda: page.tiles.evaluate_all(kinds))
    expect(page.field("find")).to_have_value("is:video")
    page.page.go_back()
    wait_for(lambda: page.ids() and not page.tiles.evaluate_all(kinds))
    expect(page.field("find")).to_have_value("")


def test_back_from_an_author_of_the_open_image_leads_to_that_image(server, open_gallery):
    page = open_gallery(server).ready()
    author = page.page.locator(".details [data-do=open-user]")
    id = page.ids()[0]
    page.tile(id).click()
    author.click()
    expect(page.page).to_have_url(re.compile("user="))
    expect(page.viewer).to_be_hidden()
    page.page.go_back()
    expect(page.viewer).to_have_attribute("data-id", id)
    page.key("Escape")
    expect(page.page).to_have_url(re.compile(rf"\?model={_MODEL}&level=XXX$"))


def test_selection_ends_with_its_gallery_and_undo_or_back_leads_to_it(server, open_gallery):
    page = open_gallery(server).ready()
    count = page.page.locator(".selection-bar .count")
    for at in range(2):
        page.tiles.nth(at).locator(".tick").click()
    page.reload()
    expect(count).to_have_text("2 selected")
    page.ready()
    page.find(f"https://civitai.com/models/{_VIDEOS}/slow-water")
    expect(page.page).to_have_url(re.compile(f"model={_VIDEOS}"))
    page.message("2 deselected").locator("[data-do='undo']").click()
    expect(count).to_have_text("2 selected")
    expect(page.marked).to_have_count(2)
    page.control("mark-none").click()
    page.find(f"https://civitai.com/models/{_VIDEOS}/slow-water")
    expect(page.page).to_have_url(re.compile(f"model={_VIDEOS}"))
    page.message("2 deselected").locator("[data-do='undo']").click()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}"))
    expect(count).to_have_text("2 selected")
    page.search("is:video", "all")  # the library
    expect(page.page).to_have_url(re.compile(r"\?level=XXX&search=is%3Avideo"))
    page.ready().tiles.first.locator(".tick").click()
    expect(count).to_have_text("1 selected")
    page.search("dune", "all")
    expect(page.page).to_have_url(re.compile("search=dune"))
    expect(count).to_be_hidden()
    page.page.go_back()
    expect(count).to_have_text("1 selected")
    page.page.go_back()
    expect(count).to_have_text("2 selected")


def test_selected_images_that_a_search_hides_are_counted_but_not_acted_on(server, open_gallery):
    page = open_gallery(server).ready()
    bar = page.page.locator(".selection-bar .marked")
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


_GALLERY = "?model=900003&level=XXX"


def _handle(page):
    return page.page.locator(".scrubber-handle")


def _read_all(page):
    """Load the whole gallery, so that all its months are read."""
    page.ready().page.locator(".grid").focus()  # else the browser glides, and may be interrupted
    page.key("End")
    wait_for(lambda: page.place()[1] == 180, "the whole gallery")


def test_handle_scrolls_to_a_month_by_keys_and_loads_the_way_there_and_while_it_is_dragged(
    shared_server, open_gallery
):
    page = open_gallery(shared_server, _GALLERY)
    _read_all(page)
    page.go("")
    page.go(_GALLERY)  # anew, at its top
    newest = page.ready().ids()[0]
    assert page.place()[1] < 180
    _handle(page).focus()
    expect(_handle(page)).not_to_have_attribute("aria-valuemax", "0")
    page.key("End")
    wait_for(lambda: page.place()[1] == 180, "the way to the last month")
    expect(_handle(page)).to_have_attribute("aria-valuetext", re.compile(r"20\d\d · \d+$"))
    last = _handle(page).get_attribute("aria-valuemax")
    expect(_handle(page)).to_have_attribute("aria-valuenow", last)
    assert newest not in page.ids() and "search=" not in page.page.url
    page.key("ArrowUp")
    expect(_handle(page)).to_have_attribute("aria-valuenow", str(int(last) - 1))
    page.key("Home")
    wait_for(lambda: page.place()[0] < 90 and newest in page.ids(), "the top")
    handle, track = _handle(page), page.page.locator(".scrubber")
    handle.hover()
    expect(handle).not_to_have_attribute("aria-valuemax", "0")
    first = handle.get_attribute("aria-valuetext")
    page.page.mouse.down()
    box = track.bounding_box()
    page.page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2, steps=5)
    wait_for(lambda: 90 < page.place()[0] < 180, "the middle, before the handle is let go")
    month = page.page.locator(".scrubber-month")
    expect(month).to_be_visible()
    expect(month).not_to_have_text(first)
    page.page.mouse.move(box["x"] + 10, box["y"] - 40, steps=5)
    page.page.mouse.up()
    wait_for(lambda: page.place()[0] < 90, "the top")
    assert "search=" not in page.page.url
    page.field("sort").select_option("Most Reactions")
    expect(_handle(page)).to_be_hidden()


def test_month_is_shown_while_one_scrolls_and_its_handle_is_not_over_what_the_host_has_above(
    shared_server, open_gallery
):
    page = open_gallery(shared_server, _GALLERY).ready()
    month = page.page.locator(".scrubber-month")
    expect(month).to_be_hidden()
    page.wheel(900)
    expect(month).to_be_visible()
    expect(month).to_have_text(re.compile(r"^[A-Z][a-z]+ 20\d\d$"))
    expect(month).to_be_hidden()
    assert not [path for path in page.asked if path.startswith("months")]
    page.page.evaluate("document.body.style.paddingTop = '400px'")
    page.wheel(1500)
    wait_for(lambda: page.scroll_position() > 1000, "some rows")
    page.wheel(-3000)
    track, tab = page.page.locator(".scrubber"), page.page.locator("civitai-gallery")
    wait_for(lambda: track.bounding_box()["y"] >= tab.bounding_box()["y"] > 300, "its place")


def test_new_gallery_is_read_to_its_end_by_its_handle_then_shuffled_and_shuffled_again(
    demo, start, open_gallery
):
    page = open_gallery(start(demo.url), "?model=900003&level=XXX&sort=Random")
    page.page.locator(".status [data-do='newest-first']").click()  # nothing is stored yet
    page.ready()
    expect(page.field("sort")).to_have_value("Newest")
    handle, track = _handle(page), page.page.locator(".scrubber")
    handle.focus()
    expect(handle).not_to_have_attribute("aria-valuemax", "0")
    loaded = page.place()[1]
    page.key("End")
    wait_for(lambda: page.place()[1] > loaded, "another page")
    handle.hover()
    page.page.mouse.down()
    box = track.bounding_box()
    page.page.mouse.move(box["x"] + 10, box["y"] + box["height"], steps=5)
    wait_for(lambda: page.place()[1] == 180, "the whole gallery")
    page.page.mouse.up()
    page.key("End")
    expect(handle).to_have_attribute("aria-valuetext", re.compile(r"20\d\d · \d+$"))
    page.page.locator(".grid").focus()
    page.key("Home")
    newest = page.ids()[:8]
    page.field("sort").select_option("Random")
    wait_for(lambda: page.ids() and page.ids()[:8] != newest)
    first = page.ids()[:8]
    again = page.page.locator(".status [data-do='shuffle']")
    for _ in range(10):
        page.key("End")
        page.page.wait_for_timeout(100)
    expect(again).to_be_visible()
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


def test_leaving_the_large_view_and_a_reload_lead_to_the_image_seen_last(server, open_gallery):
    page = open_gallery(server, _GALLERY, viewport={"width": 390, "height": 844}).ready()
    for leave in (page.page.go_back, lambda: page.key("Escape")):
        page.open()
        for _ in range(14):
            page.key("ArrowRight")
        last = page.viewer.get_attribute("data-id")
        leave()
        expect(page.viewer).to_be_hidden()
        expect(page.tile(last)).to_be_in_viewport()
        wait_for(lambda last=last: page.focused() == last, "the focus")
        page.wait_until_kept()
        top = _scrolled(page)
        page.reload()
        wait_for(lambda top=top: abs(_scrolled(page) - top) < 2, "the place before the reload")
        page.page.evaluate("scrollTo(0, 0)")
        page.wait_until_kept()


def test_closing_a_panel_leaves_no_step_behind(server, open_gallery):
    page = open_gallery(server, _GALLERY).open()
    page.key("Escape")
    image, steps = page.focused(), _steps(page)
    for close in (page.page.go_back, lambda: page.key("Escape")):
        page.key("j")
        page.panel("jobs").wait_for()
        close()
        expect(page.panel("jobs")).to_be_hidden()
        expect(page.page).to_have_url(re.compile("model=900003"))
        wait_for(lambda: page.focused() == image, "the focus")
    page.key("Enter")
    expect(page.viewer).to_be_visible()
    page.page.go_back()
    expect(page.viewer).to_be_hidden()
    expect(page.tile(image)).to_be_in_viewport()
    assert _steps(page) <= steps + 1


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


def test_each_step_back_closes_the_topmost_layer(server, open_gallery):
    page = open_gallery(server, _GALLERY, viewport={"width": 390, "height": 844}).ready()
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


def test_back_ends_a_slideshow_before_it_closes_the_image(server, open_gallery):
    page = open_gallery(server, _GALLERY).ready()
    page.key("s")
    slideshow = page.page.locator(".frame[data-slideshow]")
    expect(slideshow).to_be_visible()
    page.page.go_back()
    expect(slideshow).to_have_count(0)
    expect(page.viewer).to_be_visible()
    page.page.go_back()
    expect(page.viewer).to_be_hidden()
