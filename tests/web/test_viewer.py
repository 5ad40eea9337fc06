"""One image large: the way through all of them, zoom, fingers, videos, what fails, slideshow."""

from __future__ import annotations

import re

from civitai_demo import files
from fault_responses import page as web_page, status
from fingers import Fingers
from gallery_page import PHONE
from page_driver import expect, find_middle, wait_for
from page_facts import infotext_of, of_model
import pytest

_SMALL, _VIDEOS, _HOSTILE = 900_003, 900_007, 900_008
_PRESS = """([key, times]) => {
    for (let i = 0; i < times; i += 1) document.dispatchEvent(new KeyboardEvent("keydown", {key}));
}"""
_QUICK = "localStorage.setItem('civitai-shortcut', JSON.stringify({slideshow: 3}))"
_MIDDLE = (195, 420)  # of the phone


def _box(page):
    return page.slide.locator(".image").bounding_box()


def _scale(page):
    return int(page.viewed()["scale"].split()[0])


def _at(page):
    return int(re.match(r"[\d,]+", page.viewed()["position"])[0].replace(",", ""))


def _loaded_around(page):
    """Wait until the neighbours on both sides have their files and nothing else is loading."""
    sides = page.page.locator(".slide[inert] img.file")
    expect(sides).to_have_count(2)
    page.wait_until_idle()


def _assert_whole(page, how):
    """Wait until the open image's file is shown; assert that it lies whole within the stage."""
    expect(page.viewer).to_have_attribute("data-shows", "file")
    resting = "strip => Promise.all(strip.getAnimations().map(motion => motion.finished))"
    page.page.locator(".strip").evaluate(f"async strip => void await ({resting})(strip)")
    image, stage = _box(page), page.page.locator(".stage").bounding_box()
    for side, length in (("x", "width"), ("y", "height")):
        assert image[side] >= stage[side] - 0.5, (how, image, stage)
        ends = [box[side] + box[length] for box in (image, stage)]
        assert ends[0] <= ends[1] + 0.5, (how, image, stage)


# The way through


def test_image_is_shown_whole_however_it_is_opened(server, open_gallery):
    page = open_gallery(server, "")
    images = of_model(900_001, kind="image")
    sizes = [(image.id, *files.get_size(image)) for image in images]
    portraits = [id for id, wide, high in sizes if high > wide]
    landscape = next(id for id, wide, high in sizes if wide > high)
    of_unknown_size = next(id for id in portraits if id % 53 == 0)
    frame = "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
    for width, height, ids in (
        (390, 844, [landscape, of_unknown_size]),
        (1440, 900, [of_unknown_size, portraits[0]]),
    ):
        page.page.set_viewport_size({"width": width, "height": height})
        for image_id in ids:
            page.go(f"?model=900001&level=XXX&image={image_id}")
            _assert_whole(page, "address")
        page.reload()
        _assert_whole(page, "reload")
        page.key("Escape")
        page.open()
        _assert_whole(page, "click")
        for _ in range(3):
            page.key("ArrowRight")
            _assert_whole(page, "turn")
        for _ in range(2):
            page.key("i")
            page.page.evaluate(frame)
            _assert_whole(page, "details")
        page.page.set_viewport_size({"width": height, "height": width})
        page.page.evaluate(frame)
        _assert_whole(page, "resize")


_COUNT_IMAGES = """() => {
    const images = [];
    const make = document.createElement.bind(document);
    document.createElement = (name, ...how) => {
        const made = make(name, ...how);
        if (name === "img") images.push(new WeakRef(made));
        return made;
    };
    window.countLost = () => images.filter(one => one.deref()?.isConnected === false).length;
}"""


