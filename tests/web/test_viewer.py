"""One image large: the way through all of them, zoom, fingers, videos, what fails, slideshow."""

from __future__ import annotations

import re

from civitai_demo import files
from fault_responses import status
from fingers import Fingers
from gallery_page import PHONE
from page_driver import expect, find_middle, wait_for
from page_facts import infotext_of, of_model

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
    for width, height in ((390, 844), (1440, 900)):
        page.page.set_viewport_size({"width": width, "height": height})
        for image_id in (portraits[0], landscape, of_unknown_size):
            page.go(f"?model=900001&level=XXX&image={image_id}")
            _assert_whole(page, "address")
        page.reload()
        _assert_whole(page, "reload")
        page.go("?model=900001&level=XXX")
        page.open()
        _assert_whole(page, "click")
        for _ in range(3):
            page.key("ArrowRight")
            _assert_whole(page, "turn")
        for _ in range(2):
            page.key("i")
            page.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
            _assert_whole(page, "details")
        page.page.set_viewport_size({"width": height, "height": width})
        page.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        _assert_whole(page, "resize")


def test_thumbnail_is_shown_at_once_and_replaced_by_the_file_and_its_neighbours_are_loaded(
    server, open_gallery
):
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
    page.page.route("**/api/file/*", lambda route: route.abort())
    page.page.route("**/api/thumb/*", lambda route: route.abort())
    for key, at in (("ArrowRight", 7), ("ArrowLeft", 6), ("ArrowLeft", 5)):
        page.key(key)
        assert (page.viewed()["shows"], _at(page)) == ("file", at)


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


def test_closed_images_and_their_neighbours_are_forgotten(server, open_gallery):
    page = open_gallery(server).ready()
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


def test_thirty_quick_presses_count_fetch_no_skipped_file_and_few_at_once(server, open_gallery):
    page = open_gallery(server, viewport={"width": 1600, "height": 1000}).ready()
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


def test_next_loads_more_pages_and_stops_at_the_ends_with_the_focus_in_the_viewer(
    server, open_gallery
):
    page = open_gallery(server, f"?model={_SMALL}&level=XXX").open()
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


def test_keys_work_after_a_button_a_checkbox_and_a_field_had_the_focus(server, open_gallery):
    page = open_gallery(server).ready()
    page.open_filters()
    page.field("meta").click()
    wait_for(lambda: page.page.locator(".grid[data-stale]").count() == 0)
    page.key("a")
    expect(page.page.locator(".selection-bar .count")).to_contain_text("selected")
    page.key("n")
    page.key("Escape")  # the filters lie over the pictures
    page.open(1)
    page.page.locator(".viewer-bar [data-do='mark']").click()
    page.key("ArrowRight")
    assert _at(page) == 3
    page.page.locator("details.infotext summary").click()
    page.field("infotext").click()
    page.key("ArrowRight")  # the text's own
    assert _at(page) == 3
    page.page.locator("details.infotext summary").click()
    page.key("ArrowRight")
    assert _at(page) == 4


# Zoom


def test_wheel_zooms_to_the_point_a_drag_pans_and_keys_and_a_double_click_fit_again(
    server, open_gallery
):
    page = open_gallery(server).open(3)
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


_IS_FULL = "() => Boolean(document.fullscreenElement)"
_IS_NOT_FULL = "() => !document.fullscreenElement"


