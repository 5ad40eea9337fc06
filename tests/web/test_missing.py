"""What does not exist, does not come, or is from another version of the code."""

from __future__ import annotations

import re

from civitai_manager_libs.web import bundle
from fault_responses import page as html_page, reset, status, whole
from page_driver import expect, wait_for
from page_facts import of_model

_MODEL = 900_001
_GONE = "999999999"


def _sentences(page):
    """Return the texts of all messages in sight, except notices."""
    return page.page.locator(".status:visible p, .slide-error:visible, .problems:visible")


def test_missing_image_model_or_author_is_reported_once_and_home_works(server, open_gallery):
    page = open_gallery(server, f"?model={_MODEL}&image={_GONE}")
    expect(page.page.locator(".slide-error")).to_contain_text("Civitai has no such picture")
    expect(_sentences(page)).to_have_count(1)
    expect(page.control("save")).to_have_count(0)
    expect(page.page.locator(".details")).to_be_hidden()
    page.page.locator(".slide-error").get_by_role("button").click()
    expect(page.viewer).to_be_hidden()
    page.ready().go("?user=nobody_of_that_name")
    expect(page.page.locator(".of-images")).to_contain_text("no pictures by nobody_of_that_name")
    expect(page.page.locator(".of-images").get_by_role("button")).to_have_count(1)
    expect(page.control("watch")).to_have_count(0)
    expect(page.control("download-gallery")).to_have_count(0)
    page.go(f"?model={_GONE}")
    expect(page.page.locator(".of-images")).to_contain_text("Civitai has no such model")
    expect(_sentences(page)).to_have_count(1)
    for control in ("watch", "figures", "download-gallery", "filters"):
        expect(page.control(control)).to_have_count(0)
    page.page.locator(".of-images").get_by_role("button").click()
    expect(page.page.locator(".home")).to_be_visible()


def test_url_of_an_unknown_image_shows_the_image(start, demo, open_gallery):
    page = open_gallery(start(demo.url), f"?image={of_model(_MODEL)[5].id}&level=XXX")
    expect(page.viewer).to_have_attribute("data-shows", "file")
    page.key("Escape")
    expect(page.page.locator(".home")).to_be_visible()


def test_wrong_url_is_reported_in_view_after_scrolling_too(server, open_gallery):
    page = open_gallery(server).ready()
    page.scroll_to(60)
    there = page.scroll_position()
    page.find(f"https://civitai.com/models/{_GONE}")
    problem = page.page.locator(".of-lookup[data-kind='problem']")
    expect(problem).to_be_in_viewport()
    problem.get_by_role("button").click()
    expect(problem).to_be_hidden()
    assert page.scroll_position() == there


def test_failed_page_is_reported_once_and_loaded_by_a_retry_or_with_a_key(
    flaky, start, open_gallery
):
    server = start(f"http://{flaky.host}", http_max_retries=0)
    flaky.rule("/api/", reset())
    page = open_gallery(server, f"?model={_MODEL}")
    said = page.page.locator(".of-images[data-kind='problem']")
    expect(said).to_be_visible()
    expect(_sentences(page)).to_have_count(1)
    expect(page.control("watch")).to_have_count(0)
    flaky.rules.clear()
    said.get_by_role("button").click()
    page.ready()
    expect(page.page.locator(".gallery-header h2")).to_have_text(re.compile("Quiet Places"))

    flaky.rule("/api/", reset())
    page.go("?find=water")  # its words stay in the field
    problem = page.page.locator(".status[data-kind='problem']")
    expect(problem).to_be_visible()
    expect(page.field("find")).to_have_value("water")
    flaky.rules.clear()
    problem.get_by_role("button").click()
    expect(page.control("open-model").first).to_be_visible()
    expect(page.field("find")).to_have_value("water")

    flaky.rule("/api/v1/images", html_page(403))
    page.go("?model=900007")
    expect(said).to_contain_text("API key")
    said.get_by_role("button").click()
    expect(page.panel("settings")).to_be_visible()
    flaky.rules.clear()
    page.field("key").fill("demo-key")
    page.control("save-key").click()
    page.ready()
    expect(said).to_have_count(0)


def test_file_that_cannot_be_shown_is_downloaded_and_one_that_is_gone_not_offered_again(
    flaky, flaky_server, open_gallery
):
    flaky.rule("original=true", whole(b"\x89PNG\r\n\x1a\n" + b"x" * 500))
    page = open_gallery(flaky_server, f"?model={_MODEL}&type=image").ready()
    page.tiles.first.click()
    said = page.slide.locator(".slide-error")
    expect(said).to_contain_text("cannot show the file")
    expect(said.get_by_role("button")).to_have_text("Download")
    page.key("Escape")
    flaky.rule("original=true", status(404))
    page.tiles.nth(8).click()
    expect(said).to_contain_text("no longer there")
    said.get_by_role("button").click()
    expect(page.viewer).to_be_hidden()


