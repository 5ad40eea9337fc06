"""The tab in a real page: finding a model, turning pages, one picture.

With CIVITAI_TEST_PYTHON the page is served by another Python, and so by another gradio.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from civitai_manager_libs.demo import files
from civitai_manager_libs.demo.gallery.catalogue import model_of
from fault_answers import stalled
from page_driver import expect, until
from page_facts import chunks, infotext_of, of_model, of_version, uuids

pytestmark = pytest.mark.page
_PAPER, _NIGHT, _LONG, _BIG, _FIELDS = 900003, 900004, 900010, 900002, 900006


def _api(demo, path="/api/v1/images"):
    """What each request there asked for."""
    asked = [urlsplit(target) for _, target in list(demo.requests)]
    return [parse_qs(parts.query) for parts in asked if parts.path == path]


# Finding a model


@pytest.mark.parametrize(
    "words",
    ["900003", "https://civitai.com/models/900003/paper-and-ink", "civitai.red/models/900003"],
    ids=["id", "url", "other-domain"],
)
def test_model_that_is_named_shows_its_newest_pictures(open_tab, server, words):
    tab = open_tab(server)
    tab.find(words)
    tab.shows(uuids(of_model(_PAPER)[:8]))
    expect(tab.part("status")).to_have_text("Paper & Ink (LORA by papercut_lab)")
    expect(tab.part("page_text")).to_have_text("Page 1")


def test_trigger_word_is_copied_by_a_click(open_tab, server):
    tab = open_tab(server)
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.find(str(_NIGHT))
    word = tab.page.locator(".civitai-shortcut-word")
    expect(word).to_have_text("night windows")
    word.click()
    expect(word).to_have_class(re.compile("copied"))
    assert tab.page.evaluate("navigator.clipboard.readText()") == "night windows"


def test_version_that_a_url_names_is_the_one_that_is_shown(open_tab, server):
    tab = open_tab(server)
    tab.find(f"{server.civitai}/models/900003?modelVersionId=910301")
    tab.shows(uuids(of_version(_PAPER, 910301)[:8]))
    assert "XL v1" in tab.field("version_dropdown").input_value()


def test_version_that_the_model_has_not_is_told_and_all_are_shown(open_tab, server):
    tab = open_tab(server)
    tab.find(f"{server.civitai}/models/900003?modelVersionId=910999")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    expect(tab.part("status")).to_contain_text("Paper & Ink (LORA by papercut_lab)")
    expect(tab.part("message")).to_contain_text("has no version 910999")


def test_words_bring_cards_of_which_one_is_opened(open_tab, server):
    tab = open_tab(server)
    tab.find("paper")
    cards = tab.part("results_gallery").locator(".thumbnail-item")
    expect(cards.first).to_contain_text("Paper & Ink · LORA · papercut_lab")
    expect(tab.part("message")).to_contain_text("Models found: 1")
    cards.first.click()
    tab.shows(uuids(of_model(_PAPER)[:8]))
    expect(tab.part("results_gallery")).to_be_hidden()


def test_same_card_of_another_search_opens_another_model(open_tab, server):
    tab = open_tab(server)
    cards = tab.part("results_gallery").locator(".thumbnail-item")
    for words, name, model_id in (("paper", "Paper & Ink", _PAPER), ("fields", "Flux", 900006)):
        tab.find(words)
        expect(cards.first).to_contain_text(name)
        cards.first.click()
        tab.shows(uuids(of_model(model_id)[:8]))


def test_search_that_finds_nothing_says_so_and_leaves_the_page_alone(open_tab, server):
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    tab.find("no such thing anywhere")
    expect(tab.part("message")).to_contain_text("No model matches")
    tab.shows(uuids(of_model(_PAPER)[:8]))


def test_model_opened_before_is_among_the_recent_ones_of_a_later_page(open_tab, server):
    tab = open_tab(server)
    tab.find("900010")
    tab.shows(uuids(of_model(_LONG)[:8]))
    tab = open_tab(server)
    tab.choose("recent_dropdown", "A Model Whose Name")
    tab.shows(uuids(of_model(_LONG)[:8]))
    assert tab.field("model_box").input_value() == "900010"


@pytest.mark.parametrize(
    "words,said",
    [
        ("", "Nothing was given"),
        ("https://example.org/models/1", "is on example.org, not on Civitai"),
        ("99999999999", "is no model's id"),
        ("900099", "Civitai has no such model"),
    ],
    ids=["nothing", "foreign-site", "too-large", "unknown"],
)
def test_what_names_no_model_is_told_in_the_status_and_as_a_toast(open_tab, server, words, said):
    tab = open_tab(server)
    tab.find(words)
    expect(tab.part("message")).to_contain_text(said)
    expect(tab.page.locator(".toast-body").last).to_contain_text(said)


# Turning pages


def test_pages_turn_forward_back_to_the_first_and_by_the_slider(open_tab, server):
    pages = [uuids(page) for page in chunks(of_model(_PAPER))[:3]]
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(pages[0])
    expect(tab.part("previous_button")).to_be_disabled()
    for press, page in [("next", 1), ("next", 2), ("previous", 1), ("next", 2), ("first", 0)]:
        tab.press(f"{press}_button")
        tab.shows(pages[page])
        expect(tab.part("page_text")).to_have_text(f"Page {page + 1}")
    slider = tab.part("page_slider").locator("input[type=range]")
    slider.evaluate(
        "node => { node.value = 3; node.dispatchEvent(new Event('input', {bubbles: true})) }"
    )
    slider.dispatch_event("pointerup")
    tab.shows(pages[2])


def test_page_number_that_is_typed_turns_there_and_a_wrong_one_to_the_nearest(open_tab, server):
    pages = [uuids(page) for page in chunks(of_model(_PAPER))[:3]]
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(pages[0])
    for page in pages[1:]:
        tab.press("next_button")
        tab.shows(page)
    number = tab.part("page_slider").locator("input[type=number]").first
    for typed, page in (("1", 0), ("2", 1), ("500", 2), ("-5", 0)):
        number.fill(typed)
        tab.key("Enter")
        tab.shows(pages[page])
        expect(tab.part("page_text")).to_have_text(f"Page {page + 1}")
        expect(number).to_have_value(str(page + 1))


def test_page_that_is_loaded_anew_opens_the_model_that_it_had(open_tab, server):
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    tab.open()
    tab.shows(uuids(of_model(_PAPER)[:8]))
    another = open_tab(server)
    another.page.wait_for_timeout(1500)
    assert another.names() == []


def test_gallery_comes_to_an_end_that_is_told(open_tab, server):
    pages = chunks(of_model(_LONG))
    tab = open_tab(server)
    tab.find("900010")
    for page in pages:
        tab.shows(uuids(page))
        if page is not pages[-1]:
            tab.press("next_button")
    expect(tab.part("page_text")).to_have_text(f"Page {len(pages)} · end of gallery")
    expect(tab.part("next_button")).to_be_disabled()


def test_empty_gallery_says_that_it_is_empty(open_tab, server):
    tab = open_tab(server)
    tab.find("900009")
    expect(tab.part("status")).to_contain_text("There are no pictures here")
    assert tab.names() == []
    expect(tab.part("download_page_button")).to_be_disabled()


def test_first_thumbnails_come_after_two_requests_and_no_original(open_tab, server, demo):
    """The gallery has 10,000 pictures."""
    tab = open_tab(server)
    demo.requests.clear()
    tab.find("900002")
    until(lambda: any("-450" in name for name in tab.names()))
    targets = [target for _, target in list(demo.requests)]
    first = next(i for i, target in enumerate(targets) if "/width=450/" in target)
    assert len([t for t in targets[:first] if t.startswith("/api/")]) == 2
    tab.shows(uuids(of_model(_BIG)[:8]))
    assert not [target for target in targets if "original=true" in target]


def test_page_that_was_preloaded_turns_without_a_request(open_tab, server, demo):
    tab = open_tab(server)
    tab.find("900002")
    pages = [uuids(page) for page in chunks(of_model(_BIG))[:2]]
    tab.shows(pages[0])
    asked = [f"/{uuid}/" for uuid in pages[1]]
    until(lambda: all(any(a in t for _, t in list(demo.requests)) for a in asked), "preloading")
    until(lambda: all(any(u in n for n in _cached(server)) for u in pages[1]), "the files")
    later = [f"/{uuid}/" for uuid in uuids(chunks(of_model(_BIG))[2])]
    before = list(demo.requests)
    tab.press("next_button")
    tab.shows(pages[1])
    new = [target for _, target in list(demo.requests)[len(before) :]]
    pictures = [target for target in new if "/api/" not in target]
    assert all(any(uuid in target for uuid in later) for target in pictures)  # the page after it


def _cached(server):
    return [path.name for path in (server.data / "sc_gallery").iterdir()]


def test_nothing_jumps_while_pictures_arrive_and_pages_turn(open_tab, server):
    tab = open_tab(server)
    tab.find("900006")
    until(lambda: len(tab.names()) == 8)
    tab.page.evaluate("""() => {
            window.tops = [];
            const row = document.querySelector('#civitai_shortcut_next_button');
            const look = () => {
                window.tops.push(row.getBoundingClientRect().top + scrollY);
                requestAnimationFrame(look);
            };
            look();
        }""")
    pages = [uuids(page) for page in chunks(of_model(900006))[:3]]
    tab.shows(pages[0])
    for number in (1, 2):
        tab.press("next_button")
        tab.shows(pages[number])
    tops = tab.page.evaluate("window.tops")
    assert len(tops) > 10 and max(tops) - min(tops) <= 2


# Filters


def test_nothing_above_the_chosen_rating_is_ever_asked_for(open_tab, start, demo):
    tab = open_tab(start(demo.url))
    demo.requests.clear()
    tab.find("900003")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    tab.press("next_button")
    tab.shows(uuids(of_model(_PAPER)[8:16]))
    assert {query["browsingLevel"][0] for query in _api(demo)} == {"1"}
    assert _levels(demo) == {1}
    tab.choose("level_dropdown", "R")
    tab.shows(uuids(of_model(_PAPER, level=7)[:8]))
    expect(tab.part("page_text")).to_have_text("Page 1")
    assert {query["browsingLevel"][0] for query in _api(demo)} == {"1", "7"}
    assert _levels(demo) <= {1, 2, 4}


def _levels(demo):
    """Of all files that were asked for."""
    by_uuid = {files.uuid_of(row.id): row.level for row in of_model(_PAPER, level=31)}
    targets = [target.split("/") for _, target in list(demo.requests)]
    return {by_uuid[parts[2]] for parts in targets if len(parts) > 2 and parts[2] in by_uuid}


def test_type_filter_shows_only_videos_each_marked_as_one(open_tab, server):
    tab = open_tab(server)
    tab.find("900007")
    tab.shows(uuids(of_model(900007)[:8]))
    tab.choose("type_dropdown", "Videos")
    tab.shows(uuids(of_model(900007, kind="video")[:8]))
    assert all("▶" in caption for caption in tab.tiles.all_inner_texts())


def test_with_generation_data_only_passes_over_pictures_without(open_tab, server):
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    tab.part("meta_checkbox").locator("input").check()
    first = of_model(_PAPER)[:8]
    tab.shows(uuids([row for row in first if infotext_of(row) and row.kind != "hidden"]))


def test_sort_that_civitai_drops_for_all_versions_is_told_and_works_for_one(open_tab, server):
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    tab.choose("sort_dropdown", "Most reactions")
    expect(tab.part("status")).to_contain_text("Civitai sorts by upload only")
    expect(tab.part("sort_dropdown")).to_contain_text("not in force")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    tab.choose("version_dropdown", "XL v1")
    found = of_version(_PAPER, 910301)
    tab.shows(uuids(sorted(found, key=lambda row: row.reactions, reverse=True)[:8]))
    assert "Civitai sorts" not in tab.text("status")
    assert "not in force" not in tab.text("sort_dropdown")
    tab.choose("sort_dropdown", "Oldest")
    tab.shows(uuids(sorted(found, key=lambda row: row.sorted_at)[:8]))


def test_period_filter_leaves_out_what_is_older(open_tab, server):
    tab = open_tab(server)
    tab.find("900010")
    tab.shows(uuids(of_model(_LONG)[:8]))
    tab.choose("period_dropdown", "Month")
    until(lambda: 0 < len(tab.names()) < 8)


# One picture


def _open(tab, at, row):
    """Click that tile; its picture and what is said of it are there."""
    tab.tiles.nth(at).click()
    if infotext_of(row):
        expect(tab.field("infotext_box")).to_have_value(infotext_of(row))
    uuid = files.uuid_of(row.id)
    source = tab.part("picture").locator("img")
    until(lambda: uuid in (source.get_attribute("src") or "") or _is_loaded(tab))


def _is_loaded(tab):
    """gradio 3 puts a picture into the page itself: its original is the wide one."""
    return tab.part("picture").locator("img").evaluate("image => image.naturalWidth") > 450


def test_picture_shows_its_original_its_infotext_and_its_details(open_tab, server):
    row = next(r for r in of_model(_PAPER)[:8] if "<lora:" in infotext_of(r))
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    _open(tab, of_model(_PAPER).index(row), row)
    until(lambda: _is_loaded(tab))
    details = tab.text("details")
    assert row.username in details and row.version.base_model in details
    link = tab.part("details").get_by_role("link", name="Open on Civitai")
    assert link.get_attribute("href") == f"{server.civitai}/images/{row.id}"
    assert re.search(r"Paper_Ink\S* +lora +weight [\d.]+", details)


def test_picture_without_generation_data_says_so(open_tab, server):
    row = next(r for r in of_model(_PAPER)[:8] if r.kind in ("none", "hidden"))
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    tab.tiles.nth(of_model(_PAPER).index(row)).click()
    until(lambda: _is_loaded(tab))
    if row.kind == "none":
        expect(tab.part("picture_status")).to_contain_text("No generation data")
        expect(tab.part("infotext_box")).to_be_hidden()


def test_same_tile_opens_again_after_closing_and_on_the_next_page(open_tab, server):
    found = of_model(_PAPER)
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(found[:8]))
    _open(tab, 2, found[2])
    tab.press("close_button")
    expect(tab.part("picture_panel")).to_be_hidden()
    tab.shows(uuids(found[:8]))
    _open(tab, 2, found[2])
    expect(tab.part("picture_panel")).to_be_visible()
    tab.press("next_button")
    tab.shows(uuids(found[8:16]))
    expect(tab.part("picture_panel")).to_be_hidden()
    _open(tab, 2, found[10])


def test_picture_that_does_not_come_is_broken_off_when_another_is_chosen(
    open_tab, flaky_server, flaky, demo
):
    found = of_model(_PAPER)
    never = stalled(demo.original_bytes(found[0].id), 5000)
    flaky.rule(f"/{files.uuid_of(found[0].id)}/original=true", never)
    tab = open_tab(flaky_server)
    tab.find("900003")
    tab.shows(uuids(found[:8]))
    tab.tiles.nth(0).click()
    request = flaky.wait_for(1, files.address("", found[0]))[0]
    _open(tab, 1, found[1])
    until(lambda: _is_loaded(tab))
    assert request.left.wait(10)
    expect(tab.part("picture_status")).to_have_text("")


def test_page_turned_before_its_thumbnails_came_gets_those_of_the_next(
    open_tab, flaky_server, flaky
):
    found = of_model(_FIELDS)  # of which nothing is in the cache
    for uuid in uuids(found[:2]):  # a third place at the host is for the page itself
        flaky.rule(f"/{uuid}/width=450", stalled())
    tab = open_tab(flaky_server)
    tab.find(str(_FIELDS))
    until(lambda: len(tab.names()) == 8)
    tab.press("next_button")
    tab.shows(uuids(found[8:16]))


def test_video_plays_and_its_tile_is_a_still(open_tab, server):
    found = of_model(900007)
    at = next(i for i, row in enumerate(found[:8]) if row.type == "video")
    tab = open_tab(server)
    tab.find("900007")
    tab.shows(uuids(found[:8]))
    assert tab.names()[at].endswith("-450-poster.jpeg")
    tab.tiles.nth(at).click()
    video = tab.part("video").locator("video")
    until(lambda: video.count() and video.evaluate("video => video.readyState") >= 2)
    expect(tab.part("picture")).to_be_hidden()
    tab.press("next_button")
    tab.shows(uuids(found[8:16]))
    assert tab.part("video").locator("video[src]:not([src=''])").count() == 0


def test_large_view_opens_zooms_and_closes(open_tab, server):
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    _open(tab, 1, of_model(_PAPER)[1])
    until(lambda: _is_loaded(tab))
    tab.part("picture").locator("img").click()
    large = tab.page.locator("#civitai_shortcut_large img")
    expect(large).to_be_visible()
    before = large.bounding_box()["width"]
    tab.page.mouse.move(700, 500)
    tab.page.mouse.wheel(0, -300)
    until(lambda: large.bounding_box()["width"] > before * 1.1)
    tab.key("ArrowRight")
    until(lambda: large.bounding_box()["width"] <= before * 2)
    expect(tab.page.locator(".civitai-shortcut-large-line")).to_have_text("3 of 8")
    tab.key("Escape")
    expect(large).to_have_count(0)
    expect(tab.part("picture_panel")).to_be_visible()
    tab.part("picture").locator("img").click()
    tab.page.locator(".civitai-shortcut-large-close").click()
    expect(large).to_have_count(0)


def test_ring_and_place_follow_the_keys_over_the_end_of_a_page(open_tab, server):
    found = of_model(_PAPER)
    ring = "document.querySelectorAll('#civitai_shortcut_gallery .thumbnail-item')"
    ringed = f"Array.from({ring}, tile => tile.classList.contains('civitai-shortcut-chosen'))"

    def stands(at, page):
        tab.shows(uuids(found[8 * page : 8 * page + 8]))
        expect(tab.part("position")).to_have_text(f"{at + 1} of 8")
        until(lambda: tab.page.evaluate(ringed) == [i == at for i in range(8)], "the ring")

    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(found[:8]))
    _open(tab, 6, found[6])
    stands(6, 0)
    tab.key("ArrowRight")
    stands(7, 0)
    tab.key("ArrowRight")
    stands(0, 1)
    expect(tab.field("infotext_box")).to_have_value(infotext_of(found[8]))
    tab.key("ArrowLeft")
    stands(7, 0)
    tab.key("Escape")
    until(lambda: not any(tab.page.evaluate(ringed)), "no ring")


# Keys


def test_keys_turn_mark_and_close_but_are_silent_where_somebody_writes(open_tab, server):
    found = of_model(_PAPER)
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(found[:8]))
    tab.field("model_box").click()
    tab.key("PageDown")
    tab.page.evaluate("document.activeElement.blur()")
    tab.key("PageDown")
    tab.shows(uuids(found[8:16]))
    tab.key("PageUp")
    tab.shows(uuids(found[:8]))
    _open(tab, 0, found[0])
    tab.key("ArrowRight")
    expect(tab.field("infotext_box")).to_have_value(infotext_of(found[1]))
    tab.key("ArrowLeft")
    expect(tab.field("infotext_box")).to_have_value(infotext_of(found[0]))
    tab.key(" ")
    expect(tab.part("mark_button")).to_contain_text("Unmark")
    expect(tab.part("download_marked_button")).to_contain_text("(1)")
    tab.field("infotext_box").click()
    for key in (" ", "d", "ArrowRight", "Escape"):
        tab.key(key)
    expect(tab.part("picture_panel")).to_be_visible()
    expect(tab.part("download_marked_button")).to_contain_text("(1)")
    tab.page.evaluate("document.activeElement.blur()")
    tab.key("Escape")
    expect(tab.part("picture_panel")).to_be_hidden()


def test_space_presses_the_button_that_the_keyboard_came_to(open_tab, server):
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    tab.page.evaluate("document.activeElement.blur()")
    tab.key("ArrowRight")  # nothing is open: the first one opens
    expect(tab.part("position")).to_have_text("1 of 8")
    tab.part("close_button").focus()
    for key in ("Shift+Tab", "Tab", " "):
        tab.key(key)
    expect(tab.part("picture_panel")).to_be_hidden()
    expect(tab.part("download_marked_button")).to_contain_text("(0)")


@pytest.mark.parametrize("width", [760])
def test_narrow_page_shows_the_picture_below_the_grid_and_closing_leads_back(
    open_tab, server, width
):
    tab = open_tab(server, viewport={"width": width, "height": 700})
    tab.find("900003")
    tab.shows(uuids(of_model(_PAPER)[:8]))
    _open(tab, 1, of_model(_PAPER)[1])

    def top(name):
        return tab.part(name).evaluate("node => node.getBoundingClientRect().top")

    until(lambda: abs(top("picture_panel")) < 40, "the picture before one's eyes")
    assert top("gallery") < top("picture_panel") < top("jobs")
    tab.key("Escape")
    until(lambda: 0 <= top("gallery") < 700, "the grid again")


def test_marks_last_over_pages_show_on_the_tiles_and_are_cleared(open_tab, server):
    found = of_model(_PAPER)
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(found[:8]))
    _open(tab, 3, found[3])
    tab.press("mark_button")
    expect(tab.tiles.nth(3)).to_contain_text("★")
    tab.press("next_button")
    tab.shows(uuids(found[8:16]))
    tab.press("previous_button")
    tab.shows(uuids(found[:8]))
    expect(tab.tiles.nth(3)).to_contain_text("★")
    tab.press("clear_marks_button")
    expect(tab.tiles.nth(3)).not_to_contain_text("★")
    expect(tab.part("download_marked_button")).to_be_disabled()


def test_another_model_begins_without_marks_and_the_first_has_its_own_again(open_tab, server):
    found = of_model(_PAPER)
    tab = open_tab(server)
    tab.find("900003")
    tab.shows(uuids(found[:8]))
    _open(tab, 3, found[3])
    tab.press("mark_button")
    expect(tab.part("download_marked_button")).to_contain_text("(1)")
    tab.find("900010")
    tab.shows(uuids(of_model(_LONG)[:8]))
    expect(tab.part("download_marked_button")).to_contain_text("(0)")
    expect(tab.part("download_marked_button")).to_be_disabled()
    assert model_of(_LONG).name[:20] in tab.text("status")
    tab.find("900003")
    tab.shows(uuids(found[:8]))
    expect(tab.part("download_marked_button")).to_contain_text("(1)")