def test_full_screen_ends_before_the_image_and_leaves_the_focus_to_a_message_or_the_tile(
    server, open_gallery
):
    page = open_gallery(server).open(1)
    page.control("fullscreen").click()
    page.page.wait_for_function(_IS_FULL)
    page.key("ArrowRight")
    assert _at(page) == 3
    page.key("j")
    expect(page.page.locator("[data-panel='jobs']")).to_be_visible()
    page.key("Escape")
    page.key("f")
    page.page.wait_for_function(_IS_NOT_FULL)
    expect(page.viewer).to_be_visible()
    for close in (page.page.go_back, lambda: page.control("close").press("Enter")):
        id = page.viewed()["id"]
        page.key("f")
        page.page.wait_for_function(_IS_FULL)
        page.control("slideshow").press("Enter")  # which hides the button
        expect(page.viewer).to_be_focused()
        page.key("Escape")
        close()
        page.page.wait_for_function(_IS_NOT_FULL)
        expect(page.tile(id)).to_be_focused()
        page.open(1)
    page.key("b")
    message = page.page.locator(".toast-text")
    page.hold_message("favourites")
    message.focus()
    page.key("f")
    page.page.wait_for_function(_IS_FULL)
    expect(message).to_be_focused()


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
    "gallery": f"?model={_VIDEOS}&level=XXX",
    "library": "?search=steps>20&level=XXX",
    "groups": "?model=900004&level=XXX",
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
        for times in (0, len(ids) // 3, len(ids)):
            page.page.evaluate(_PRESS, ["Home", 1])
            page.page.evaluate(_PRESS, ["ArrowRight", min(times, len(ids) - 1)])
            page.key("Escape")
            expect(page.viewer).to_be_hidden()
            shown = tiles.evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")
            wanted = ids[min(times, len(ids) - 1)]
            lead = max((one for one in shown if ids.index(one) <= ids.index(wanted)), key=ids.index)
            assert page.focused() == (lead if is_grouped else wanted), kind
            page.key("Enter")
            expect(page.viewer).to_be_visible()
        order = page.ids() or shown
        assert [one for one in ids if one in order] == order, kind


def test_arrows_of_an_image_outside_the_gallery_are_disabled(flaky_server, open_gallery):
    page = open_gallery(flaky_server, f"?image={of_model(900_001)[0].id}")
    expect(page.page.locator(".home-shelf").first).to_be_attached()
    expect(page.viewer).to_have_attribute("data-shows", "file")
    for arrow in ("previous", "next"):
        expect(page.page.locator(f"[data-do={arrow}]")).to_be_disabled()
    page.key("ArrowRight")
    page.control("favourite").click()
    expect(page.control("favourite")).to_have_attribute("aria-pressed", "true")
    page.control("favourite").click()
    expect(page.control("favourite")).to_have_attribute("aria-pressed", "false")
    assert page.viewed()["id"] == str(of_model(900_001)[0].id)
    page.key("Escape")
    assert page.page.evaluate("document.activeElement.localName") == "civitai-gallery"


# Fingers


def test_swipes_turn_the_page_and_close_the_image_pinches_zoom_and_taps_show_what_is_hidden(
    server, open_gallery
):
    page = open_gallery(server, **PHONE).open(1)
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


def test_narrow_page_shows_more_of_the_prompt_once_the_record_came(server, open_gallery):
    prompts = [
        (row.id, infotext_of(row).split("\n")[0])
        for row in of_model(900_001)
        if row.kind == "a1111"
    ]
    image_id, prompt = next((id, prompt) for id, prompt in prompts if len(prompt) > 70)
    page = open_gallery(server, f"?model=900001&level=XXX&image={image_id}", **PHONE)
    page.page.locator(f"[data-tile][data-id='{image_id}']").wait_for(state="attached")
    expect(page.control("details").locator("span")).to_have_text(prompt[:120])


def test_image_follows_the_finger_and_falls_back_if_it_is_let_go_early(server, open_gallery):
    row = next(row for row in of_model(900_001, kind="image") if row.kind == "a1111")
    page = open_gallery(server, f"?image={row.id}", **PHONE)  # without a tile behind
    expect(page.viewer).to_have_attribute("data-shows", "file")
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


# Videos, ratings


def test_video_plays_muted_until_sound_is_requested_and_to_its_end_in_a_slideshow(
    server, open_gallery
):
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


def test_double_click_on_a_button_opens_no_full_screen_and_a_mark_is_one_in_the_grid(
    server, open_gallery
):
    page = open_gallery(server).open(4)
    page.control("next").dblclick()
    wait_for(lambda: _at(page) == 7)
    mark = page.page.locator(".viewer-bar [data-do='mark']")
    mark.dblclick()
    page.page.mouse.dblclick(600, 500)
    assert page.page.evaluate("document.fullscreenElement") is None
    expect(mark).to_have_attribute("aria-pressed", "false")
    page.key("Space")
    expect(mark).to_have_attribute("aria-pressed", "true")
    id = page.viewed()["id"]
    page.key("Escape")
    expect(page.tile(id)).to_have_attribute("aria-selected", "true")


# What fails


def test_failed_file_says_why_and_can_be_retried(flaky, flaky_server, open_gallery):
    flaky.rule(f"/{files.ACCOUNT}/.*original=true", status(503))
    page = open_gallery(flaky_server).ready()
    page.tiles.nth(2).click()
    trouble = page.slide.locator(".slide-error")
    expect(trouble).to_contain_text("Try again in a while")
    flaky.rules.clear()
    page.slide.locator("[data-do='retry']").press("Enter")
    expect(page.viewer).to_have_attribute("data-shows", "file")
    expect(trouble).to_have_count(0)
    expect(page.viewer).to_be_focused()


def test_viewer_reconnects_by_itself(server, open_gallery):
    page = open_gallery(server).open(3)
    page.context.set_offline(True)
    page.key("ArrowRight", 12)
    expect(page.slide.locator(".slide-error")).to_be_visible()
    page.context.set_offline(False)
    expect(page.viewer).to_have_attribute("data-shows", "file")
    expect(page.page.locator("section.prompt, section.nothing")).to_be_visible()
    assert _at(page) == 16


def _open_gallery(open_gallery, server, address="?model=900001&level=XXX", number=0):
    page = open_gallery(server, address)
    page.page.evaluate(_QUICK)
    return page.open(number)


def _running(page):
    return page.page.locator(".frame[data-slideshow]")


def _fade(page):
    return page.slide.evaluate("slide => getComputedStyle(slide).animationDuration")


def test_images_follow_each_other_without_details_until_any_input_which_does_no_more(
    server, open_gallery
):
    page = _open_gallery(open_gallery, server)
    first, second, third = page.ids()[:3]
    page.control("slideshow").click()
    expect(page.page.locator(".details")).to_be_hidden()
    assert _fade(page) == "0.9s"
    page.page.emulate_media(reduced_motion="reduce")
    assert _fade(page) == "0s"
    expect(page.viewer).to_have_attribute("data-id", second)
    expect(page.viewer).to_have_attribute("data-id", third)
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


def test_strangers_markup_is_shown_as_text_and_after_the_last_image_comes_the_first(
    server, open_gallery
):
    page = _open_gallery(open_gallery, server, f"?model={_HOSTILE}&level=XXX")
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


def test_key_starts_it_from_the_grid_and_holding_that_key_does_not_stop_it(server, open_gallery):
    page = open_gallery(server).ready()
    page.key(",")
    page.field("slideshow").select_option("20")  # kept in this browser
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