def test_panel_says_that_the_server_is_gone_until_it_is_back(server, open_gallery):
    """Each time anew: nothing else on the page has noticed it before."""
    page = open_gallery(server).ready()
    first = int(page.tiles.first.get_attribute("data-id"))
    wait_for(lambda: server.has_record(first), "the record of the first image")
    for button, name, empty in (
        ("watched", "watches", "You watch nothing yet"),
        ("sets", "collections", "no collections yet"),
        ("figures", "stats", "pictures"),
        (None, "model_files", "missing"),
    ):
        page.tiles.first.focus()
        if name == "watches":
            page.control("sets").click()
            page.wait_until_idle()  # else the panel with this button fails too
        page.context.set_offline(True)
        page.control(button).first.click() if button else page.key("g")
        panel = page.panel(name)
        expect(panel.get_by_role("alert")).to_contain_text("does not answer")
        assert panel.locator(".panel-body").get_by_role("button").all_inner_texts() == ["Try again"]
        shown = panel.get_by_text(empty).locator("visible=true")
        expect(shown).to_have_count(0)
        page.context.set_offline(False)
        expect(shown.first).to_be_visible()
        expect(panel.get_by_role("alert")).to_be_hidden()
        page.key("Escape")
        expect(panel).to_be_hidden()


def test_server_that_is_gone_is_told_once(flaky_server, open_gallery):
    page = open_gallery(flaky_server).ready()
    said = page.page.locator(".of-images")
    for act in (
        lambda: page.key("d"),
        lambda: page.key("b"),
        lambda: page.control("watch").click(),
        lambda: page.control("home").click(),  # never read, so the gallery stays
    ):
        page.tiles.first.focus()
        page.context.set_offline(True)
        act()
        expect(said).to_contain_text("does not answer")
        expect(said.get_by_role("button")).to_have_count(1)
        expect(page.message("does not answer")).to_have_count(0)
        page.context.set_offline(False)
        expect(said).to_be_hidden()


def test_gallery_says_quietly_that_the_server_is_gone_as_soon_as_a_request_failed(
    server, open_gallery
):
    page = open_gallery(server).open(1)
    details = page.page.locator(".details-body")
    expect(details).to_have_attribute("aria-busy", "false")
    known = details.locator(".prompt").inner_text().split("\n")[-1]
    page.key("Escape")
    page.context.set_offline(True)
    page.tiles.nth(1).click()
    expect(details).to_contain_text(known)
    page.key("End")  # of which nothing was read
    expect(details).not_to_contain_text(known)
    expect(page.slide.locator(".slide-error")).to_contain_text("does not answer")
    expect(page.page.locator(".details .author")).to_be_visible()  # which the gallery knows
    expect(page.page.locator(".details .problems")).to_be_hidden()  # it is said once
    page.key("Escape")
    said = page.page.locator(".of-images")
    expect(said).to_contain_text("continues by itself")
    expect(said.locator("p")).to_have_css("font-weight", "400")
    page.context.set_offline(False)
    expect(said).to_be_hidden()


def test_viewer_offers_no_request_while_the_server_is_gone(flaky_server, open_gallery):
    page = open_gallery(flaky_server).open()
    page.context.set_offline(True)
    page.viewer.locator(".tools [data-do=favourite]").press("Enter")
    for control in ("favourite", "save"):
        expect(page.viewer.locator(f".tools [data-do={control}]")).to_be_disabled()
    expect(page.viewer.locator(".tools [data-do=favourite]")).to_be_focused()
    expect(page.viewer.locator(".tools [data-do=mark]")).to_be_enabled()
    page.context.set_offline(False)
    for control in ("favourite", "save"):
        expect(page.viewer.locator(f".tools [data-do={control}]")).to_be_enabled()


def test_first_request_that_hangs_can_be_repeated(server, open_gallery):
    page = open_gallery(server, "")
    for held in ("bootstrap", "home"):
        page.page.route(re.compile(rf"/api/{held}\b"), lambda route: None, times=1)
        page.reload()
        status = page.page.locator(".of-images")
        expect(status).to_contain_text("has not answered yet")
        status.get_by_role("button", name="Try again").click()
        expect(page.page.locator(".home")).to_be_visible()
        expect(status).to_be_hidden()