def test_thumbnail_gives_way_to_the_file_and_neighbours_are_there(server, open_gallery):
    page = open_gallery(server).ready()
    held, gate = [], []
    page.page.route(
        "**/api/file/*", lambda route: route.continue_() if gate else held.append(route)
    )
    page.tiles.nth(3).click()
    page.slide.locator("img.thumb").wait_for()
    assert page.viewed()["shows"] == "thumb"
    before = _box(page)
    gate.append("open")
    for route in held:
        route.continue_()
    expect(page.viewer).to_have_attribute("data-shows", "file")
    after = _box(page)
    assert all(abs(before[side] - after[side]) < 2 for side in before)
    page.key("Escape")
    page.page.unroute_all(behavior="ignoreErrors")
    page.open(5)
    _loaded_around(page)
    page.context.set_offline(True)
    for key, at in (("ArrowRight", 7), ("ArrowLeft", 6), ("ArrowLeft", 5)):
        page.key(key)
        assert (page.viewed()["shows"], _at(page)) == ("file", at)
    page.key("ArrowRight", 11)
    expect(page.slide.locator(".slide-error")).to_be_visible()
    page.context.set_offline(False)
    expect(page.viewer).to_have_attribute("data-shows", "file")
    expect(page.page.locator("section.prompt, section.nothing")).to_be_visible()
    assert _at(page) == 16, "the page connects again by itself"
    page.key("Escape")
    for first, shown in ((0, "file"), (8, "thumb")):
        if shown == "thumb":
            page.page.route("**/api/file/*", lambda route: None)
        page.page.evaluate(_COUNT_IMAGES)
        for number in range(first, first + 6):
            page.tiles.nth(number).click()
            page.page.locator(f"dialog[data-viewer][data-shows='{shown}']").wait_for()
            page.key("Escape")
            expect(page.page.locator(".flight")).to_have_count(0)
        page.context.new_cdp_session(page.page).send("HeapProfiler.collectGarbage")
        assert page.page.evaluate("countLost()") < 6, shown


def test_many_quick_steps_fetch_no_skipped_file_and_reach_both_ends(server, open_gallery):
    size = {"width": 1600, "height": 1000}
    page = open_gallery(server, f"?model={_SMALL}&level=XXX", viewport=size).ready()
    expected = page.page.locator("[data-tile][aria-posinset='31']").get_attribute("data-id")
    on_way, most = set(), [0]

    def began(request):
        if "/api/file/" in request.url:
            on_way.add(request)
            most.append(len(on_way))

    page.page.on("request", began)
    for end in ("requestfinished", "requestfailed"):
        page.page.on(end, lambda request: on_way.discard(request))
    page.open()
    page.asked.clear()
    page.page.evaluate(_PRESS, ["ArrowRight", 30])
    assert (page.viewed()["id"], _at(page)) == (expected, 31)
    expect(page.viewer).to_have_attribute("data-shows", "file")
    expect(page.page.locator(".details-body")).to_have_attribute("aria-busy", "false")
    for kind in ("images", "file"):
        assert len([path for path in page.asked if re.match(rf"{kind}/\d+(\?|$)", path)]) <= 6
    for _ in range(12):
        page.key("ArrowRight")
        page.page.wait_for_timeout(80)
    expect(page.viewer).to_have_attribute("data-shows", "file")
    assert max(most) <= 5  # two at once; the ends of those that were aborted may come late
    page.key("End")
    wait_for(lambda: _at(page) >= 100)
    for _ in range(2):  # at the last image that is loaded, and at the gallery's
        page.page.evaluate(_PRESS, ["ArrowRight", 100])
        wait_for(lambda: re.match(r"\d+ \D+ 180$", page.viewed()["position"]), "all images")
    wait_for(lambda: _at(page) == 180, "the end")
    expect(page.control("next")).to_be_disabled()
    page.key("Home")
    assert _at(page) == 1
    expect(page.control("previous")).to_be_disabled()
    page.key("ArrowRight")
    page.control("previous").press("Enter")
    expect(page.control("previous")).to_be_disabled()
    expect(page.viewer).to_be_focused()


# Zoom


