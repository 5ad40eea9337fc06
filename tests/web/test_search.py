"""The one field, in Chromium: it looks everywhere, and no search ends in nothing."""

from __future__ import annotations

import re

import pytest
from civitai_demo.gallery.catalogue import find_demo_model
from gallery_page import GalleryPage
from page_driver import expect, wait_for

_MODEL, _OTHER = 900001, 900007
_NAME = find_demo_model(_MODEL).name
_SETTINGS = {"gallery_level": "XXX"}


def _read_another(browser, server):
    """Let a server read a first page of another gallery, and return the server."""
    GalleryPage(browser, server.url, f"?model={_OTHER}").ready().close()
    return server


@pytest.fixture(scope="module")
def read_server(browser, shared_server):
    return _read_another(browser, shared_server)


@pytest.fixture
def page(read_server, open_gallery):
    return open_gallery(read_server, f"?model={_MODEL}").ready()


# At its lower edge, where the bar is
_IS_ON_TOP = """rows => {
    const {left, right, bottom} = rows.getBoundingClientRect();
    return rows.contains(rows.getRootNode().elementFromPoint((left + right) / 2, bottom - 5));
}"""


def _authors(page):
    names = page.tiles.evaluate_all("tiles => tiles.map(tile => tile.ariaLabel)")
    return {re.split("[,:]", name.split(" by ")[1])[0] for name in names}


def _rows(page):
    kinds = "rows => rows.map(row => row.dataset.row)"
    return page.page.locator(".search-rows [role=option]").evaluate_all(kinds)


def _civitai(page):
    """Return the requests that lead to one of Civitai."""
    return [path for path in page.api() if path.startswith(("models?", "authors?", "lookup"))]


def test_search_field_names_the_open_gallery_until_a_search(page):
    field = page.field("find")
    expect(field).to_have_attribute("placeholder", re.compile(f"^{_NAME}"))
    expect(field).to_have_value("")
    page.find("water")
    expect(field).to_have_value("water")
    page.control("clear-search").click()
    expect(field).to_have_value("")
    page.control("open-kept").click()
    expect(field).to_have_attribute("placeholder", re.compile("^Library"))


def test_typed_text_is_searched_in_the_open_gallery_first(page):
    page.asked.clear()
    page.field("find").fill("water")
    expect(page.search_row("loaded")).to_have_text(re.compile(rf"^In “{_NAME}”\d+ of \d+ loaded$"))
    expect(page.search_row("all")).to_have_text(re.compile(r"^In your library[\d,]+$"))
    expect(page.search_row("models")).to_have_text(re.compile(r"^Models on Civitai\d+$"))
    expect(page.search_row("model")).to_contain_text(["Slow Water"])
    assert _rows(page)[0] == "loaded" and len(_civitai(page)) == 2
    page.search_row("model").get_by_text("Slow Water").click()
    expect(page.page).to_have_url(re.compile(f"model={_OTHER}"))


def test_author_has_a_row_only_if_there_is_one_of_that_name(page):
    page.field("find").fill("tide_loop")
    expect(page.search_row("author").first).to_have_text(re.compile("^Pictures by tide_loop"))
    page.search_row("author").first.click()
    expect(page.page).to_have_url(re.compile("user=tide_loop"))
    page.field("find").fill("nobody_of_that_name")
    expect(page.search_row("models")).to_have_text(re.compile(r"\d$"))  # all has come
    expect(page.search_row("author")).to_have_count(0)


def test_unfinished_word_of_an_input_method_is_not_requested(page):
    page.field("find").click()
    page.search_row("complete").first.wait_for()
    page.asked.clear()
    devtools = page.page.context.new_cdp_session(page.page)
    for text in ("d", "deng", "灯塔"):
        composed = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        devtools.send("Input.imeSetComposition", composed)
    expect(page.field("find")).to_have_value("灯塔")
    assert page.search_row("loaded").count() == 0
    devtools.send("Input.insertText", {"text": "灯塔"})
    expect(page.search_row("loaded")).to_have_text(re.compile("loaded$"))
    assert len([path for path in page.api() if path.startswith("search_preview")]) == 1


