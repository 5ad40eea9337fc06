"""The tab in a real page: users who are quicker than the answers."""

from __future__ import annotations

import pytest
from civitai_manager_libs.demo import files
from fault_answers import stalled
from page_driver import expect, until
from page_facts import chunks, infotext_of, of_model, uuids

pytestmark = pytest.mark.page
_BIG, _NIGHT, _FEW = 900002, 900004, 900010
_SIZE = 8


@pytest.fixture
def tab(open_tab, server):
    tab = open_tab(server)
    tab.find(str(_BIG))
    tab.shows(uuids(of_model(_BIG)[:_SIZE]))
    return tab


def test_every_click_on_next_counts(tab):
    place = tab.part("next_button").bounding_box()
    for _ in range(5):
        tab.page.mouse.click(place["x"] + 20, place["y"] + 10)
    tab.shows(uuids(of_model(_BIG)[5 * _SIZE : 6 * _SIZE]))
    expect(tab.part("page_text")).to_have_text("Page 6")


def test_every_arrow_counts_over_pages_and_all_that_is_shown_is_of_one_picture(tab):
    tab.tiles.first.click()
    expect(tab.part("position")).to_contain_text("1 of")
    for _ in range(2 * _SIZE + 2):
        tab.key("ArrowRight")
    row = of_model(_BIG)[2 * _SIZE + 2]
    expect(tab.part("position")).to_contain_text("3 of 8")
    expect(tab.part("page_text")).to_have_text("Page 3")
    expect(tab.part("picture_status")).to_have_text("")
    assert tab.field("infotext_box").input_value() == infotext_of(row)
    assert str(row.id) in tab.part("details").inner_html()
    chosen = tab.page.locator(".civitai-shortcut-chosen img")
    until(lambda: files.uuid_of(row.id) in (chosen.get_attribute("src") or ""), "the ring")
    picture = tab.part("picture").locator("img").first
    until(lambda: picture.evaluate("image => image.naturalWidth") > 450, "the original")
    tab.key("d")
    expect(tab.part("download_status")).to_contain_text("Job")


def test_every_press_of_space_counts(tab):
    tab.tiles.first.click()
    expect(tab.part("position")).to_contain_text("1 of")
    for _ in range(3):
        tab.key(" ")
    expect(tab.part("position")).to_contain_text("★")
    expect(tab.part("download_marked_button")).to_have_text("↓ Download marked (1)")
    for _ in range(2):
        tab.key(" ")
    tab.key("ArrowRight")
    expect(tab.part("position")).to_contain_text("2 of")
    expect(tab.part("download_marked_button")).to_have_text("↓ Download marked (1)")


def test_press_at_the_gallerys_end_holds_up_no_other(open_tab, server):
    found = of_model(_FEW)
    tab = open_tab(server)
    tab.find(str(_FEW))
    for page in chunks(found, _SIZE):
        tab.shows(uuids(page))
        tab.key("PageDown")
    tab.tiles.last.click()
    expect(tab.part("position")).to_contain_text(f"{len(page)} of {len(page)}")
    for _ in range(3):
        tab.key("ArrowRight")
    for _ in range(len(page)):
        tab.key("ArrowLeft")
    expect(tab.part("position")).to_contain_text(f"{_SIZE} of {_SIZE}", timeout=7000)


def test_picture_is_gone_as_soon_as_it_is_closed_and_a_tile_opens_it_again(tab):
    for at in range(3):
        tab.tiles.nth(at).click()
        expect(tab.part("position")).to_contain_text(f"{at + 1} of")
        tab.key("ArrowRight")
        tab.key("Escape")
        assert not tab.part("picture_panel").is_visible()
    tab.page.wait_for_timeout(2500)
    assert not tab.part("picture_panel").is_visible()
    expect(tab.part("picture_hint")).to_be_visible()
    tab.tiles.nth(4).click()
    expect(tab.part("picture_panel")).to_be_visible()
    expect(tab.part("position")).to_contain_text("5 of")


