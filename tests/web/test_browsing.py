"""Browsing in a real browser: finding, the grid, marks, the address, and what goes wrong."""

from __future__ import annotations

import os
import re

from civitai_demo import files
from civitai_manager_libs.web import bundle
from fault_responses import stalled, status
from page_driver import expect, wait_for

_MODEL, _VIDEOS, _HOSTILE, _EMPTY = 900_001, 900_007, 900_008, 900_009
_SCRIPT = os.path.join(os.path.dirname(__file__), "..", "..", "javascript", "civitai_shortcut.js")
_OPEN = f"?model={_MODEL}&level=XXX"


def _loaded(page):
    """All thumbnails near the window are there."""
    return page.page.evaluate(
        "() => [...document.querySelector('civitai-gallery').shadowRoot"
        ".querySelectorAll('[data-tile] img')].every(image => image.complete && image.src)"
    )


def _requested_thumbnails(page) -> set[str]:
    return {path.split("/")[1].partition("?")[0] for path in page.asked if "thumb/" in path}


def _ids_near_the_window(page) -> set[str]:
    return {id for id, (_, y, _, _) in page.boxes().items() if y < 2000}


def test_search_costs_two_requests_and_invalid_input_is_reported(server, open_gallery):
    page = open_gallery(server, "?model=900002").ready()
    wait_for(lambda: _loaded(page) and _requested_thumbnails(page) == _ids_near_the_window(page))
    page.asked.clear()
    page.find(str(_MODEL))
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}"))
    wait_for(lambda: page.ids() and _loaded(page), "the first screen")
    names = [path.partition("?")[0] for path in page.api()]
    names = [name for name in names if name != "search_preview"]  # if Enter came after a pause
    assert names == ["lookup", "images"]
    assert _requested_thumbnails(page) == _ids_near_the_window(page)

    lookup = page.page.locator(".of-lookup")
    for text, said in [
        ("https://civitai.com/collections/5", "collections"),
        ("https://evil.example/models/1", "evil.example"),
        ("99999999999", "99999999999"),
    ]:
        page.find(text)
        expect(page.page.locator(".of-lookup[data-kind=problem]")).to_contain_text(said)
        assert page.tiles.count()
        page.field("find").fill("x")
        expect(lookup).to_be_hidden()
    page.search("no such model anywhere", "models")
    none = page.page.get_by_text("No model matches")
    none.wait_for()
    page.find("999999999")
    expect(lookup).to_contain_text("no such model")
    expect(none).to_be_hidden()
    expect(page.field("find")).to_be_focused()
    expect(page.field("find")).to_have_value("999999999")
    expect(page.field("find")).to_have_attribute("aria-expanded", "false")  # nothing covers it
    page.tiles.first.wait_for()


def test_only_nearby_tiles_are_in_the_page_and_nothing_shifts(server, open_gallery):
    page = open_gallery(server).ready()
    page.page.evaluate("window.seen = {shift: 0, since: performance.now()}")  # told late
    most = 0
    while page.place()[0] < 200:
        page.wheel(900)
        page.page.wait_for_timeout(30)  # as a hand turns the wheel
        most = max(most, page.nodes())
    assert most < 3000
    assert page.page.evaluate("window.seen.shift") <= 0.02
    low, high = (edge([y for _, y, _, _ in page.boxes().values()]) for edge in (min, max))
    assert low > -3000 and high < 3000


