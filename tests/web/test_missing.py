"""What does not exist, does not come, or is from another version of the code."""

from __future__ import annotations

import re

from civitai_manager_libs.web import bundle
from fault_responses import page as html_page, reset, status, whole
from gallery_page import SMALL
from page_driver import expect, wait_for
from page_facts import of_model

_MODEL = 900_001
_GONE = "999999999"


def _sentences(page):
    """Return the texts of all messages in sight, except notices."""
    return page.page.locator(".status:visible p, .slide-error:visible, .problems:visible")


def test_what_does_not_exist_is_told_once_and_a_wrong_url_beside_its_field(server, open_gallery):
    page = open_gallery(server, f"?model={_MODEL}&image={_GONE}", **SMALL)
    said, error = page.page.locator(".of-images"), page.page.locator(".slide-error")
    expect(error).to_contain_text("Civitai has no such picture")
    expect(_sentences(page)).to_have_count(1)
    expect(page.control("save")).to_have_count(0)
    expect(page.page.locator(".details")).to_be_hidden()
    error.get_by_role("button").click()
    expect(page.viewer).to_be_hidden()
    page.ready().go("?user=nobody_of_that_name")
    expect(said).to_contain_text("no pictures by nobody_of_that_name")
    expect(said.get_by_role("button")).to_have_count(1)
    for control in ("watch", "download-gallery"):
        expect(page.control(control)).to_have_count(0)
    page.go(f"?model={_GONE}")
    expect(said).to_contain_text("Civitai has no such model")
    expect(_sentences(page)).to_have_count(1)
    for control in ("watch", "figures", "download-gallery", "filters"):
        expect(page.control(control)).to_have_count(0)
    said.get_by_role("button").click()
    expect(page.page.locator(".home")).to_be_visible()

    held, wrong = [], f"https://civitai.com/models/{_GONE}"
    page.page.route("**/api/home", lambda route: held.append(route))
    page.reload()
    page.find(wrong)
    problem = page.page.locator(".of-lookup[data-kind='problem']")
    expect(problem.get_by_role("button")).to_be_visible()
    expect(page.field("find")).to_be_focused()
    wait_for(lambda: page.page.evaluate("0") or held).pop().continue_()
    expect(page.page.locator(".home-shelf").first).to_be_visible()  # below it, and later
    expect(page.field("find")).to_be_focused()
    page.find(f"https://civitai.com/models/{_MODEL}")
    expect(page.tiles.first).to_be_focused()
    assert page.scroll_position() == 0
    page.scroll_to(20)
    there = page.scroll_position()
    page.find(wrong)
    expect(problem).to_be_in_viewport()
    problem.get_by_role("button").click()
    expect(problem).to_be_hidden()
    assert page.scroll_position() == there > 0


def test_what_fails_to_come_is_told_once_and_comes_by_a_retry_or_with_a_key(
    flaky, start, open_gallery
):
    server = start(f"http://{flaky.host}", http_max_retries=0)  # which knows no image yet
    page = open_gallery(server, f"?image={of_model(900_004)[5].id}&level=XXX", **SMALL)
    expect(page.viewer).to_have_attribute("data-shows", "file")
    page.key("Escape")
    expect(page.page.locator(".home")).to_be_visible()

    flaky.rule("/api/", reset())
    page.go(f"?model={_MODEL}&type=image")
    said = page.page.locator(".of-images[data-kind='problem']")
    expect(said).to_be_visible()
    expect(_sentences(page)).to_have_count(1)
    expect(page.control("watch")).to_have_count(0)
    flaky.rules.clear()
    flaky.rule("original=true", whole(b"\x89PNG\r\n\x1a\n" + b"x" * 500))
    said.get_by_role("button").click()
    page.ready()
    expect(page.page.locator(".gallery-header h2")).to_have_text(re.compile("Quiet Places"))

    page.tiles.first.click()
    error = page.slide.locator(".slide-error")
    expect(error).to_contain_text("cannot show the file")
    expect(error.get_by_role("button")).to_have_text("Download")
    page.key("Escape")
    flaky.rule("original=true", status(404))
    page.tiles.nth(8).click()
    expect(error).to_contain_text("no longer there")
    error.get_by_role("button").click()
    expect(page.viewer).to_be_hidden()

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


