"""A tile under the pointer, the focus and a dragging hand; as a link; and as a post."""

from __future__ import annotations

import re

import pytest
from civitai_manager_libs.infotext import parse_infotext
from fingers import Fingers
from gallery_page import PHONE
from host_page import with_text
from page_driver import expect, wait_for
from page_facts import infotext_of

_PAPER, _VIDEOS = 900_003, 900_007


def test_tile_shows_its_data_without_a_request_and_always_its_heart(server, open_gallery):
    row = with_text(_PAPER)
    infotext = parse_infotext(infotext_of(row))
    page = open_gallery(server, f"?model={_PAPER}").ready()
    tile, caption = page.tile(str(row.id)), page.page.locator(".caption")
    tile.wait_for()
    page.page.wait_for_load_state("networkidle")  # all that the page asks for by itself
    page.key("Tab")  # what is focused from now on shows that
    asked, boxes = list(page.api()), page.boxes()
    for point_at in (tile.hover, tile.focus):
        page.page.mouse.move(5, 5)
        expect(caption).to_have_count(0)
        point_at()
        expect(caption).to_contain_text(row.username)
        overlay = page.page.locator(".tile-overlay")
        expect(overlay).to_have_css("background-image", "none")  # the picture shows through
        expect(caption.locator(".image-facts")).to_contain_text(
            re.compile(rf"{infotext.parameters['Steps']} steps · \w+")
        )
        words = re.sub(r"<[^>]*>", "", infotext.prompt).split()
        expect(caption.locator(".image-prompt")).to_contain_text(" ".join(words[:4]))
        assert page.api() == asked and page.boxes() == boxes
        assert caption.evaluate("one => one.scrollHeight <= one.clientHeight")
        assert caption.evaluate("one => one.clientHeight <= one.parentNode.clientHeight")
    page.page.set_viewport_size({"width": 360, "height": 800})
    tile.hover()
    author = page.page.locator(".image-author")
    expect(author.locator("[data-do='favourite']")).to_be_visible()
    author.locator("bdi").evaluate("name => { name.textContent = 'a_name_of_many_letters'; }")
    assert caption.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_video_plays_mute_under_the_pointer_and_the_focus_and_has_a_sign(server, open_gallery):
    page = open_gallery(server, f"?model={_VIDEOS}").ready()
    tile = page.page.locator("[data-tile][data-kind='video']").first
    videos = page.page.locator("[data-tile] video")
    tile.hover()
    expect(videos).to_have_attribute("data-plays", "")
    assert videos.evaluate("video => video.muted && !video.paused")
    page.page.mouse.move(5, 5)
    expect(videos).to_have_count(0)
    page.key("Tab")
    tile.focus()
    expect(tile.locator("video")).to_have_attribute("data-plays", "")
    page.page.locator("[data-tile][data-kind='image']").first.focus()
    expect(videos).to_have_count(0)
    page.page.evaluate("document.body.style.fontFamily = 'Symbols of the host'")
    sign = page.page.locator("[data-tile][data-sign]").first
    expect(sign).to_have_css("font-family", re.compile("Symbols of the host"))
    get_font = "tile => getComputedStyle(tile, '::before').fontFamily"
    assert "Symbols of the host" not in sign.evaluate(get_font), "which has others"


def test_heart_and_stars_show_at_once_and_go_back_if_refused(flaky_server, open_gallery):
    page = open_gallery(flaky_server, f"?model={_PAPER}").ready()
    tile, heart = page.tiles.nth(2), page.page.locator(".caption [data-do='favourite']")
    tile.hover()
    heart.click()
    page.message("1 added to favourites").wait_for()
    expect(tile).to_have_attribute("data-favourite", "")
    expect(heart).to_have_attribute("data-on", "")
    expect(page.viewer).to_be_hidden()
    expect(page.marked).to_have_count(0)
    heart.click()
    page.message("1 removed from favourites").wait_for()
    expect(tile).not_to_have_attribute("data-favourite", "")

    page.open()
    waiting, refusal = [], {"error": {"code": "disk", "message": "Full disk"}}
    page.page.route("**/api/annotations", lambda route: waiting.append(route))
    for name in ("favourite", "stars-3"):
        control = page.viewer.locator(f"[data-do='{name}']")
        control.click()
        expect(control).to_have_attribute("aria-pressed", "true")
        wait_for(lambda: page.page.evaluate("0") or waiting, "the request, which comes later")
        waiting.pop().fulfill(status=500, json=refusal)
        page.message("Full disk").click()
        expect(control).to_have_attribute("aria-pressed", "false")
    newer = page.viewer.locator("[data-do='stars-5']")
    with page.page.expect_request("**/api/annotations"):
        page.viewer.locator("[data-do='stars-2']").click()
    with page.page.expect_request("**/api/annotations"):
        newer.click()
    expect(newer).to_have_attribute("aria-pressed", "true")
    refused, taken = waiting
    with page.page.expect_response("**/api/annotations"):
        taken.continue_()
    refused.fulfill(status=500, json=refusal)
    page.message("Full disk").wait_for()
    expect(newer).to_have_attribute("aria-pressed", "true")


