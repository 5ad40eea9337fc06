"""Watched galleries: on the wire, and in Chromium."""

from __future__ import annotations

import json
import threading
import time
import urllib.request

import pytest
import requests
from api_server import MODEL_ID, reset, status, VERSION_ID
from civitai_manager_libs import setting
from civitai_manager_libs.library import watches
from fault_responses import json_answer
from page_driver import expect, wait_for

_MODEL = f"images?model={MODEL_ID}&limit=10"
_OURS = {"X-Civitai-Shortcut": "1"}
_NAMED = {"query": {"model": MODEL_ID}, "name": "A model"}
_WATCH = {"action": "watch", **_NAMED}


@pytest.fixture(autouse=True)
def _started(fresh, monkeypatch):
    """As after a start: nothing was looked at."""
    from civitai_manager_libs.web.routes import watches as routes

    monkeypatch.setattr(routes, "_checks", watches.WatchChecks())
    return routes


_DUE = {"action": "check_due"}


def _checked(api):
    return wait_for(lambda: (told := api.post("watches", _DUE))["checking"] is False and told)


def _news(civitai, count):
    civitai.ids[:0] = range(civitai.ids[0] + count, civitai.ids[0], -1)
    civitai.kinds.update({i: "png" for i in civitai.ids[:count]})


def test_new_images_are_counted_at_a_start_and_marked_when_opened(api, civitai, _started):
    api.get(_MODEL)
    [one] = api.post("watches", _WATCH)["galleries"]
    gone = ("checked_at", "has_more", "problem")
    expected = {"gallery": f"model {MODEL_ID}", "name": "A model", "model": MODEL_ID}
    expected |= {"version": None, "user": "", "by_upload": True, "new_count": 0}
    assert {key: value for key, value in one.items() if key not in gone} == expected
    _news(civitai, 3)
    before = len(civitai.pages)
    assert _checked(api)["galleries"][0]["new_count"] == 3
    assert _checked(api)["galleries"][0]["new_count"] == 3
    assert len(civitai.pages) == before + 1
    views = api.get(f"{_MODEL}&fresh=1")["images"]
    assert [view["new"] for view in views] == [True] * 3 + [False] * 7
    assert _checked(api)["galleries"][0]["new_count"] == 0


def test_restart_does_not_check_galleries_that_were_checked_lately(
    api, civitai, _started, monkeypatch
):
    api.post("watches", _WATCH)
    _checked(api)
    before = len(civitai.pages)
    monkeypatch.setattr(_started, "_checks", watches.WatchChecks())
    _checked(api)
    assert len(civitai.pages) == before
    api.post("watches", {"action": "check"})
    _checked(api)
    assert len(civitai.pages) == before + 1


@pytest.mark.parametrize("is_wanted", [True, False])
def test_galleries_are_checked_daily_only_if_set(api, civitai, _started, monkeypatch, is_wanted):
    setting.change("watch_daily", is_wanted)
    api.post("watches", _WATCH)
    _checked(api)
    before = len(civitai.pages)
    _checked(api)
    assert len(civitai.pages) == before
    monkeypatch.setattr(watches, "_DAY", 0.0)
    _checked(api)
    assert len(civitai.pages) == before, "an hour is not over"
    monkeypatch.setattr(watches, "_HOUR", 0.0)
    api.post("watches", _DUE)
    wait_for(lambda: not _started._checks.is_running)
    assert len(civitai.pages) == before + is_wanted


def test_failed_check_is_not_repeated_at_each_request_of_the_page(api, civitai, _started):
    setting.change("watch_daily", True)
    api.post("watches", _WATCH)
    civitai.always("page", status(404, b"{}"))
    [one] = _checked(api)["galleries"]
    assert "no such gallery" in one["problem"]
    for _ in range(3):
        _checked(api)
    assert len(civitai.pages) == 1


def test_gallery_is_due_after_the_clock_was_set_back(api, civitai, monkeypatch, _started):
    api.post("watches", _WATCH)
    _checked(api)
    now = time.time
    monkeypatch.setattr(_started.time, "time", lambda: now() - 10_000_000)
    monkeypatch.setattr(_started, "_checks", watches.WatchChecks())
    _checked(api)
    assert len(civitai.pages) == 2


