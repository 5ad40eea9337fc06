"""The page's own code in a real page: keyboard, full-screen view, videos, what lies where.

With CIVITAI_TEST_PYTHON the page is served by another Python, and so by another gradio.
"""

from __future__ import annotations

import subprocess

import pytest
from civitai_manager_libs.demo import files
from fault_answers import stalled
from page_driver import ENTRY, PYTHON, Server, expect, until
from page_facts import chunks, of_model, shown, uuids

pytestmark = pytest.mark.page
_EXAMPLE, _PAPER, _VIDEOS, _LONG = 900001, 900003, 900007, 900010
_LARGE = "#civitai_shortcut_large"


def _asked_by_enter(tab, model_id):
    tab.field("model_box").fill(str(model_id))
    tab.field("model_box").press("Enter")


def _focus_in(tab, selector):
    return tab.page.evaluate(f"Boolean(document.activeElement.closest('{selector}'))")


def _opened(tab, at):
    """That tile's picture, its original."""
    tab.tiles.nth(at).click()
    expect(tab.part("position")).to_have_text(f"{at + 1} of 8")
    picture = tab.part("picture").locator("img")
    until(lambda: picture.evaluate("node => node.naturalWidth") > 450, "the original")
    return picture


def _enlarged(tab, at=1):
    _opened(tab, at).click()
    large = tab.page.locator(f"{_LARGE} > img")
    expect(large).to_be_visible()
    until(lambda: large.evaluate("node => node.complete && node.naturalWidth > 450"))
    return large


def _box(tab, name):
    return tab.part(name).bounding_box()


# Focus


def test_keys_work_as_soon_as_a_model_that_was_typed_is_open(open_tab, server):
    tab = open_tab(server)
    _asked_by_enter(tab, _PAPER)
    tab.shows(uuids(of_model(_PAPER)[:8]))
    until(lambda: not _focus_in(tab, "#civitai_shortcut_model_box"), "another focus")
    tab.key("PageDown")
    tab.shows(uuids(of_model(_PAPER)[8:16]))
    tab.key("ArrowRight")
    expect(tab.part("position")).to_have_text("1 of 8")


def test_focus_comes_to_the_first_tile_of_a_model_that_was_opened(open_tab, server):
    tab = shown(open_tab(server), _PAPER)
    first = ".thumbnail-item"
    until(lambda: _focus_in(tab, first), "the focus on a tile")
    assert tab.tiles.first.evaluate("node => node === document.activeElement")


def test_model_that_is_named_once_more_takes_the_focus_from_the_box_too(open_tab, server):
    tab = shown(open_tab(server), _PAPER)
    _asked_by_enter(tab, _PAPER)
    until(lambda: not _focus_in(tab, "#civitai_shortcut_model_box"), "another focus")


def test_focus_stays_with_who_writes_meanwhile(open_tab, server):
    tab = open_tab(server)
    _asked_by_enter(tab, _PAPER)
    tab.field("limit_number").click()
    tab.page.keyboard.type("7")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    tab.page.wait_for_timeout(500)
    assert _focus_in(tab, "#civitai_shortcut_limit_number")
    _asked_by_enter(tab, _LONG)
    tab.page.keyboard.type(" ")
    tab.shows(uuids(of_model(_LONG)[:8]))
    tab.page.wait_for_timeout(500)
    assert _focus_in(tab, "#civitai_shortcut_model_box")
    assert tab.field("model_box").input_value() == f"{_LONG} "


def test_focus_stays_in_the_box_when_no_model_came(open_tab, server):
    tab = open_tab(server)
    assert tab.page.evaluate("document.activeElement === document.body")
    tab.field("model_box").fill("no such thing anywhere")
    tab.field("model_box").press("Enter")
    expect(tab.part("message")).to_contain_text("No model matches")
    assert _focus_in(tab, "#civitai_shortcut_model_box")


def test_tab_through_the_filters_leaves_no_list_open(open_tab, server):
    tab = shown(open_tab(server), _PAPER)
    tab.field("version_dropdown").focus()
    for _ in range(5):
        tab.key("Tab")
        tab.page.wait_for_timeout(150)
    expect(tab.page.locator("ul[role=listbox]:visible, ul.options:visible")).to_have_count(0)
    assert tab.field("sort_dropdown").input_value() == "Newest"
    tab.shows(uuids(of_model(_PAPER)[:8]))