def test_wrong_url_leaves_the_focus_in_its_field_and_a_right_one_at_the_images(
    server, open_gallery
):
    page, held = open_gallery(server, ""), []
    page.page.route("**/api/home", lambda route: held.append(route))
    page.reload()
    page.find(f"https://civitai.com/models/{_GONE}")
    expect(page.page.locator(".of-lookup").get_by_role("button")).to_be_visible()
    expect(page.field("find")).to_be_focused()
    wait_for(
        lambda: page.page.evaluate("0") or held
    ).pop().continue_()  # what is shown below it comes later
    expect(page.page.locator(".home-shelf").first).to_be_visible()
    expect(page.field("find")).to_be_focused()
    page.find(f"https://civitai.com/models/{_MODEL}")
    expect(page.tiles.first).to_be_focused()
    assert page.scroll_position() == 0


def test_retried_comparison_keeps_the_focus(server, open_gallery):
    page = open_gallery(server, f"?model={_MODEL}").ready()
    page.page.route("**/api/images/*", lambda route: route.abort())
    page.tiles.first.focus()  # whose record is read when it keeps the focus
    for key in ("Space", "ArrowRight", "Space", "c"):
        page.key(key)
    difference = page.panel("compare").locator(".difference")
    retry = difference.get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    page.page.unroute("**/api/images/*")
    retry.press("Enter")
    expect(difference.locator("table")).to_be_visible()
    expect(difference).to_be_focused()


def test_date_of_an_image_is_shown_but_is_no_difference_of_how_it_was_made(server, open_gallery):
    page = open_gallery(server, f"?model={_MODEL}").ready()
    answered = []

    def change(route):
        record = route.fetch().json()
        answered.append(record["id"])
        dates = ["Created Date", f"2026-08-09T11:{len(answered):02}:20.000Z"]
        parameters = [["Steps", str(record["id"])], dates]
        route.fulfill(json={**record, "prompt": "", "negative": "", "parameters": parameters})

    page.page.route("**/api/images/*", change)
    page.tiles.first.focus()
    for key in ("Space", "ArrowRight", "Space", "c"):
        page.key(key)
    table = page.panel("compare").locator(".difference table")
    expect(table.locator("caption")).to_have_text("What differs: 1")
    expect(table.locator("th[scope=row]")).to_have_text(["Steps", "Created Date"])
    expect(table.locator("tr").last).to_contain_text("Aug 9, 2026")


_OUTDATED = {
    "error": {"code": "outdated", "message": "The extension was updated: reload this page."}
}


def test_open_page_and_panel_of_an_older_version_offer_to_reload(server, open_gallery):
    page = open_gallery(server, "?model=900001")
    page.ready()
    page.page.route("**/api/images*", lambda route: route.fulfill(status=409, json=_OUTDATED))
    page.page.locator("[data-field=sort]").select_option("Oldest")
    status = page.page.locator(".status.of-images")
    expect(status).to_contain_text("The extension was updated")
    page.page.unroute_all()
    with page.page.expect_navigation():
        status.locator("[data-do=reload]").click()
    page.ready()
    page.page.route("**/api/collections*", lambda route: route.fulfill(status=409, json=_OUTDATED))
    page.control("sets").click()
    panel = page.panel("collections")
    expect(panel.get_by_role("alert")).to_contain_text("The extension was updated")
    buttons = panel.locator(".panel-body").get_by_role("button")
    expect(buttons).to_have_text(["Reload"])
    page.page.unroute_all()
    with page.page.expect_navigation():
        buttons.click()
    page.ready()


def test_tab_opened_after_an_update_offers_to_reload(server, open_gallery, browser):
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.route("**/page/*/page.js", lambda route: route.fulfill(status=410, json=_OUTDATED))
    page.goto(server.url)
    expect(page.locator("civitai-gallery p")).to_have_text(_OUTDATED["error"]["message"])
    page.unroute_all()
    page.locator("civitai-gallery [data-do=reload]").click()
    expect(page.locator("[data-field=find]")).to_be_visible()
    context.close()


def test_cached_code_of_an_older_version_offers_to_reload(server, browser):
    """The page was there before the update, its tab is opened after it."""
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    kept = "0123456789abcdef"
    page.route(
        f"{server.url}/",
        lambda route: route.fulfill(
            body=route.fetch().text().replace(bundle.find_code_version(), kept)
        ),
    )
    page.route(
        f"**/page/{kept}/*",
        lambda route: route.fulfill(
            response=route.fetch(url=route.request.url.replace(kept, bundle.find_code_version()))
        ),
    )
    page.goto(server.url)
    status = page.locator(".status.of-images")
    expect(status).to_contain_text(_OUTDATED["error"]["message"])
    expect(status.locator("[data-do=reload]")).to_have_text("Reload")
    page.unroute_all()
    status.locator("[data-do=reload]").click()
    expect(page.locator(".home")).to_be_visible()
    context.close()