def test_server_that_is_gone_is_told_once_by_each_part_until_it_is_back(server, open_gallery):
    page = open_gallery(server, **SMALL).open(1)
    details, said = page.page.locator(".details-body"), page.page.locator(".of-images")
    expect(details).to_have_attribute("aria-busy", "false")
    known = details.locator(".prompt").inner_text().split("\n")[-1]
    page.key("Escape")
    first = int(page.tiles.first.get_attribute("data-id"))
    wait_for(lambda: server.has_record(first), "the record of the first image")

    # Each time anew: nothing else on the page has noticed it before.
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

    page.context.set_offline(True)
    page.tiles.nth(1).click()
    expect(details).to_contain_text(known)
    page.key("End")  # of which nothing was read
    expect(details).not_to_contain_text(known)
    expect(page.slide.locator(".slide-error")).to_contain_text("does not answer")
    expect(page.page.locator(".details .author")).to_be_visible()  # which the gallery knows
    expect(page.page.locator(".details .problems")).to_be_hidden()  # it is said once
    tools = page.viewer.locator(".tools")
    for control in ("favourite", "save"):
        expect(tools.locator(f"[data-do={control}]")).to_be_disabled()
    expect(tools.locator("[data-do=mark]")).to_be_enabled()
    page.key("Escape")
    expect(said).to_contain_text("continues by itself")
    expect(said.locator("p")).to_have_css("font-weight", "400")
    page.context.set_offline(False)
    expect(said).to_be_hidden()

    favourite = page.open().viewer.locator(".tools [data-do=favourite]")
    page.context.set_offline(True)
    favourite.press("Enter")
    expect(favourite).to_be_disabled()
    expect(favourite).to_be_focused()
    page.context.set_offline(False)
    for control in ("favourite", "save"):
        expect(tools.locator(f"[data-do={control}]")).to_be_enabled()
    page.key("Escape")
    expect(page.viewer).to_be_hidden()

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


_OUTDATED = {
    "error": {"code": "outdated", "message": "The extension was updated: reload this page."}
}


def test_request_that_hangs_or_is_of_an_older_version_or_fails_is_repeated(server, open_gallery):
    page = open_gallery(server, "", **SMALL)
    said = page.page.locator(".of-images")
    page.page.clock.install()
    for held in ("bootstrap", "home"):
        page.page.route(re.compile(rf"/api/{held}\b"), lambda route: None, times=1)
        with page.page.expect_request(re.compile(rf"/api/{held}\b")):
            page.reload()
        expect(said).to_contain_text("Loading")
        page.page.clock.fast_forward(4000)
        expect(said).to_contain_text("has not answered yet")
        said.get_by_role("button", name="Try again").click()
        expect(page.page.locator(".home")).to_be_visible()
        expect(said).to_be_hidden()

    page.go(f"?model={_MODEL}")
    page.ready()
    page.page.route("**/api/images*", lambda route: route.fulfill(status=409, json=_OUTDATED))
    page.field("sort").select_option("Oldest")
    expect(said).to_contain_text("The extension was updated")
    page.page.unroute_all()
    with page.page.expect_navigation():
        said.locator("[data-do=reload]").click()
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

    answered = []

    def change(route):
        record = route.fetch().json()
        answered.append(record["id"])
        dates = ["Created Date", f"2026-08-09T11:{len(answered):02}:20.000Z"]
        parameters = [["Steps", str(record["id"])], dates]
        route.fulfill(json={**record, "prompt": "", "negative": "", "parameters": parameters})

    page.page.route("**/api/images/*", lambda route: route.abort())
    page.tiles.first.focus()  # whose record is read when it keeps the focus
    for key in ("Space", "ArrowRight", "Space", "c"):
        page.key(key)
    difference = page.panel("compare").locator(".difference")
    retry = difference.get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    page.page.unroute("**/api/images/*")
    page.page.route("**/api/images/*", change)
    retry.press("Enter")
    table = difference.locator("table")
    expect(table.locator("caption")).to_have_text("What differs: 1")
    expect(table.locator("th[scope=row]")).to_have_text(["Steps", "Created Date"])  # but no cause
    expect(table.locator("tr").last).to_contain_text("Aug 9, 2026")
    expect(difference).to_be_focused()


def test_page_whose_code_is_of_an_older_version_offers_to_reload(server, browser):
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.route("**/page/*/page.js", lambda route: route.fulfill(status=410, json=_OUTDATED))
    page.goto(server.url)  # its tab is opened after the update
    expect(page.locator("civitai-gallery p")).to_have_text(_OUTDATED["error"]["message"])
    page.unroute_all()
    page.locator("civitai-gallery [data-do=reload]").click()
    expect(page.locator("[data-field=find]")).to_be_visible()
    now, kept = bundle.find_code_version(), "0123456789abcdef"
    page.route(
        f"{server.url}/",
        lambda route: route.fulfill(body=route.fetch().text().replace(now, kept)),
    )
    page.route(  # the code is in the browser's cache
        f"**/page/{kept}/*",
        lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace(kept, now))),
    )
    page.goto(server.url)
    status = page.locator(".status.of-images")
    expect(status).to_contain_text(_OUTDATED["error"]["message"])
    expect(status.locator("[data-do=reload]")).to_have_text("Reload")
    page.unroute_all()
    status.locator("[data-do=reload]").click()
    expect(page.locator(".home")).to_be_visible()
    context.close()