def test_buttons_that_bear_a_sign_only_are_named(open_tab, server):
    tab = shown(open_tab(server), _PAPER)
    _opened(tab, 0)
    button = tab.page.get_by_role("button", name="Next picture (→)")
    expect(button).to_have_attribute("title", "Next picture (→)")
    button.click()
    expect(tab.part("position")).to_have_text("2 of 8")


# The full-screen view


@pytest.mark.parametrize("button", ["right", "middle"])
def test_other_buttons_of_the_mouse_leave_the_large_picture_open(open_tab, server, button):
    tab = shown(open_tab(server), _PAPER)
    large = _enlarged(tab)
    large.click(button=button)
    tab.page.locator(_LARGE).click(button=button, position={"x": 5, "y": 500})
    tab.page.wait_for_timeout(200)
    expect(large).to_be_visible()
    assert large.evaluate("node => node.style.transform") in ("", "translate(0px, 0px) scale(1)")


def test_large_view_is_a_dialog_that_keeps_the_focus_and_gives_it_back(open_tab, server):
    tab = shown(open_tab(server), _PAPER)
    large = _enlarged(tab)
    dialog = tab.page.get_by_role("dialog", name="Full-screen view")
    expect(dialog).to_have_attribute("aria-modal", "true")
    assert large.get_attribute("alt").startswith("2 of 8 · ")
    for name in ("Previous picture", "Next picture", "Mark this picture", "Close"):
        expect(dialog.get_by_role("button", name=name)).to_be_visible()
    for key in ["Tab"] * 6 + ["Shift+Tab"] * 7:
        tab.key(key)
        assert _focus_in(tab, _LARGE)
    tab.key("Escape")
    expect(dialog).to_have_count(0)
    assert tab.page.evaluate("document.activeElement !== document.body")
    tab.key(" ")  # no button is in the way of the tab's own key
    expect(tab.part("download_marked_button")).to_contain_text("(1)")


def test_large_view_speaks_the_pages_language(open_tab, server):
    tab = open_tab(server, locale="zh-TW")
    shown(tab, _PAPER)
    tab.tiles.nth(0).click()
    tab.part("picture").locator("img").click()
    dialog = tab.page.get_by_role("dialog", name="全螢幕檢視")
    expect(dialog.get_by_role("button", name="關閉 (Esc)")).to_be_visible()


def test_escape_closes_the_large_view_wherever_the_focus_is(open_tab, server):
    tab = shown(open_tab(server), _PAPER)
    large = _enlarged(tab)
    tab.field("model_box").focus()
    tab.key("Escape")
    expect(large).to_have_count(0)
    expect(tab.part("picture_panel")).to_be_visible()


def _zoom(large):
    return large.evaluate("node => new DOMMatrix(getComputedStyle(node).transform).a")


def test_keys_clicks_and_double_clicks_zoom_the_large_picture(open_tab, server):
    tab = shown(open_tab(server), _PAPER)
    large = _enlarged(tab)
    for key, zoom in (("+", 1.5), ("+", 2.25), ("-", 1.5), ("0", 1), ("-", 1)):
        tab.key(key)
        assert _zoom(large) == zoom
    large.click()
    assert _zoom(large) == 2
    tab.page.wait_for_timeout(400)
    large.click()
    assert _zoom(large) == 1
    tab.page.wait_for_timeout(400)
    large.dblclick()
    assert _zoom(large) == 2
    tab.page.mouse.move(700, 500)
    tab.page.mouse.down()
    tab.page.mouse.move(750, 540, steps=3)
    before = large.bounding_box()
    tab.page.mouse.move(850, 640, steps=3)
    tab.page.mouse.up()
    after = large.bounding_box()
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((100, 100))
    expect(large).to_be_visible()
    tab.key("0")
    tab.page.locator(_LARGE).click(position={"x": 5, "y": 500})
    expect(large).to_have_count(0)


# Videos


def _video_tile(skipped=0):
    found = of_model(_VIDEOS)[:8]
    return [at for at, row in enumerate(found) if row.type == "video"][skipped]


def _video(tab, at):
    """The panel's, at work."""
    tab.tiles.nth(at).click()
    expect(tab.part("position")).to_have_text(f"{at + 1} of 8")
    video = tab.part("video").locator("video")
    until(lambda: video.count() and video.evaluate("node => node.readyState") >= 2, "the video")
    return video