def test_link_opens_in_a_tab_follows_the_gallery_and_stays_an_option(server, open_gallery):
    page = open_gallery(server, "?lang=xy&model=900001#part").ready()
    before, id = page.page.url, page.ids()[2]
    page.tile(id).hover()
    link = re.compile(rf"\?lang=xy&model=900001&image={id}#part$")
    expect(page.tile(id)).to_have_attribute("href", link)
    for how in ({"button": "middle"}, {"modifiers": ["ControlOrMeta"]}):
        with page.context.expect_page() as opened:
            page.tile(id).click(**how)
        opened.value.locator(f"dialog[data-viewer][data-id='{id}']").wait_for()
        assert link.search(opened.value.url)
        opened.value.close()
    assert page.page.url == before
    expect(page.viewer).to_be_hidden()
    expect(page.marked).to_have_count(0)
    page.tile(id).click(modifiers=["Shift"])
    expect(page.marked).to_have_count(1)
    assert len(page.context.pages) == 1
    page.key("n")

    page.field("sort").select_option("Oldest")
    expect(page.page).to_have_url(re.compile("sort=Oldest"))
    page.page.locator(".grid:not([data-stale])").wait_for()
    page.page.locator(".grid").focus()
    focused = page.tile(page.focused())
    expect(focused).to_have_attribute("href", re.compile("model=900001&sort=Oldest&image="))
    page.key("Shift+Tab")
    page.key("Tab")
    tile = focused.get_attribute("data-id")
    wait_for(lambda: page.focused() == tile, "the focus")  # one stop for all tiles
    options = page.page.get_by_role("listbox", name="Gallery").aria_snapshot()
    assert "- option" in options and "link" not in options
    page.key("Enter")
    expect(page.viewer).to_have_attribute("data-id", tile)


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
    page.page.wait_for_load_state("networkidle")  # all that the page asks for by itself
    assert tile.evaluate(_LONG_PRESS) == [False, True]  # a finger that rests drags nothing
    id = tile.get_attribute("data-id")
    page.page.evaluate(f"({_FIELD})(document.body)")
    asked = list(page.api())
    tile.drag_to(dropped)
    assert f"image={id}" in dropped.input_value()
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


def test_rubber_band_marks_the_tiles_it_touches_from_the_margin_too(server, open_gallery):
    page = open_gallery(server, f"?model={_SMALL}").ready()
    page.page.wait_for_load_state("networkidle")  # all that the page asks for by itself
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
    page.drag(start, end)
    wait_for(lambda: _marked(page) == wanted, "the marks")
    expect(page.page.locator(_BAND)).to_have_count(0)
    page.key("n")
    page.tiles.nth(4).locator("[data-do='mark']").click()
    box = page.tiles.first.bounding_box()
    start = (box["x"] + 40, box["y"] + 40)
    end = (start[0] + 300, start[1] + 40)
    wanted = _touched(page, start, end) | _marked(page)
    page.page.keyboard.down("Shift")
    page.drag(start, end)
    page.page.keyboard.up("Shift")
    wait_for(lambda: _marked(page) == wanted, "the marks")
    expect(page.viewer).to_have_count(0)
    assert page.api() == asked
    page.key("n")
    page.field("sort").select_option("Most Reactions")  # no handle of months in the margin
    page.page.locator(".grid:not([data-stale])").wait_for()
    grid = page.page.locator(".grid").bounding_box()
    top, bottom = grid["y"] + 40, grid["y"] + 200
    for x, to in ((8, 200), (1272, 1080)):
        page.drag((x, top), (to, bottom))
        left, right = sorted((x, to))
        wanted = _touched(page, (left, top), (right, bottom))
        wait_for(lambda: wanted and _marked(page) == wanted, "the marks")
        page.key("n")
        expect(page.marked).to_have_count(0)


@pytest.mark.parametrize("hand", [{}, PHONE], ids=["mouse", "finger"])
def test_while_images_are_selected_a_press_selects_and_a_sign_opens(server, open_gallery, hand):
    page = open_gallery(server, f"?model={_SMALL}", **hand).ready()
    one, other, third = page.ids()[:3]
    press = "tap" if hand else "click"
    first = page.control("select") if hand else page.tile(one).locator("[data-do='mark']")
    getattr(first, press)()
    for tile in (one, other)[not hand :]:
        getattr(page.tile(tile), press)()
    wait_for(lambda: _marked(page) == {one, other}, "the marks")
    page.tile(third).hover()
    sign = page.page.locator(f"[data-id='{third}'] [data-do='open']:visible").last
    getattr(sign, press)()
    expect(page.viewer).to_have_attribute("data-id", third)
    page.key("Escape")
    wait_for(lambda: page.focused() == third, "the focus")
    page.key("Enter")
    expect(page.viewer).to_have_attribute("data-id", third)
    page.key("Escape")
    for id in (one, third):  # selected or not, it stays what it was
        page.double_click(page.tile(id))
        expect(page.viewer).to_have_attribute("data-id", id)
        page.double_click(page.viewer.locator("[data-do='close']"))
        expect(page.viewer).to_be_hidden()  # the second press was not meant for the tile below
        assert _marked(page) == {one, other}
    page.key("Escape")
    getattr(page.tile(one), press)()
    expect(page.viewer).to_have_attribute("data-id", one)