def test_wheel_drag_keys_and_double_clicks_zoom_and_pan(server, open_gallery):
    page = open_gallery(server).ready()
    page.open_filters()
    page.field("meta").click()
    wait_for(lambda: page.page.locator(".grid[data-stale]").count() == 0)
    page.key("a")  # keys work although a checkbox has the focus
    expect(page.page.locator(".selection-bar .count")).to_contain_text("selected")
    page.key("n")
    page.key("Escape")  # the filters lie over the pictures
    page.open(3)
    id, box, fit = page.viewed()["id"], _box(page), _scale(page)
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 4
    page.page.mouse.move(x, y)
    page.page.mouse.wheel(0, -500)
    wait_for(lambda: _box(page)["width"] > box["width"] * 2)
    wait_for(lambda: not page.slide.locator(".image").evaluate("one => one.getAnimations().length"))
    large = _box(page)
    assert abs((x - large["x"]) / large["width"] - 0.25) < 0.02
    page.page.mouse.down()
    page.page.mouse.move(x + 60, y + 40, steps=4)
    page.page.mouse.up()
    wait_for(lambda: _box(page)["x"] > large["x"] + 30)
    assert page.viewed()["id"] == id
    for key, scale in (("z", fit), ("z", 100), ("+", 150), ("z", fit)):
        page.key(key)
        assert _scale(page) == scale
    page.page.mouse.dblclick(600, 500)
    assert _scale(page) > fit
    page.page.mouse.dblclick(600, 500)
    assert _scale(page) == fit
    expect(page.viewer).to_be_visible()
    page.control("next").dblclick()
    wait_for(lambda: _at(page) == 6)
    mark = page.page.locator(".viewer-bar [data-do='mark']")
    mark.dblclick()
    page.page.mouse.dblclick(600, 500)
    assert page.page.evaluate("document.fullscreenElement") is None
    expect(mark).to_have_attribute("aria-pressed", "false")
    page.key("Space")  # as after a button
    expect(mark).to_have_attribute("aria-pressed", "true")
    id = page.viewed()["id"]
    page.page.locator("details.infotext summary").click()
    page.field("infotext").click()
    page.key("ArrowRight")  # the text's own
    assert _at(page) == 6
    page.page.locator("details.infotext summary").click()
    page.key("ArrowRight")
    assert _at(page) == 7
    page.key("Escape")
    expect(page.tile(id)).to_have_attribute("aria-selected", "true")


_IS_FULL = "() => Boolean(document.fullscreenElement)"
_IS_NOT_FULL = "() => !document.fullscreenElement"


def test_full_screen_ends_before_the_image_and_keeps_the_focus(server, open_gallery):
    page = open_gallery(server).open(1)
    page.control("fullscreen").click()
    wait_for(lambda: page.page.evaluate(_IS_FULL), "full screen")
    page.key("ArrowRight")
    assert _at(page) == 3
    page.key("j")
    expect(page.page.locator("[data-panel='jobs']")).to_be_visible()
    page.key("Escape")
    page.key("f")
    wait_for(lambda: page.page.evaluate(_IS_NOT_FULL), "full screen")
    expect(page.viewer).to_be_visible()
    for close in (page.page.go_back, lambda: page.control("close").press("Enter")):
        id = page.viewed()["id"]
        page.key("f")
        wait_for(lambda: page.page.evaluate(_IS_FULL), "full screen")
        page.control("slideshow").press("Enter")  # which hides the button
        expect(page.viewer).to_be_focused()
        page.key("Escape")
        close()
        wait_for(lambda: page.page.evaluate(_IS_NOT_FULL), "full screen")
        expect(page.tile(id)).to_be_focused()
        page.open(1)
    page.key("b")
    message = page.page.locator(".toast-text")
    page.hold_message("favourites")
    message.focus()
    page.key("f")
    wait_for(lambda: page.page.evaluate(_IS_FULL), "full screen")
    expect(message).to_be_focused()
    with page.page.expect_response("**/annotations"):
        page.key("b")  # as it was, for the tests that follow


_GROUPED = "localStorage.setItem('civitai-shortcut', JSON.stringify({group_posts: true}))"
_WALK = """async (key) => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const viewer = root.querySelector("dialog[data-viewer]");
    const arrow = root.querySelector(`[data-do=${key === "ArrowRight" ? "next" : "previous"}]`);
    const ids = [viewer.dataset.id];
    const press = () => document.dispatchEvent(new KeyboardEvent("keydown", {key}));
    const frame = () => new Promise(requestAnimationFrame);
    while (!arrow.disabled) {
        press();
        while (ids.at(-1) === viewer.dataset.id) await frame(); // its page is loaded
        ids.push(viewer.dataset.id);
    }
    press();
    await frame();
    return [ids, viewer.dataset.id === ids.at(-1)];
}"""
_LISTS = {
    "popular": "",
    "gallery": "?model=900010&level=XXX",
    "library": "?search=steps>20 sampler:euler&level=XXX",
    "groups": "?model=900005&level=XXX",
}


