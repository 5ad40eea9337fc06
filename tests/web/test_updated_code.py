"""A page that is open while the extension is updated: it never mixes two versions of the code."""

from __future__ import annotations

import pytest
from civitai_manager_libs.web import bundle
from page_driver import expect

pytestmark = pytest.mark.page

_OUTDATED = {
    "error": {"code": "outdated", "message": "The extension was updated: reload this page."}
}


def test_open_page_of_an_older_version_offers_to_reload(server, open_gallery):
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
    assert page.wrongs == []


def test_panel_of_an_older_version_offers_to_reload(server, open_gallery):
    page = open_gallery(server).ready()
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