def test_search_keys_are_not_sent_to_civitai(page):
    page.asked.clear()
    page.field("find").fill("lora:a steps>20")
    expect(page.search_row("loaded")).to_have_text(re.compile("loaded$"))
    assert page.search_row("models").count() == 0
    page.key("Enter")
    wait_for(lambda: not page.page.locator(".search-rows").is_visible())
    assert not _civitai(page)


def test_loaded_images_are_filtered_and_shown_again(page):
    [author, *_] = sorted(_authors(page))
    page.find(f"author:{author}")
    wait_for(lambda: _authors(page) == {author})
    page.find(f"-author:{author}")
    wait_for(lambda: _authors(page) and author not in _authors(page))
    page.control("clear-search").click()
    wait_for(lambda: author in _authors(page))


def test_search_loads_more_until_it_has_enough_or_is_stopped(page):
    held = []
    page.page.route("**/api/images?*cursor=*", lambda route: held.append(route))
    [author, *_] = sorted(_authors(page))
    count = page.tiles.count()
    page.find(f"author:{author}")
    status = page.page.locator(".of-images")
    expect(status).to_contain_text(re.compile(r"found among \d+ loaded; loading more"))
    wait_for(lambda: 0 < page.tiles.count() < count)
    page.control("stop-search").click()
    expect(status).to_contain_text(re.compile(r"of \d+ loaded match"))
    page.page.unroute_all(behavior="ignoreErrors")
    page.control("search-on").click()
    expect(status).to_contain_text(re.compile(r"of [\d,]+ loaded match"))
    wait_for(lambda: page.place()[1] >= 20)


def test_search_without_loaded_matches_loads_more_and_says_so(start, demo, browser, open_gallery):
    server = _read_another(browser, start(demo.url, **_SETTINGS))
    page = open_gallery(server, f"?model={_MODEL}").ready()
    said = page.page.locator(".search-message")
    page.find("wan")
    expect(page.page).to_have_url(re.compile(r"\?search="))
    expect(said).to_have_text(re.compile(r"^Nothing among the \d+ loaded or in your library"))
    expect(said).to_contain_text("in your library")
    page.ready()
    page.control("search-on").click()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}&words=wan$"))
    expect(said).to_be_hidden()
    page.page.go_back()
    expect(page.page).to_have_url(re.compile(r"\?search=wan$"))
    page.page.go_back()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}$"))
    expect(page.field("find")).to_have_value("")


def test_words_and_place_of_a_search_are_chips(page):
    page.search("water -night", "gallery")
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}&search=water"))
    chips = page.page.locator("[data-chip]")
    expect(chips).to_have_text([f"In “{_NAME}”, all in your library", "water", "-night"])
    chips.nth(2).click()
    expect(page.field("find")).to_have_value("water")
    page.control("reset-filters").first.click()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}$"))
    expect(page.field("find")).to_have_value("")
    page.search("water", "gallery")
    page.search("slow", "models")
    page.control("open-model").first.wait_for()
    page.control("clear-search").click()  # of the models: the search below them stays
    expect(page.field("find")).to_have_value("water")
    chips.first.click()
    expect(page.page).to_have_url(re.compile(r"\?search=water$"))
    expect(chips).to_have_text(["Library", "water"])
    chips.last.click()
    expect(page.page).to_have_url(re.compile(r"\?search=$"))


def test_library_is_searched_without_a_gallery_too(page):
    page.go("")
    page.control("open-kept").first.click()
    page.ready()
    page.search("zzz no such words", "all")
    expect(page.page.locator(".of-images")).to_contain_text("Nothing matches “zzz no such words”")
    page.control("search-models").click()
    page.page.get_by_text("No model matches").wait_for()
    page.control("search-library").click()
    expect(page.page.locator(".of-images")).to_contain_text("Nothing matches")
    page.control("clear-search").last.click()
    page.ready()