def test_video_is_silent_until_its_sound_is_wished_and_so_is_the_next(open_tab, server):
    tab = shown(open_tab(server), _VIDEOS)
    video = _video(tab, _video_tile())
    assert video.evaluate("node => node.muted")
    tab.page.get_by_role("button", name="Turn the sound on").click()
    until(lambda: not video.evaluate("node => node.muted"), "the sound")
    video = _video(tab, _video_tile(1))
    until(lambda: not video.evaluate("node => node.muted"), "the sound")
    tab.page.get_by_role("button", name="Turn the sound off").click()
    until(lambda: video.evaluate("node => node.muted"), "silence")


def test_large_view_plays_the_video_and_no_other_does(open_tab, server):
    tab = shown(open_tab(server), _VIDEOS)
    video = _video(tab, _video_tile())
    tab.page.locator(".civitai-shortcut-enlarge").click()
    large = tab.page.locator(f"{_LARGE} > video")
    expect(large).to_be_visible()
    assert large.evaluate("node => [node.muted, node.controls]") == [True, True]
    until(lambda: large.evaluate("node => node.readyState") >= 2, "the video")
    assert large.evaluate("node => node.currentSrc") == video.evaluate("node => node.currentSrc")
    assert large.evaluate("node => node.loop") and video.evaluate("node => node.loop")
    assert video.evaluate("node => node.paused")
    large.evaluate("node => { node.muted = false }")
    tab.key("Escape")
    expect(large).to_have_count(0)
    until(lambda: not video.evaluate("node => node.muted"), "the sound as it was there")


def test_large_view_goes_from_a_picture_to_a_video_and_on(open_tab, server):
    at = next(i for i, row in enumerate(of_model(_VIDEOS)[:8]) if row.type == "video" and i)
    assert of_model(_VIDEOS)[at - 1].type == "image"
    tab = shown(open_tab(server), _VIDEOS)
    _enlarged(tab, at - 1)
    tab.key("ArrowRight")
    expect(tab.page.locator(f"{_LARGE} > video")).to_be_visible()
    expect(tab.page.locator(f"{_LARGE} > img")).to_have_count(0)
    until(lambda: tab.part("video").locator("video").evaluate("node => node.paused"), "one at once")
    tab.key("ArrowLeft")
    expect(tab.page.locator(f"{_LARGE} > img")).to_be_visible()
    expect(tab.page.locator(f"{_LARGE} > video")).to_have_count(0)


# Pages


@pytest.mark.parametrize(
    "locale,said",
    [
        ("en-US", "Only pages seen so far can be jumped to: 2 at most"),
        ("zh-TW", "只能跳到看過的頁：目前最多到第 2 頁"),
    ],
)
def test_page_that_was_not_seen_yet_is_refused_in_words(open_tab, server, locale, said):
    tab = shown(open_tab(server, locale=locale), _PAPER)
    tab.press("next_button")
    tab.shows(uuids(of_model(_PAPER)[8:16]))
    number = tab.part("page_slider").locator("input[type=number]").first
    toasts = tab.page.locator(".civitai-shortcut-toast")
    for typed, page, told in (("1", 1, 0), ("500", 2, 1)):
        expect(number).to_have_value(str(3 - page))
        number.fill(typed)
        tab.key("Enter")
        tab.shows(uuids(of_model(_PAPER)[8 * page - 8 : 8 * page]))
        expect(toasts).to_have_count(told)
    expect(toasts).to_have_text(said)


class _DemoServer(Server):
    """The tab on its own demo, which opens an example."""

    def start(self):
        with open(self.data / "server.log", "ab") as log:
            command = [PYTHON, ENTRY, "--demo", "--port", str(self.port)]
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        until(self._answers, "the page's server")


@pytest.fixture
def demo_server(browser, tmp_path):
    server = _DemoServer("", tmp_path / "demo")
    yield server
    server.close()


def test_model_of_before_comes_back_where_an_example_is_opened_too(open_tab, demo_server):
    tab = open_tab(demo_server)
    name = tab.part("status")
    expect(name).to_contain_text("Quiet Places")
    tab.find(str(_PAPER))
    expect(name).to_contain_text("Paper & Ink")
    for _ in range(2):
        tab.open()
        expect(name).to_contain_text("Paper & Ink")
    tab.page.wait_for_timeout(1500)
    expect(name).to_contain_text("Paper & Ink")
    tab.find(str(_EXAMPLE))
    expect(name).to_contain_text("Quiet Places")
    tab.open()
    expect(name).to_contain_text("Quiet Places")
    tab.page.wait_for_timeout(1500)
    expect(name).to_contain_text("Quiet Places")


# What lies where