def test_keys_move_by_geometry_and_nothing_loses_the_place(server, open_gallery):
    page = open_gallery(server).ready()
    page.page.locator(".grid").focus()
    first = page.focused()
    assert first == page.ids()[0]
    page.key("ArrowRight")
    beside = page.focused()
    boxes = page.boxes()
    assert boxes[beside][0] > boxes[first][0] and abs(boxes[beside][1] - boxes[first][1]) < 1
    page.key("ArrowDown")
    below = page.focused()
    boxes = page.boxes()
    assert boxes[below][0] == boxes[beside][0] and boxes[below][1] > boxes[beside][1]
    page.key("ArrowUp")
    page.key("ArrowLeft")
    wait_for(lambda: page.focused() == first, "the focus")
    page.key("Space")
    expect(page.tile(first)).to_have_attribute("aria-selected", "true")
    expect(page.tile(first)).to_have_attribute("aria-label", re.compile("selected"))
    page.key("Shift+ArrowRight")
    expect(page.marked).to_have_count(2)
    page.key("Shift+ArrowLeft")
    expect(page.marked).to_have_count(1)
    page.key("Enter")
    expect(page.viewer).to_be_visible()
    page.key("ArrowRight", 25)
    wait_for(lambda: page.page.url.endswith(f"image={page.viewer.get_attribute('data-id')}"))
    last = page.viewer.get_attribute("data-id")
    page.key("Escape")
    expect(page.viewer).to_be_hidden()
    wait_for(lambda: page.focused() == last, "the focus")
    expect(page.tile(last)).to_be_in_viewport(ratio=0.5)
    expect(page.page).not_to_have_url(re.compile("image="))

    there = page.scroll_position()
    height = page.page.viewport_size["height"]
    cut = next(id for id, (_, y, _, h) in page.boxes().items() if y < height - 60 < y + h)
    x, y, *_ = page.boxes()[cut]
    page.page.mouse.move(x + 40, y + 20)
    page.page.mouse.click(x + 20, y + 20)
    expect(page.tile(cut)).to_have_attribute("aria-selected", "true")
    expect(page.tile(cut)).to_be_focused()
    assert page.scroll_position() == there
    page.key("n")

    page.page.mouse.wheel(0, 700)
    wait_for(lambda: page.scroll_position() > 300)
    seen = next(id for id in page.ids() if page.boxes()[id][1] > 0)
    before = page.boxes()[seen][1]
    # a few go; what is at the top stays, if it is not one
    page.field("level").evaluate(
        "level => { level.value = 'X'; level.dispatchEvent(new Event('change')); }"
    )
    expect(page.page).to_have_url(re.compile("level=X&?"))
    wait_for(lambda: page.page.locator(".grid[data-stale]").count() == 0)
    if seen in page.ids():
        assert abs(page.boxes()[seen][1] - before) < 2


def test_one_selected_is_copied_few_compared_and_sixty_take_two_clicks(server, open_gallery):
    page = open_gallery(server, permissions=["clipboard-read", "clipboard-write"]).ready()
    page.page.route("**/api/images?*cursor=*", lambda route: None)  # no more than the first hundred
    count = page.page.locator(".selection-bar .count")
    page.tiles.nth(0).locator("[data-do='mark']").click()
    expect(page.control("compare")).to_have_count(0)
    expect(page.control("send-marked")).to_have_text("Copy infotext")
    page.control("send-marked").click()  # no program is there that it could be sent to
    page.message("Copied").wait_for()
    page.tiles.nth(1).locator("[data-do='mark']").click()
    expect(page.control("send-marked")).to_have_count(0)
    page.control("compare").click()
    page.panel("compare").wait_for()
    page.key("Escape")
    for number in (2, 3, 4):
        page.tiles.nth(number).locator("[data-do='mark']").click()
    expect(page.control("compare")).to_have_attribute("aria-disabled", "true")
    expect(page.control("compare")).to_have_accessible_description(
        "Select 2 to 4 pictures to compare"
    )
    page.control("compare").click(force=True)
    page.message("Select 2 to 4 pictures to compare").wait_for()
    page.tiles.nth(4).locator("[data-do='mark']").click()
    page.control("compare").click()
    page.panel("compare").wait_for()
    assert page.message("Select 2 to 4 pictures to compare").count() == 0
    page.key("Escape")
    page.control("mark-none").click()
    expect(page.control("download-marked")).to_have_count(0)

    page.tile(page.ids()[0]).focus()
    page.key("ArrowRight", 59)
    sixtieth = page.focused()  # in reading order
    page.key("Home")
    page.tiles.nth(0).locator("[data-do='mark']").click()
    page.wheel(3000)
    page.tile(sixtieth).click(modifiers=["Shift"])
    expect(count).to_have_text("60 selected")
    page.choose_more("invert")
    expect(count).to_have_text("40 selected")


def test_tile_width_marks_filters_and_position_survive_a_reload(server, open_gallery):
    page = open_gallery(server).ready()
    columns = len({x for x, *_ in page.boxes().values()})
    page.field("tile").fill("300")
    wait_for(lambda: len({x for x, *_ in page.boxes().values()}) < columns)
    columns = len({x for x, *_ in page.boxes().values()})
    page.field("sort").select_option("Oldest")
    expect(page.page).to_have_url(re.compile("sort=Oldest"))
    wait_for(lambda: page.page.locator(".grid[data-stale]").count() == 0)
    one, other = page.ids()[2], page.ids()[4]
    page.tile(one).locator("[data-do='mark']").click()
    page.tile(other).locator("[data-do='mark']").click()
    page.scroll_to(60)
    there = page.page.evaluate("scrollY")
    page.wait_until_kept()
    page.reload()
    page.ready()
    expect(page.page.locator(".selection-bar .count")).to_have_text("2 selected")
    expect(page.field("sort")).to_have_value("Oldest")
    assert len({x for x, *_ in page.boxes().values()}) == columns
    wait_for(lambda: abs(page.page.evaluate("scrollY") - there) < 2, "where one was")
    page.page.set_viewport_size({"width": 1600, "height": 800})  # room beside what is selected
    page.control("top").focus()
    page.key("Enter")
    expect(page.page.locator("[data-do=top]")).to_be_hidden()  # as it leads nowhere
    expect(page.control("back")).to_be_focused()
    expect(page.tile(one)).to_have_attribute("aria-selected", "true")