def test_images_above_the_chosen_rating_are_fetched_once_uncovered(demo, start, open_gallery):
    page = open_gallery(start(demo.url, blur_level="None")).ready()
    shown, blurred = "[data-tile]:not([data-blurred])", page.page.locator("[data-blurred]")
    blurred.first.wait_for()
    one, other = (blurred.nth(at).get_attribute("data-id") for at in (0, 1))
    assert not [path for path in page.asked if path.startswith((f"thumb/{one}", f"thumb/{other}"))]
    page.page.locator(f"{shown} [data-do='mark']").first.click(force=True)
    page.double_click(page.tile(one))  # while images are selected, it only uncovers
    expect(page.page.locator(f"{shown}[data-id='{one}']")).to_have_count(1)
    expect(page.marked).to_have_count(1)
    page.key("n")
    page.tile(other).click()
    expect(page.tile(other)).to_have_attribute("data-shows", re.compile("."))
    expect(page.viewer).to_be_hidden()
    page.tile(other).click()
    expect(page.viewer).to_have_attribute("data-id", other)
    page.key("Escape")
    page.page.locator(shown).first.click()
    veil = page.slide.locator("[data-do='bare']")  # in the viewer too
    while not veil.count():
        page.key("ArrowRight")
    veil.click()
    expect(veil).to_have_count(0)
    expect(page.viewer).to_be_visible()


def test_rubber_band_scrolls_at_the_edge_and_tiles_keep_their_order(server, open_gallery):
    page = open_gallery(server, f"?model={_MANY}&level=XXX").ready()
    mouse = page.page.mouse
    start = _between_columns(page, page.tiles.first)
    mouse.move(*start)
    mouse.down()
    mouse.move(start[0] + 100, 795, steps=3)
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

    def is_sorted():
        order = page.tiles.evaluate_all(_ORDER)
        return len(order) > 3 and order == sorted(order)

    page.key("n")
    page.page.evaluate("scrollTo(0, 0)")
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


_GALLERY = "?model=900003&level=XXX"


def _group(page, is_wanted=True):
    page.open_filters()
    page.field("group-posts").set_checked(is_wanted)
    page.key("Escape")


def _posts(page):
    """Return the tiles that stand for more than one image."""
    return page.page.locator("[data-tile]:has(.post-count)")


def _first_post(page):
    """Return the tile of a post, found by its id: the order of tiles in the page changes."""
    return page.tile(_posts(page).first.get_attribute("data-id"))


def _count_images(tile):
    return int(tile.locator(".post-count").inner_text())


def test_post_is_one_tile_that_opens_and_marks_all_its_images(server, open_gallery):
    page = open_gallery(server, _GALLERY).ready()
    before = page.ids()
    _group(page)
    expect(_posts(page).first).to_be_visible()
    assert page.ids() != before
    tile = _first_post(page)
    lead, count = tile.get_attribute("data-id"), _count_images(tile)
    tile.click()
    page.page.locator("dialog[data-viewer][data-shows='file']").wait_for()
    seen = [page.viewed()["id"]]
    for _ in range(count):
        page.key("ArrowRight")
        wait_for(lambda: page.viewed()["id"] not in seen)
        seen.append(page.viewed()["id"])
    tiles = page.ids()
    assert seen[0] == lead and not set(seen[1:count]) & set(tiles) and seen[count] in tiles
    page.key("ArrowLeft")
    page.key("Escape")
    wait_for(lambda: page.focused() == lead)
    page.reload()
    expect(_posts(page.ready()).first).to_be_visible()  # kept in this browser
    _group(page, False)
    expect(_posts(page)).to_have_count(0)
    _group(page)

    tile = _first_post(page)
    count = _count_images(tile)
    tile.locator("[data-do='mark']").click(force=True)
    expect(tile).to_have_attribute("aria-selected", "true")
    expect(page.page.locator(".selection-bar .count")).to_have_text(f"{count} selected")
    tile.press("Enter")
    page.page.locator("dialog[data-viewer][data-shows='file']").wait_for()
    page.page.locator(".viewer-bar [data-do='mark']").click()  # the open image alone
    page.key("Escape")
    expect(tile).to_have_attribute("aria-selected", "false")
    expect(page.page.locator(".selection-bar .count")).to_have_text(f"{count - 1} selected")
    tile.click(button="right")
    page.page.locator("[role='menu'] [data-do='menu-post']").click()
    wait_for(lambda: "post=" in page.page.url)
    page.open_filters()
    expect(page.field("group-posts")).to_be_hidden()
    page.key("Escape")
    wait_for(lambda: len(page.ids()) >= count)
    expect(_posts(page)).to_have_count(0)