def test_arrows_reach_each_image_in_its_order_and_end_at_the_ends(start, demo, open_gallery):
    server = start(demo.url)
    page = open_gallery(server, "")
    tiles = page.page.locator("[data-tile], [data-do=open-popular]")
    for kind, address in _LISTS.items():
        is_grouped = kind == "groups"
        if is_grouped:
            page.page.evaluate(_GROUPED)
        page.go(address)
        tiles.first.click()
        expect(page.viewer).to_be_visible()
        ids, is_last = page.page.evaluate(_WALK, "ArrowRight")
        back, is_first = page.page.evaluate(_WALK, "ArrowLeft")
        assert back == ids[::-1] and len(set(ids)) == len(ids) > 5 and is_last and is_first, kind
        third = len(ids) // 3
        for key, wanted in (("Home", ids[0]), ("ArrowRight", ids[third]), ("End", ids[-1])):
            page.page.evaluate(_PRESS, [key, third if key == "ArrowRight" else 1])
            page.key("Escape")
            expect(page.viewer).to_be_hidden()
            shown = tiles.evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")
            lead = max((one for one in shown if ids.index(one) <= ids.index(wanted)), key=ids.index)
            assert page.focused() == (lead if is_grouped else wanted), kind
            page.key("Enter")
            expect(page.viewer).to_be_visible()
        order = page.ids() or shown
        assert [one for one in ids if one in order] == order, kind


# Fingers


def test_swipes_turn_and_close_pinches_zoom_and_taps_show_the_rest(server, open_gallery):
    page = open_gallery(server, **PHONE).ready()
    rows = {str(row.id): row for row in of_model(900_001) if row.kind == "a1111"}
    prompts = [infotext_of(rows[id]).split("\n")[0] if id in rows else "" for id in page.ids()]
    number = next(at for at, prompt in enumerate(prompts) if at > 0 and len(prompt) > 70)
    page.open(number)  # once its record came, more of its prompt is shown
    expect(page.control("details").locator("span")).to_have_text(prompts[number][:120])
    page.key("Escape")
    page.open(1)
    fingers, strip = Fingers(page.page), page.page.locator(".strip")
    fingers.swipe((320, 400), (120, 410))
    wait_for(lambda: _at(page) == 3)
    fingers.swipe((120, 400), (320, 410))
    wait_for(lambda: _at(page) == 2)
    fingers.down((300, 400))
    fingers.move(((300, 400), (250, 400)))
    wait_for(lambda: strip.evaluate("strip => strip.style.transform"))
    page.page.wait_for_timeout(200)  # it rests: no longer flung
    fingers.up()
    wait_for(lambda: strip.evaluate("strip => !strip.style.transform"))
    assert _at(page) == 2
    fingers.swipe((195, 600), (195, 300))
    fingers.tap(find_middle(page.control("details")))  # a tap right after the swipe counts
    frame = page.page.locator("dialog[data-viewer] .frame")
    expect(frame).not_to_have_attribute("data-details", "")
    page.control("details").tap()
    expect(frame).to_have_attribute("data-details", "")
    page.control("details").tap()
    id = page.viewed()["id"]
    fingers.swipe((195, 300), (195, 640))
    expect(page.viewer).to_be_hidden()
    wait_for(lambda: page.focused() == id, "the focus")
    page.open(1)
    fit = _box(page)
    fingers.pinch(_MIDDLE, 80, 280)
    wait_for(lambda: _box(page)["width"] > fit["width"] * 2)
    wait_for(lambda: page.page.locator(".image.smooth").count())
    large = _box(page)
    fingers.swipe((300, 400), (150, 400))
    wait_for(lambda: _box(page)["x"] < large["x"] - 50)
    assert _at(page) == 2
    fingers.pinch(_MIDDLE, 280, 40)
    wait_for(lambda: abs(_box(page)["width"] - fit["width"]) < 2)
    whole = _scale(page)
    fingers.tap(_MIDDLE)
    fingers.tap(_MIDDLE)
    wait_for(lambda: _scale(page) > whole)
    frame = page.page.locator("dialog[data-viewer] .frame")
    expect(frame).not_to_have_attribute("data-bare", "")
    page.page.wait_for_timeout(350)  # else the next is a third tap
    fingers.tap(_MIDDLE)
    expect(frame).to_have_attribute("data-bare", "")