def test_what_fails_is_retried_waiting_cancelled_and_a_new_server_found(
    flaky, flaky_server, open_gallery
):
    flaky.rule(f"/{files.ACCOUNT}/.*width=", status(404))
    page = open_gallery(flaky_server, f"?model={_VIDEOS}")
    id = page.page.locator("[data-tile][data-failed]").first.get_attribute("data-id")
    again = page.tile(id).locator("[data-do='thumb-again']")
    with page.page.expect_request(re.compile(rf"/api/thumb/{id}\b")):
        again.click()
    expect(page.viewer).to_be_hidden()
    flaky.rules.clear()
    press = "signs => signs.forEach((sign) => sign.click())"  # unless the page retries by itself,
    shown = page.tile(id).and_(page.page.locator("[data-shows]"))  # as it does after a slow answer
    wait_for(lambda: shown.count() or again.evaluate_all(press), "the thumbnail")

    said, stale = page.page.locator(".of-images"), page.page.locator(".grid[data-stale]")
    page.find(str(_MODEL))
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}"))
    expect(stale).to_have_count(0)
    flaky.rule("/api/v1/images.*sort=Oldest", stalled())
    page.field("sort").select_option("Oldest")
    expect(said).to_contain_text(re.compile(r"no response for \d+ s"))
    page.control("give-up").click()
    expect(said).to_contain_text("You stopped waiting")
    flaky.rules.clear()
    page.control("retry").click()
    expect(stale).to_have_count(0)
    expect(said).to_be_hidden()

    page.tiles.nth(1).locator("[data-do='mark']").click()
    flaky_server.kill()
    try:
        page.field("sort").select_option("Newest")
        expect(said).to_contain_text("continues by itself")
    finally:
        flaky_server.start()
    expect(stale).to_have_count(0)
    expect(said).to_be_hidden()
    # the newest are loaded, and it is one of the oldest
    expect(page.page.locator(".selection-bar")).to_contain_text("1 more not shown here")


def test_lost_server_is_told_once_for_thumbnails_and_a_closed_image(server, open_gallery):
    page = open_gallery(server).ready()
    page.page.context.set_offline(True)
    page.page.wait_for_load_state()
    page.page.evaluate("window.scrollTo(0, 6000)")
    page.page.locator("[data-failed]").first.wait_for()
    expect(page.page.locator(".grid[data-lost]")).to_have_count(1)
    expect(page.page.get_by_text("continues by itself").first).to_be_visible()
    expect(page.page.locator("[data-do=thumb-again]:visible")).to_have_count(0)
    page.page.context.set_offline(False)
    expect(page.page.locator(".grid[data-lost]")).to_have_count(0)
    expect(page.page.locator("[data-failed]")).to_have_count(0)

    page.open()
    page.page.context.set_offline(True)
    page.key("b")
    page.message("continues by itself").wait_for()
    page.key("Escape")
    expect(page.page.locator(".of-images")).to_contain_text("continues by itself")
    expect(page.viewer).to_be_hidden()
    assert page.message("continues by itself").count() == 0
    page.page.context.set_offline(False)


def test_strangers_markup_is_shown_as_text_without_overflow(server, open_gallery):
    page = open_gallery(server, f"?model={_HOSTILE}&level=XXX").ready()
    page.tiles.first.hover()
    page.control("about").click()
    for width in (1600, 390):
        page.page.set_viewport_size({"width": width, "height": 844})
        expect(page.page.locator(".gallery-header h2")).to_contain_text("<img src=x")
        page.field("find").focus()
        assert page.page.evaluate("window.demoRan") is None
        fits = "document.documentElement.scrollWidth <= innerWidth"
        wait_for(lambda: page.page.evaluate(fits), f"a page of {width} pixels")