def test_gallery_with_new_images_is_not_read_from_the_cache(api, civitai):
    api.get(_MODEL)
    api.post("watches", _WATCH)
    _news(civitai, 3)
    assert _checked(api)["galleries"][0]["new_count"] == 3
    assert [view["new"] for view in api.get(_MODEL)["images"]] == [True] * 3 + [False] * 7
    before = len(civitai.pages)
    assert [view["new"] for view in api.get(_MODEL)["images"]] == [True] * 3 + [False] * 7
    assert len(civitai.pages) == before, "once seen it is the same for a while"


def test_check_that_hangs_blocks_no_request(api, civitai, _started):
    let_go = threading.Event()
    api.get(_MODEL)
    api.post("watches", _WATCH)
    wait_for(lambda: _checked(api)["galleries"][0]["checked_at"])
    civitai.always("page", lambda request, _: let_go.wait(60) and reset(request, b""))
    try:
        assert api.post("watches", {"action": "check"})["checking"]
        for path in (_MODEL, "bootstrap", "jobs", "watches"):
            api.get(path)
        assert api.post("watches", {"action": "check"})["checking"]
        unwatch = {"action": "unwatch", "gallery": f"model {MODEL_ID}"}
        assert api.post("watches", unwatch)["checking"]
        assert watches.list_watches() == []
    finally:
        let_go.set()
    _checked(api)
    assert watches.list_watches() == []


def test_reading_watches_starts_no_check(api, civitai, _started):
    api.post("watches", _WATCH)
    before = len(civitai.pages)
    for path in ("bootstrap", "watches"):
        told = api.get(path)
        assert not told.get("watches", told)["checking"]
    assert len(civitai.pages) == before
    assert api.post("watches", _DUE)["checking"]
    _checked(api)


def test_failed_check_is_reported_and_ends_the_round(api, civitai):
    for model in (MODEL_ID, MODEL_ID + 1):
        api.post("watches", {**_WATCH, "query": {"model": model}})
    civitai.always("page", reset)
    before = len(civitai.pages)
    assert "could not be reached" in _checked(api)["problem"]
    assert len(civitai.pages) == before + 1
    civitai.always("page", None)
    api.post("watches", {"action": "check"})
    assert _checked(api)["problem"] == ""


def test_error_of_one_gallery_is_shown_with_it_and_others_are_checked(api, civitai):
    for model in (MODEL_ID, MODEL_ID + 1):
        api.post("watches", {**_WATCH, "query": {"model": model}})
    civitai.script("page", status(404, b"{}"))
    told = _checked(api)
    assert told["problem"] == ""
    problems = sorted(one["problem"] for one in told["galleries"])
    assert problems[0] == "" and "no such gallery" in problems[1]
    [fine] = [one for one in told["galleries"] if not one["problem"]]
    assert fine["checked_at"]
    told = api.get("watches", "zh-TW")["galleries"]
    assert any("沒有這個圖庫" in one["problem"] for one in told)


def test_unreadable_library_is_reported_and_the_page_starts(api, civitai, library, break_library):
    api.post("watches", _WATCH)
    library.finish()
    break_library()
    told = api.get("bootstrap")["watches"]
    assert told["galleries"] == [] and "Check the permissions of the file" in told["problem"]
    assert api.send("POST", "watches", {"action": "check"}).status_code == 507


def test_malformed_request_is_refused(api, civitai):
    for body in (
        {"action": "watch", "name": "It"},
        {"action": "watch", "query": {"post": 5}, "name": "It"},
        {"action": "unwatch"},
        {"action": "burn"},
        {"action": ["watch"], **_NAMED},
        {"action": "watch", "name": "It", "query": {"user": "../\u202e\ud800"}},
        {"action": "watch", "name": ["It"], "query": {"model": MODEL_ID}},
    ):
        assert api.send("POST", "watches", body).status_code == 400, body
    assert watches.list_watches() == []
    answer = api.send(
        "POST", "watches", {"action": "watch", "query": {"post": 5}, "name": "It"}, "zh-TW"
    )
    assert "只能追蹤" in answer.json()["error"]["message"]


def test_version_is_named_with_its_model(api, civitai):
    body = {
        **_WATCH,
        "query": {"model": MODEL_ID, "version": VERSION_ID, "level": "XXX"},
        "name": "A model · v1",
    }
    [one] = api.post("watches", body)["galleries"]
    assert (one["model"], one["version"]) == (MODEL_ID, VERSION_ID)
    assert watches.list_watches()[0].level == 31
    assert api.post("watches", {"action": "unwatch", "gallery": one["gallery"]})["galleries"] == []