def test_image_without_a_gallery_has_no_arrows_and_follows_a_finger(server, open_gallery):
    row = next(row for row in of_model(900_001, kind="image") if row.kind == "a1111")
    page = open_gallery(server, f"?image={row.id}", **PHONE)
    expect(page.page.locator(".home-shelf, [data-do=open-popular]").first).to_be_attached()
    expect(page.viewer).to_have_attribute("data-shows", "file")
    for arrow in ("previous", "next"):
        expect(page.page.locator(f"[data-do={arrow}]")).to_be_disabled()
    page.key("ArrowRight")
    for is_favourite in ("true", "false"):
        page.control("favourite").click()
        expect(page.control("favourite")).to_have_attribute("aria-pressed", is_favourite)
    assert page.viewed()["id"] == str(row.id)
    fingers, box, line = Fingers(page.page), _box(page), page.control("details")
    expect(line).to_contain_text(infotext_of(row)[:20])
    for end in ((195, 480), (195, 340), (320, 400)):  # down; up; aside, where no image follows
        fingers.down((195, 400))
        fingers.move(((195, 400), end))
        moved = _box(page)
        for side, at in (("x", 0), ("y", 1)):
            by = moved[side] + moved["width" if side == "x" else "height"] / 2
            by -= box[side] + box["width" if side == "x" else "height"] / 2
            assert abs(by) <= abs(end[at] - (195, 400)[at]) + 2
            assert (abs(by) > 10) == (end[at] != (195, 400)[at])
        page.page.wait_for_timeout(200)  # it rests: no longer flung
        fingers.up()
        _assert_whole(page, end)
    line.tap()
    expect(page.page.locator("section.prompt")).to_be_visible()
    line.tap()
    fingers.swipe((195, 300), (195, 640))
    expect(page.viewer).to_be_hidden()
    expect(page.page.locator(".flight")).to_have_count(0)
    assert page.page.evaluate("document.activeElement.localName") == "civitai-gallery"


# Videos, ratings


def test_video_plays_muted_until_sound_is_requested_and_to_its_end(server, open_gallery):
    page = open_gallery(server, f"?model={_VIDEOS}&level=XXX&type=video").open()
    video, mark = page.slide.locator("video"), page.page.locator(".viewer-bar [data-do='mark']")
    wait_for(lambda: video.evaluate("video => !video.paused && video.muted"))
    page.key("Space")
    wait_for(lambda: video.evaluate("video => video.paused"))
    page.key("Space")
    wait_for(lambda: video.evaluate("video => !video.paused"))
    expect(mark).to_have_attribute("aria-pressed", "false")
    page.key("Shift+Space")
    expect(mark).to_have_attribute("aria-pressed", "true")
    # the request counts, not the browser's event, which may come after the next video
    page.page.evaluate("""() => document.querySelector("civitai-gallery").shadowRoot
            .addEventListener("volumechange", (event) => event.stopImmediatePropagation(), true)""")
    page.key("m")
    wait_for(lambda: not video.evaluate("video => video.muted"))
    page.key("ArrowRight")
    expect(page.viewer).to_have_attribute("data-shows", "file")
    wait_for(lambda: video.evaluate("video => !video.paused && !video.muted"))
    expect(page.page.locator("dialog video")).to_have_count(1)
    page.key("Escape")
    expect(page.page.locator("dialog video")).to_have_count(0)
    page.page.evaluate(_QUICK)
    page.open()
    first, second = page.ids()[:2]
    page.key("s")
    expect(video).to_have_js_property("loop", False)
    video.evaluate("video => { video.pause(); video.dispatchEvent(new Event('ended')); }")
    expect(page.viewer).to_have_attribute("data-id", second)
    expect(page.slide.locator("video")).to_have_js_property("loop", False)
    page.key("Shift+S")
    expect(page.slide.locator("video")).to_have_js_property("loop", True)


# What fails


@pytest.mark.parametrize(
    "answer,said", [(status(503), "Try again in a while"), (web_page(), "key")]
)
def test_failed_file_says_why_and_can_be_retried(flaky, flaky_server, open_gallery, answer, said):
    page = open_gallery(flaky_server).ready()
    id = page.ids()[2]
    # Its file alone fails: the server asks a host less that failed for several.
    flaky.rule(f"/{files.make_uuid(int(id))}/.*original=true", answer)
    path = f"/api/file/{id}"
    asked = []
    page.page.on("request", lambda request: asked.extend([path] * request.url.endswith(path)))
    page.tiles.nth(2).click()
    trouble = page.slide.locator(".slide-error")
    expect(trouble).to_contain_text(said)
    flaky.rules.clear()
    page.slide.locator("[data-do='retry']").press("Enter")
    expect(page.viewer).to_have_attribute("data-shows", "file")
    expect(trouble).to_have_count(0)
    expect(page.viewer).to_be_focused()
    assert len(asked) == 3, "by the image, to say why, and again"