def test_picture_that_a_late_answer_opened_goes_once_no_press_is_under_way(tab):
    tab.tiles.nth(0).click()
    expect(tab.part("position")).to_contain_text("1 of")
    expect(tab.part("picture_status")).to_have_text("")
    tab.page.evaluate("""() => {
        const { acts, hidePicture } = civitaiShortcut;
        acts.picture.now = { kind: "press" };
        hidePicture();
        setTimeout(() => (acts.picture.now = null), 1500);
    }""")
    expect(tab.part("picture_hint")).to_be_visible()


def _is_newest(tab):
    return int(tab.page.evaluate("window.gradio_config.version").split(".")[0]) > 4


def _marked(tab):
    """The places of the tiles with a star, counted from 0."""
    return [at for at, text in enumerate(tab.tiles.all_inner_texts()) if text.startswith("★")]


def test_space_marks_the_tile_that_was_clicked_though_its_picture_is_not_there_yet(tab):
    for at in (0, 5, 2):
        tab.tiles.nth(at).click()
        tab.key(" ")
    expect(tab.part("download_marked_button")).to_have_text("↓ Download marked (3)")
    until(lambda: _marked(tab) == [0, 2, 5], "the stars")
    expect(tab.part("position")).to_have_text("★ 3 of 8")


def test_seconds_that_are_counted_beside_the_page_number_change_no_page(tab):
    """gradio 3 does so while an answer is on its way."""
    tab.part("page_text").evaluate("""block => {
        const counter = document.createElement("div");
        block.prepend(counter);
        setInterval(() => (counter.textContent = `${performance.now()}s`), 5);
    }""")
    for at in (0, 5, 2):
        tab.tiles.nth(at).click()
        tab.key(" ")
    expect(tab.part("download_marked_button")).to_have_text("↓ Download marked (3)")


def test_thumbnails_are_shown_and_taken_while_one_is_still_to_come(open_tab, flaky_server, flaky):
    found = of_model(_NIGHT)
    flaky.rule(f"/{files.uuid_of(found[7].id)}/width=450", stalled())
    tab = open_tab(flaky_server)
    tab.find(str(_NIGHT))
    until(lambda: uuids(found[:7]) == [name[:36] for name in tab.names()[:7]], "the others")
    for at in (0, 5, 2):
        tab.tiles.nth(at).click()
        tab.key(" ")
    expect(tab.part("download_marked_button")).to_have_text("↓ Download marked (3)")
    expect(tab.part("position")).to_have_text("★ 3 of 8")


def test_space_marks_the_picture_that_the_arrow_before_it_leads_to(tab):
    tab.tiles.first.click()
    for key in ("ArrowRight", " ", "ArrowRight", "ArrowRight", " ", "ArrowLeft", " "):
        tab.key(key)
    expect(tab.part("download_marked_button")).to_have_text("↓ Download marked (3)")
    until(lambda: _marked(tab) == [1, 2, 3], "the stars")


def test_mark_that_is_on_its_way_is_downloaded_too(tab):
    tab.tiles.first.click()
    for key in (" ", "ArrowRight", " ", "d"):
        tab.key(key)
    expect(tab.job(tab.waits_for_job())).to_contain_text("2 saved")


def test_tile_that_was_just_closed_opens_again(tab):
    for _ in range(3):
        tab.tiles.nth(2).click()
        expect(tab.part("position")).to_have_text("3 of 8")
        tab.key("Escape")
    tab.tiles.nth(2).click()
    tab.key("Escape")
    tab.tiles.nth(2).click()
    expect(tab.part("position")).to_have_text("3 of 8")
    expect(tab.part("picture_panel")).to_be_visible()