def test_watched_gallery_shows_new_images_after_a_start(start, demo, flaky, open_gallery):
    before = _without_the_newest(3, demo, flaky)
    flaky.rule(r"/api/v1/images\?.*modelId=900001", json_answer(before))
    server = start(f"http://{flaky.host}")
    page = open_gallery(server, "?model=900001").ready()
    page.control("watch").click()
    expect(page.control("watch")).to_have_text("Watching")
    page.message("new pictures it has is shown under Saved").wait_for()
    assert page.focused_control() == "watch"
    expect(page.page.locator("[data-new]")).to_have_count(0)

    flaky.rules.clear()
    server.close()
    server.start()
    page.go("?model=900002&type=video")
    badge = page.page.locator("[data-do=sets] .badge")
    expect(badge).to_have_text("1")
    page.open_watches()
    expect(page.page.locator(".galleries li > p")).to_contain_text("3 new, checked")
    expect(page.panel("watches")).to_contain_text("New means: appeared since")
    page.control("open-watched").click()
    expect(page.page.locator("[data-new]")).to_have_count(3)
    assert page.page.locator("[data-new]").first.get_attribute("aria-label").endswith("new")
    expect(badge).to_be_hidden()
    page.open_watches()
    page.control("watch-leave").click()
    expect(page.page.locator("dialog.watches")).to_contain_text("You watch nothing yet")
    page.key("Escape")
    expect(page.control("watch")).to_have_text("Watch")


@pytest.fixture
def unwatching_server(shared_server):
    """Return a server whose user watches nothing."""
    url = f"{shared_server.url}/civitai_shortcut/api/watches"
    for one in requests.get(url, timeout=30).json()["galleries"]:
        body = {"action": "unwatch", "gallery": one["gallery"]}
        requests.post(url, json=body, headers=_OURS, timeout=30).raise_for_status()
    return shared_server


def test_watch_is_named_keeps_the_focus_and_is_checked_each_hour(unwatching_server, open_gallery):
    page = open_gallery(unwatching_server, "?model=900003").ready()
    page.page.route("**/api/models/900001", lambda route: None)  # never loaded here
    page.go("?model=900001")
    page.control("watch").click()
    expect(page.control("watch")).to_have_text("Watching")
    page.find("900002")
    expect(page.control("watch")).to_have_text("Watch")
    page.page.locator(".gallery-header h2").wait_for()
    page.open_watches()
    expect(page.control("open-watched")).to_have_text("Quiet Places")
    page.control("open-watched").click()
    expect(page.control("watch")).to_have_text("Watching")

    page.open_watches()
    said = page.page.locator(".galleries li > p")
    expect(said).to_contain_text("not checked")
    page.control("watch-check").click()
    page.control("watch-leave").focus()
    expect(said).to_contain_text("nothing new, checked")
    assert page.focused_control() == "watch-leave"
    page.key("Enter")
    expect(said).to_have_count(0)
    expect(page.page.locator("dialog.watches .panel-body")).to_be_focused()
    page.control("undo").click()
    expect(said).to_contain_text("nothing new, checked")  # as before

    page.page.clock.install()
    requests = []
    page.page.on("requestfinished", lambda request: requests.append(request))
    page.go("?model=900001")
    page.ready()
    wait_for(lambda: page.tiles.count() and _is_check_over(requests))
    page.asked.clear()
    page.page.clock.fast_forward("50:00")
    page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    with page.page.expect_response(lambda answer: answer.url.endswith("/api/watches")):
        page.page.clock.fast_forward("15:00")
    assert page.asked.count("watches") == 1


def _is_check_over(requests):
    """Return whether the last response about watches says that no check is running."""
    watches = [request for request in requests if request.url.endswith("/api/watches")]
    return bool(watches) and not watches[-1].response().json()["checking"]


def _without_the_newest(count, demo, flaky):
    """Restore the gallery as it was before the new images."""
    address = f"{demo.url}/api/v1/images?modelId=900001&limit=100"
    asked = urllib.request.Request(address, headers={"Host": flaky.host})
    with urllib.request.urlopen(asked) as answer:
        told = json.load(answer)
    return {**told, "items": told["items"][count:]}