def test_file_that_fails_once_is_shown_all_the_same(server, open_gallery):
    page = open_gallery(server).ready()
    asked = []

    def fail_once(route):
        asked.append(route.request.url)
        route.abort() if len(asked) == 1 else route.continue_()

    page.page.route(f"**/api/file/{page.ids()[2]}", fail_once)
    page.tiles.nth(2).click()
    expect(page.viewer).to_have_attribute("data-shows", "file")
    assert len(asked) == 3, "it was asked for in vain, to say why, and again"
    expect(page.slide.locator(".slide-error")).to_have_count(0)


def _running(page):
    return page.page.locator(".frame[data-slideshow]")


def _fade(page):
    return page.slide.evaluate("slide => getComputedStyle(slide).animationDuration")


def test_slideshow_begins_at_the_focused_image_and_ends_at_any_input(server, open_gallery):
    page = open_gallery(server).ready()
    page.key(",")
    page.field("slideshow").select_option("20")  # kept in this browser
    page.page.clock.install()
    page.reload()
    page.ready().key(",")
    expect(page.field("slideshow")).to_have_value("20")
    page.key("Escape")
    page.key("ArrowDown")
    focused = page.focused()
    page.page.keyboard.down("s")
    page.page.keyboard.down("s")  # as it repeats
    expect(page.viewer).to_have_attribute("data-id", focused)
    expect(_running(page)).to_have_count(1)
    page.page.keyboard.up("s")
    page.key("s")
    expect(_running(page)).to_have_count(0)
    expect(page.viewer).to_be_visible()
    page.key("Home")
    page.control("slideshow").click()
    expect(page.page.locator(".details")).to_be_hidden()
    assert _fade(page) == "0.9s"
    page.page.emulate_media(reduced_motion="reduce")
    assert _fade(page) == "0s"
    for at in (2, 3):
        expect(page.viewer).to_have_attribute("data-shows", "file")
        page.page.clock.fast_forward(15_000)
        assert _at(page) == at - 1, "not before its time"
        page.page.clock.fast_forward(5_000)
        wait_for(lambda at=at: _at(page) == at, "the next image")
    assert _running(page).count() == 1
    page.key("Escape")
    expect(_running(page)).to_have_count(0)
    expect(page.message("A picture every")).to_have_count(0)
    expect(page.viewer).to_be_visible()
    expect(page.page.locator(".details")).to_be_visible()
    page.page.mouse.move(300, 500)
    scale = page.viewed()["scale"]
    for act in (
        lambda: page.key("s"),  # its own key
        lambda: page.page.mouse.wheel(0, 100),
        lambda: page.page.mouse.click(20, 500),  # beside the image, which closes it else
    ):
        page.key("s")
        expect(_running(page)).to_have_count(1)
        act()
        expect(_running(page)).to_have_count(0)
        expect(page.viewer).to_be_visible()
        expect(page.page.locator(".viewer-bar .scale")).to_have_text(scale)


def test_strangers_markup_is_text_and_the_first_image_follows_the_last(server, open_gallery):
    page = open_gallery(server, f"?model={_HOSTILE}&level=XXX")
    page.page.evaluate(_QUICK)
    page.open()
    body = page.page.locator(".details-body")
    for at in range(1, 24):
        assert _at(page) == at
        expect(body).to_have_attribute("aria-busy", "false")
        assert body.evaluate("body => body.scrollWidth <= body.clientWidth")
        page.key("ArrowRight")
    assert page.page.evaluate("window.demoRan") is None
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.key("End")
    expect(page.page.locator("[data-do='next']")).to_be_disabled()
    last = page.viewed()["id"]
    page.key("s")
    expect(page.viewer).not_to_have_attribute("data-id", last)
    assert page.viewed()["position"].startswith("1 ")
    assert _running(page).count() == 1


def test_slideshow_goes_on_when_the_next_page_has_failed(server, open_gallery):
    page = open_gallery(server).ready()
    page.page.clock.install()
    page.page.evaluate(_QUICK)
    refusal = {"error": {"code": "network", "message": "Out of reach."}}
    pages, fails = "**/api/images?*cursor=*", lambda route: route.fulfill(status=502, json=refusal)
    page.page.route(pages, fails)
    page.open()
    page.key("End")
    expect(page.viewer).to_have_attribute("data-shows", "file")
    page.key("s")
    with page.page.expect_response(pages):
        page.page.clock.fast_forward(3_000)
    page.wait_until_idle()
    assert _at(page) == 100
    page.page.unroute(pages, fails)
    page.page.clock.fast_forward(3_000)
    wait_for(lambda: _at(page) == 101, "the next page's first image")
    assert _running(page).count() == 1
