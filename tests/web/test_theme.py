"""The tab in a host's own look: its colours, and the room that it gives the tab."""

from __future__ import annotations

import pytest
from page_driver import expect, wait_for

pytestmark = [pytest.mark.page, pytest.mark.door]
_OPENED = "?model=900003"
_THEME = """
    .gradio-container.gradio-container { background: rgb(30 40 50) !important; color: %s !important;
        font-family: Georgia !important }
    .gradio-container *:not(:has(civitai-gallery)) { color: inherit }
    .gradio-container *:has(civitai-gallery) {
        background: transparent !important; color: inherit !important; font-family: inherit }
"""
_LOOK = """gallery => {
    const style = getComputedStyle(gallery);
    const head = gallery.shadowRoot.querySelector(".top");
    return { theme: gallery.dataset.theme, head: getComputedStyle(head).backgroundColor,
             text: style.color, font: style.fontFamily };
}"""


def test_background_and_font_are_those_around_our_element_and_text_if_it_is_readable(open_host):
    """In a host whose theme sets none of gradio's variables."""
    page = open_host(query=_OPENED).page
    expect(page.locator("[data-tile]").first).to_be_visible()
    gallery = page.locator("civitai-gallery")
    page.add_style_tag(content=_THEME % "rgb(230 240 250 / 50%)")
    page.evaluate("document.body.classList.add('themed')")
    wait_for(lambda: gallery.evaluate(_LOOK)["text"] == "rgb(130, 140, 150)")  # it may be faded to
    look = gallery.evaluate(_LOOK)
    assert look["head"] == "rgb(30, 40, 50)"  # no band in another colour
    assert (look["theme"], look["font"]) == ("dark", "Georgia")
    page.add_style_tag(content=_THEME % "rgb(20 20 20)")  # too dark to be read
    page.evaluate("document.body.classList.remove('themed')")
    wait_for(lambda: gallery.evaluate(_LOOK)["text"] != "rgb(130, 140, 150)")
    look = gallery.evaluate(_LOOK)
    assert look["theme"] == "dark" and look["text"] != "rgb(20, 20, 20)"


def test_tab_that_is_laid_out_unseen_sends_no_request(browser, host):
    context = browser.new_context()
    page, asked = context.new_page(), []
    page.on("request", lambda request: "/api/" in request.url and asked.append(request.url))
    page.add_init_script("""addEventListener("DOMContentLoaded", () => {
        document.documentElement.style.opacity = 0; })""")
    page.goto(f"{host.url}/{_OPENED}")
    page.wait_for_function("() => document.querySelector('civitai-gallery')?.clientWidth > 0")
    page.wait_for_load_state("networkidle")
    assert asked == []
    page.evaluate("document.documentElement.style.opacity = 1")
    expect(page.locator("[data-tile]").first).to_be_visible()
    context.close()


def test_gallery_in_a_narrow_part_of_a_window_is_laid_out_for_phones(open_host):
    page = open_host(query=_OPENED).page
    expect(page.locator("[data-do=settings]").first).to_be_visible()
    page.add_style_tag(content="civitai-gallery { width: 320px }")
    expect(page.locator("[data-do=more-tools]")).to_be_visible()
    right = page.locator("civitai-gallery").evaluate("""gallery => Math.max(
        ...[...gallery.shadowRoot.querySelectorAll(".top *, .gallery-header *, .selection-bar *")]
            .map((part) => part.getBoundingClientRect().right))""")
    assert right <= page.locator("civitai-gallery").evaluate(
        "gallery => gallery.getBoundingClientRect().right"
    )