def test_selection_bar_has_one_row_and_stays_over_the_images(server, open_gallery):
    page = open_gallery(server, viewport={"width": 900, "height": 800}).ready()
    bar = page.page.locator(".selection-bar")
    page.control("about").click()
    page.scroll_to(40)
    expect(page.page.locator(".about")).to_be_hidden()
    expect(page.control("about")).to_have_attribute("aria-expanded", "false")
    page.control("top").click()
    page.control("back").wait_for()
    expect(page.page.locator(".about")).to_be_hidden()  # it does not come back over the images
    page.key("a")
    page.control("download-marked").wait_for()
    for width in (900, 1280):
        page.page.set_viewport_size({"width": width, "height": 800})
        assert bar.bounding_box()["height"] < 60, width
    page.key("n")
    page.page.set_viewport_size({"width": 1600, "height": 900})
    page.page.locator("civitai-gallery").evaluate("(gallery) => gallery.style.maxWidth = '1000px'")
    for at in (0, 1):
        page.tiles.nth(at).locator("[data-do='mark']").click()
    expect(page.control("compare")).to_be_visible()
    expect(page.control("models-marked").locator("span")).to_be_visible()
    assert bar.bounding_box()["height"] < 70
    page.control("mark-none").click()
    page.page.set_viewport_size({"width": 500, "height": 900})
    page.field("find").click()
    page.page.locator(".search-rows").wait_for()
    is_on_top = """(bar) => {
        const { left, top } = bar.getBoundingClientRect();
        return bar.contains(bar.getRootNode().elementFromPoint(left + 20, top + 10));
    }"""
    assert bar.evaluate(is_on_top)


_STANDS_STILL = """async () => {
    const before = scrollY;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return scrollY === before;
}"""
_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_background_tab_sends_no_request_and_keeps_its_position(server, open_gallery):
    page = open_gallery(server).ready()
    wait_for(lambda: _loaded(page))
    code = f'data-code="{bundle.find_code_version()}"'
    element = f'<civitai-gallery {code} style="display: block"></civitai-gallery>'
    body = f"""<div id="tab" style="display: none">{element}</div>
        <script src="gradio_api/civitai_shortcut.js"></script>"""
    page.page.route("**/host?*", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.page.route(
        "**/gradio_api/civitai_shortcut.js",
        lambda route: route.fulfill(path=_SCRIPT),
    )
    page.wait_until_idle()
    page.asked.clear()
    page.page.goto(f"{page.url}/host{_OPEN}")
    wait_for(
        lambda: page.page.evaluate("() => Boolean(customElements.get('civitai-gallery'))"),
        "the page",
    )
    assert page.asked == []
    page.page.evaluate("tab.style.display = 'block'")
    page.ready()
    page.wheel(1500)
    wait_for(lambda: page.page.evaluate("scrollY") > 1000)
    wait_for(lambda: page.page.evaluate(_STANDS_STILL))
    there = page.page.evaluate("scrollY")
    page.page.evaluate("tab.style.display = 'none'")
    wait_for(lambda: page.page.evaluate("scrollY") == 0)
    page.page.evaluate(_DRAWN)  # away and back within one frame is no leaving
    page.page.evaluate("tab.style.display = 'block'")
    wait_for(lambda: page.page.evaluate("scrollY") == there)


def test_empty_gallery_offers_a_retry_and_a_slow_one_keeps_its_name(server, open_gallery):
    page = open_gallery(server, f"?model={_EMPTY}")
    expect(page.page.locator(".of-images")).to_contain_text("empty page")
    expect(page.control("read-anew")).to_be_visible()
    page.go(f"?model={_VIDEOS}&level=XXX")
    page.ready()
    expect(page.page.locator(".status.of-images")).to_be_visible()
    wait_for(lambda: page.page.evaluate("document.fonts.status === 'loaded'"), "the page")
    assert page.page.evaluate("window.seen.shift") <= 0.02
    page.go("")
    card = page.page.locator("[data-do='open-recent']").first
    name = card.get_attribute("title")
    held = []
    page.page.route(re.compile(r"/api/(images\?|models/\d)"), lambda route: held.append(route))
    card.click()
    expect(page.page.locator(".gallery-header h2")).to_have_text(name)
    expect(page.page.locator(".skeletons span").first).to_be_visible()
    page.control("give-up").wait_for()
    for route in held:
        route.fulfill(status=502, json={"error": {"code": "network", "message": "Out of reach."}})
    page.control("retry").wait_for()
    expect(page.page.locator(".of-images")).to_contain_text("Out of reach.")
    expect(page.page.locator(".gallery-header h2")).to_have_text(name)
    expect(page.page.locator(".skeletons")).to_be_hidden()
    page.page.unroute_all(behavior="wait")
    page.control("retry").click()
    page.tiles.first.wait_for()
