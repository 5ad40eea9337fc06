"""The tab in a real page: what the server tells in order comes in another one.

gradio 3 only: it has a WebSocket for each event. Later ones tell of all events on one wire.
"""

from __future__ import annotations

import json

import pytest
from page_driver import expect, until
from page_facts import of_model, uuids

pytestmark = pytest.mark.page
_BIG, _SIZE = 900002, 8


class _Wire:
    """Between page and server: the end of the first event that a rule fits is held."""

    def __init__(self):
        self._rules = {}
        self._held = {}

    def hold(self, name, rule):
        """rule: of the end's text, and whether the event told of anything before it."""
        self._rules[name] = rule

    def wait_for(self, name, page):
        """Asking the page something lets messages come."""
        until(lambda: page.evaluate("true") and name in self._held, name)

    def release(self, name):
        page, message = self._held.pop(name)
        page.send(message)
        page.close()

    def join(self, page):
        server, kinds, held = page.connect_to_server(), [], []

        def told(message):
            kinds.append(json.loads(message)["msg"])
            if kinds[-1] == "process_completed":
                for name, rule in list(self._rules.items()):
                    if rule(message, "process_generating" in kinds):
                        self._held[name] = (page, message)
                        del self._rules[name]
                        return held.append(name)
            page.send(message)

        server.on_message(told)
        server.on_close(lambda code, reason: held or page.close(code=code, reason=reason))


@pytest.fixture
def wire():
    return _Wire()


@pytest.fixture
def tab(open_tab, server, wire):
    tab = open_tab(server)
    if not tab.page.evaluate("gradio_config.version").startswith("3."):
        pytest.skip("all events on one wire, in order")
    tab.page.route_web_socket("**", wire.join)
    tab.open()
    tab.find(str(_BIG))
    tab.shows(uuids(of_model(_BIG)[:_SIZE]))
    return tab


def test_page_that_comes_before_the_end_of_the_one_before_gets_its_pictures(tab, wire):
    wire.hold("tiles", lambda text, told_before: told_before and "Page 2<" in text)
    tab.key("PageDown")
    wire.wait_for("tiles", tab.page)
    tab.key("PageDown")
    expect(tab.part("page_text")).to_contain_text("Page 3")
    wire.release("tiles")
    tab.shows(uuids(of_model(_BIG)[2 * _SIZE : 3 * _SIZE]))


def test_mark_is_shown_though_an_answer_of_before_it_comes_after_it(tab, wire):
    """While the look that would set it right is still one of before."""
    wire.hold("look", lambda text, told_before: not told_before and "value" not in text)
    tab.tiles.nth(0).click()
    wire.wait_for("look", tab.page)
    wire.hold("original", lambda text, _: "data-answers" not in text and "2 of 8<" in text)
    tab.tiles.nth(1).click()
    wire.wait_for("original", tab.page)
    tab.key(" ")
    expect(tab.part("position")).to_contain_text("★ 2 of")
    wire.release("original")
    expect(tab.part("mark_button")).to_have_text("☆ Mark")  # of before
    wire.release("look")
    expect(tab.part("position")).to_contain_text("★ 2 of")
    expect(tab.part("mark_button")).to_have_text("★ Unmark")
