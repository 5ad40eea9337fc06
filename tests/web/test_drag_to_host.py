"""An image that is dragged from our tab into an image field of another tab of the host."""

from __future__ import annotations

import re

import pytest
from civitai_demo import files
from host_page import with_text
from page_driver import expect
from page_facts import infotext_of

pytestmark = [pytest.mark.page, pytest.mark.door]
_PAPER, _VIDEOS = 900003, 900007
_FIELD = "#pnginfo_image [data-testid=image]"


class _Drag:
    """The mouse with an image of our tab under it."""

    def __init__(self, page, dragged):
        self.page, self.mouse = page, page.page.mouse
        self.mouse.move(*_center(dragged))
        self.mouse.down()
        self.over(dragged, 30)

    def over(self, element, aside=0):
        x, y = _center(element)
        self.mouse.move(x + aside, y + aside, steps=4)

    def into_tab(self, name):
        """Rest on a tab's button until the tab is in front; the mouse is then over its field."""
        tabs = self.page.page.get_by_role("tab", name=name, exact=True)
        button = self.page.page.get_by_role("button", name=name, exact=True)  # gradio 3
        tab = tabs.or_(button).first
        while _center(tab)[1] < 0:  # the browser scrolls while the mouse is near the edge
            self.mouse.move(*self._next_to_the_edge())
        self.over(tab)
        field = self.page.page.locator(_FIELD)
        field.wait_for()
        self.over(field)
        return field

    def _next_to_the_edge(self):
        self.at_edge = not getattr(self, "at_edge", False)
        return 700, 6 + self.at_edge


def _center(element):
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _show_gallery(page, model_id, row):
    page.page.locator("[data-field=find]").first.fill(str(model_id))
    page.page.keyboard.press("Enter")
    tile = page.page.locator(f"[data-tile][data-id='{row.id}']")
    tile.locator("img").first.wait_for()
    return tile


def _listen(page):
    fetched = []
    page.page.on("request", lambda r: r.url.endswith("/file") and fetched.append(r.url))
    return fetched


def _check_dropped(page, row):
    expect(page.sent("pnginfo", "size")).to_have_value("%dx%d" % files.get_size(row))
    arrived = page.sent("pnginfo", "infotext")
    expect(arrived).to_have_value(re.compile(re.escape(infotext_of(row))))


def test_tile_is_dragged_over_a_tab_into_its_field_and_fetched_or_not_when_dropped(open_host):
    row = with_text(_PAPER)
    page = open_host()
    fetched = _listen(page)
    drag = _Drag(page, _show_gallery(page, _PAPER, row))
    field = drag.into_tab("pnginfo")
    assert field.evaluate("field => field.style.outlineStyle") == "dashed" and not fetched
    drag.mouse.up()
    _check_dropped(page, row)
    assert field.evaluate("field => field.style.outline") == "" and len(fetched) == 1
    page.go_to("Civitai Shortcut")
    page.page.route("**/api/images/*/file", lambda route: route.abort())
    drag = _Drag(page, page.page.locator(f"[data-tile][data-id='{row.id}']"))
    drag.into_tab("pnginfo")
    drag.mouse.up()
    message = page.page.locator("[data-civitai-shortcut=message]")  # over the host's own tab
    expect(message).to_have_text(re.compile("does not answer"))


def test_open_image_makes_way_for_the_host_while_it_is_dragged(open_host):
    row = with_text(_PAPER)
    page = open_host()
    page.open(_PAPER, row)
    viewer = page.page.locator("dialog[data-viewer][data-shows=file]")
    image = viewer.locator(f".stage img.file[src$='/{row.id}']")
    drag = _Drag(page, image)
    expect(viewer).to_have_css("opacity", "0")
    drag.mouse.move(700, 500)  # over our own page, which takes no image
    drag.mouse.up()
    expect(viewer).to_have_css("opacity", "1")
    assert viewer.evaluate("dialog => dialog.matches(':modal')")
    drag = _Drag(page, image)
    expect(viewer).to_have_css("opacity", "0")
    drag.into_tab("pnginfo")
    drag.mouse.up()
    _check_dropped(page, row)
    page.go_to("Civitai Shortcut")
    expect(page.page.locator("[data-field=find]").first).to_be_visible()
    expect(viewer).to_be_hidden()


def test_field_for_images_takes_no_video(open_host):
    row = with_text(_VIDEOS, "video")
    page = open_host()
    fetched = _listen(page)
    drag = _Drag(page, _show_gallery(page, _VIDEOS, row))
    field = drag.into_tab("pnginfo")
    assert field.evaluate("field => field.style.outline") == ""
    drag.mouse.up()
    assert not fetched
