"""The tab in a real page: what the server tells in order comes in another one."""

from __future__ import annotations

import json

import pytest
from page_facts import of_model, uuids

pytestmark = pytest.mark.page
_BIG, _SIZE = 900002, 8


class _Wire:
    """Holds the end of page 2's thumbnails until the answer with page 3 has passed."""

    def __init__(self):
        self.has_passed = False
        self.held = []

    def join(self, page):
        server, kinds = page.connect_to_server(), []

        def told(message):
            kinds.append(json.loads(message)["msg"])
            is_end = kinds[-1] == "process_completed"
            is_turn = "process_generating" not in kinds
            if is_end and not is_turn and "Page 2<" in message and not self.has_passed:
                return self.held.append((page, message))
            page.send(message)
            if is_end and is_turn and "Page 3<" in message:
                self.release()

        def closed(code, reason):
            if page not in [one for one, _ in self.held]:
                page.close(code=code, reason=reason)

        server.on_message(told)
        server.on_close(closed)

    def release(self):
        self.has_passed = True
        for page, message in self.held:
            page.send(message)
            page.close()
        self.held.clear()


def test_page_that_comes_before_the_end_of_the_one_before_gets_its_pictures(open_tab, server):
    tab, wire = open_tab(server), _Wire()
    if not tab.page.evaluate("gradio_config.version").startswith("3."):
        pytest.skip("later gradios tell of all events on one wire, in order")
    tab.page.route_web_socket("**", wire.join)
    tab.open()
    tab.find(str(_BIG))
    tab.shows(uuids(of_model(_BIG)[:_SIZE]))
    for number in (1, 2):
        tab.key("PageDown")
        tab.shows(uuids(of_model(_BIG)[number * _SIZE : (number + 1) * _SIZE]))
    assert wire.has_passed