def test_search_without_matches_continues_and_shows_its_progress(page):
    asked, held = [], []

    def answer(route):
        asked.append(route.request.url)
        if len(asked) > 3:
            return route.continue_()
        if len(asked) == 3:
            return held.append(route)  # what was said stays meanwhile
        far = {"count": 120_000 * len(asked), "total": 1_000_000}
        known = {"images": [], "notes": [], "read_at": "", "from_library": False}
        return route.fulfill(
            json={**known, "cursor": f"{10**17 - len(asked)}", "search_progress": far}
        )

    page.page.route("**/api/images?*search=*", answer)
    page.search("is:image", "all")
    said = page.page.locator(".of-images")
    expect(said).to_contain_text("240,000 of 1,000,000 pictures of the library so far")
    wait_for(lambda: page.tiles.count() == 0 and held)
    assert page.tiles.count() == 0
    held[0].continue_()
    wait_for(lambda: page.tiles.count())
    assert ["cursor" in url for url in asked[:3]] == [False, True, True]


def test_suggestions_lead_from_a_key_to_a_value_by_keyboard_and_mouse(page):
    rows, field = page.search_row("complete"), page.field("find")
    field.click()
    expect(rows.first).to_have_text("lora:")
    page.page.keyboard.type("samp")
    expect(rows).to_have_text(["sampler:"])
    page.key("ArrowDown")  # past the row that searches here
    page.key("Enter")
    expect(field).to_have_value("sampler:")
    rows.first.locator(".dim").wait_for()  # a value, with how many have it
    value = rows.first.locator("bdi").inner_text()
    rows.first.click()
    expect(field).to_have_value(f"{value} ")
    assert page.focused_control() == "find"
    page.page.keyboard.type("st")
    expect(rows.first).to_be_visible()
    page.key("Escape")
    expect(page.page.locator(".search-rows")).to_be_hidden()
    expect(field).to_have_value(f"{value} st")
    page.key("Enter")
    wait_for(lambda: page.tiles.count())


def test_rows_fit_a_phone_and_lie_over_the_selection_bar(page):
    page.page.set_viewport_size({"width": 390, "height": 320})
    page.field("find").fill("water")
    page.search_row("model").first.wait_for()
    rows = page.page.locator(".search-rows")
    box = rows.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.page.locator(".selection-bar").bounding_box()["y"] < box["y"] + box["height"]
    assert rows.evaluate(_IS_ON_TOP)


def test_click_into_the_field_selects_the_search_that_stands_there(server, open_gallery):
    page = open_gallery(server, "?model=900001&level=XXX&words=dune").ready()
    field = page.field("find")
    expect(field).to_have_value("dune")
    field.click()
    page.page.keyboard.type("sea")
    expect(field).to_have_value("sea")
    field.click()  # a second one places the caret
    page.page.keyboard.press("End")
    page.page.keyboard.type("s")
    expect(field).to_have_value("seas")
    for key, text in (("/", "fog"), ("Control+k", "sea")):  # reached from anywhere
        page.tiles.first.focus()
        page.key(key)
        page.page.keyboard.type(text)
        expect(field).to_have_value(text)


@pytest.mark.parametrize("address", ["", f"?model={_MODEL}"], ids=["home", "gallery"])
def test_search_that_cannot_be_says_what_is_wrong_and_what_it_takes(
    read_server, open_gallery, address
):
    page = open_gallery(read_server, address)
    status = page.page.locator(".status.of-lookup")
    for text, said in (
        ("is:foo", "is: takes favourite, saved, here, gone, image, video"),
        ("lora:", "needs something to look for after it"),
    ):
        page.find(text)  # before the server has looked at it
        expect(status).to_contain_text(said)
        page.field("find").fill("")
        expect(status).to_be_hidden()
        page.field("find").press_sequentially(text)
        page.page.wait_for_load_state("networkidle")
        page.key("Enter")
        expect(status).to_contain_text(said)
    assert page.page.url == f"{page.url}/{address}"
    page.find("steps>abc water")
    expect(page.page.locator(".search-message")).to_contain_text("“steps>abc” was left out")