def test_tile_that_was_clicked_first_opens_again_after_the_arrows(tab):
    tab.tiles.nth(2).click()
    expect(tab.part("position")).to_have_text("3 of 8")
    for _ in range(3):
        tab.key("ArrowRight")
    expect(tab.part("position")).to_have_text("6 of 8")
    tab.tiles.nth(2).click()
    expect(tab.part("position")).to_have_text("3 of 8")
    for _ in range(_SIZE):
        tab.key("ArrowRight")
    expect(tab.part("page_text")).to_have_text("Page 2")
    expect(tab.part("position")).to_have_text("3 of 8")
    tab.tiles.nth(0).click()
    expect(tab.part("position")).to_have_text("1 of 8")
    tab.tiles.nth(2).click()
    expect(tab.part("position")).to_have_text("3 of 8")


def test_click_on_the_tile_that_is_shown_holds_up_nothing(tab):
    tab.tiles.nth(2).click()
    expect(tab.part("position")).to_have_text("3 of 8")
    tab.tiles.nth(2).click()
    tab.tiles.nth(3).click()
    expect(tab.part("position")).to_have_text("4 of 8", timeout=7000)


def test_steps_and_marks_before_a_quick_escape_count(tab):
    tab.tiles.nth(2).click()
    for key in (" ", "ArrowRight", "ArrowRight", " ", "ArrowRight", "Escape"):
        tab.key(key)
    assert not tab.part("picture_panel").is_visible()
    expect(tab.part("download_marked_button")).to_have_text("↓ Download marked (2)")
    until(lambda: _marked(tab) == [2, 4], "the stars")
    assert not tab.part("picture_panel").is_visible()


def test_arrow_after_a_quick_escape_opens_the_first_picture(tab):
    tab.tiles.nth(6).click()
    tab.key("Escape")
    tab.key("ArrowRight")
    expect(tab.part("position")).to_have_text("1 of 8")
    expect(tab.part("picture_panel")).to_be_visible()


def test_click_where_the_tile_is_about_to_come_back_counts(tab):
    place = tab.tiles.nth(6).bounding_box()
    tab.tiles.nth(1).click()
    expect(tab.part("position")).to_have_text("2 of 8")
    _close_until_the_grid_is_gone(tab)
    tab.page.mouse.click(place["x"] + 20, place["y"] + 20)
    expect(tab.part("position")).to_have_text("7 of 8")
    expect(tab.part("picture_panel")).to_be_visible()


def test_arrow_where_the_tiles_are_about_to_come_back_counts(tab):
    tab.tiles.nth(1).click()
    expect(tab.part("position")).to_have_text("2 of 8")
    _close_until_the_grid_is_gone(tab)
    tab.key("ArrowLeft")
    expect(tab.part("position")).to_have_text("8 of 8")
    expect(tab.part("picture_panel")).to_be_visible()


def _close_until_the_grid_is_gone(tab):
    tab.key("Escape")
    gone = "() => !document.querySelector('#civitai_shortcut_gallery .thumbnail-item')"
    if not _is_newest(tab):  # which has no such moment
        tab.page.wait_for_function(gone, polling=5)


def test_enter_is_for_the_tile_that_the_arrow_before_it_leads_to(tab):
    tab.tiles.nth(0).click()
    expect(tab.part("position")).to_have_text("1 of 8")
    for key in ("ArrowRight", "Enter", " "):
        tab.key(key)
    expect(tab.part("position")).to_have_text("★ 2 of 8")


def test_way_back_counts_before_its_button_can_be_pressed(tab):
    for key in ("PageDown", "PageUp", "PageUp", "PageDown"):  # the third has nowhere to go
        tab.key(key)
    tab.shows(uuids(of_model(_BIG)[_SIZE : 2 * _SIZE]))
    tab.key("PageDown")
    tab.shows(uuids(of_model(_BIG)[2 * _SIZE : 3 * _SIZE]))


def test_page_turned_by_two_quick_presses_gets_its_pictures(tab):
    for number in range(2, 10, 2):
        tab.key("PageDown")
        tab.key("PageDown")
        tab.shows(uuids(of_model(_BIG)[number * _SIZE : (number + 1) * _SIZE]))
        tab.page.wait_for_timeout(300)