def test_slider_is_cut_off_nowhere(open_tab, server):
    tab = shown(open_tab(server, viewport={"width": 1280, "height": 900}), _PAPER)
    cut = tab.part("page_slider").locator("input[type=range]").evaluate("""node => {
            const knob = 18, middle = (box) => (box.top + box.bottom) / 2;
            const at = middle(node.getBoundingClientRect());
            const cutting = [];
            for (let up = node; !up.matches('.civitai-shortcut-pages'); up = up.parentElement) {
                const box = up.getBoundingClientRect();
                const isBeyond = at - knob / 2 < box.top || at + knob / 2 > box.bottom;
                const cuts = getComputedStyle(up).overflowY !== 'visible';
                if (isBeyond && cuts) cutting.push(up.className);
            }
            return cutting;
        }""")
    assert cut == []


def test_buttons_stay_where_they_are_to_the_end_of_the_gallery(open_tab, server):
    tab = shown(open_tab(server, viewport={"width": 1280, "height": 900}), _LONG)
    names = ("first_button", "previous_button", "next_button")
    before = [_box(tab, name) for name in names]
    for page in chunks(of_model(_LONG))[1:]:
        tab.press("next_button")
        tab.shows(uuids(page))
    expect(tab.part("page_text")).to_contain_text("end of gallery")
    after = [_box(tab, name) for name in names]
    assert [box["x"] for box in after] == [box["x"] for box in before]
    assert [box["width"] for box in after] == [box["width"] for box in before]


def test_message_comes_and_goes_without_a_jump(open_tab, server):
    tab = shown(open_tab(server), _PAPER)
    tops = [_box(tab, "gallery")["y"]]
    tab.find("no such thing anywhere")
    expect(tab.part("message")).to_contain_text("No model matches")
    tops.append(_box(tab, "gallery")["y"])
    shown(tab, _PAPER)
    expect(tab.part("message")).to_have_text("")
    tops.append(_box(tab, "gallery")["y"])
    assert max(tops) - min(tops) <= 1


def test_check_box_stands_on_the_line_of_the_filters(open_tab, server):
    tab = open_tab(server)
    boxes = [tab.field(name).bounding_box() for name in ("type_dropdown", "meta_checkbox")]
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert middles[0] == pytest.approx(middles[1], abs=4)


def test_picture_has_the_room_of_a_large_page(open_tab, server):
    tab = shown(open_tab(server, viewport={"width": 2560, "height": 1400}), _PAPER)
    _opened(tab, 0)
    pane = _box(tab, "picture")
    assert pane["height"] > 900 and pane["y"] + pane["height"] <= 1400


@pytest.mark.parametrize("small", ["thumbnail", "placeholder"])
def test_picture_fills_its_place_before_its_original_came(open_tab, flaky_server, flaky, small):
    row = of_model(_PAPER)[1]
    uuid = files.uuid_of(row.id)
    flaky.rule(f"/{uuid}/original=true", stalled())
    for path in (flaky_server.data / "sc_gallery").glob(f"{uuid}*"):
        path.unlink()
    if small == "placeholder":
        flaky.rule(f"/{uuid}/width=450", stalled())
    tab = open_tab(flaky_server)
    tab.find(str(_PAPER))
    until(lambda: len(tab.names()) == 8)
    if small == "thumbnail":
        tab.shows(uuids(of_model(_PAPER)[:8]))
    tab.tiles.nth(1).click()
    picture = tab.part("picture").locator("img")
    until(lambda: picture.count() and picture.evaluate("node => node.naturalWidth"))
    assert picture.evaluate("node => node.naturalWidth") <= 450
    pane, image = _box(tab, "picture"), picture.bounding_box()
    assert image["height"] == pytest.approx(pane["height"], abs=3)
    assert image["width"] == pytest.approx(pane["width"], abs=3)
    assert picture.evaluate("node => getComputedStyle(node).objectFit") == "contain"


def test_marked_tiles_bear_a_badge(open_tab, server):
    tab = shown(open_tab(server), _PAPER)
    _opened(tab, 2)
    tab.press("mark_button")
    badge = "Array.from(tiles, tile => getComputedStyle(tile, '::after').content.includes('★'))"
    tiles = "const tiles = document.querySelectorAll('#civitai_shortcut_gallery .thumbnail-item')"
    badges = f"() => {{ {tiles}; return {badge} }}"
    until(lambda: tab.page.evaluate(badges) == [i == 2 for i in range(8)], "the badge")
    tab.press("clear_marks_button")
    until(lambda: not any(tab.page.evaluate(badges)), "no badge")
