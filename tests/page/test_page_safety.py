"""What strangers wrote, two pages at once, languages, the key, a Civitai that fails: in a page."""

from __future__ import annotations

import json
import os
import stat

import pytest
from civitai_manager_libs.words import catalogue as words, labels
from civitai_manager_libs.demo import files
from civitai_manager_libs.demo.gallery.catalogue import model_of
from fault_answers import page as login_page
from fault_answers import stalled, status, unused_port
from page_driver import expect, until
from page_facts import infotext_of, of_model, shown, uuids

pytestmark = pytest.mark.page
_PAPER, _HOSTILE, _VIDEOS, _LONG = 900003, 900008, 900007, 900010
_SECRET = "wrong-key-0123456789abcdef"


# What strangers wrote


def test_hostile_names_are_shown_as_text_and_run_nothing(open_tab, flaky_server, flaky):
    """Of a model, its version, its creator, its users: in the grid, the panels, the lists."""
    found = of_model(_HOSTILE)
    row = next(row for row in found[:8] if row.username and "<script>" in row.username)
    flaky.rule(f"/{files.uuid_of(found[7].id)}/original=true", status(404))
    tab = shown(open_tab(flaky_server), _HOSTILE)
    expect(tab.part("status")).to_contain_text('<img src=x onerror="window.demoRan=1">')
    tab.tiles.nth(found.index(row)).click()
    expect(tab.part("details")).to_contain_text("<script>window.demoRan=1</script>")
    tab.press("download_page_button")
    expect(tab.job(tab.waits_for_job()).locator("tr:has(td)")).to_have_count(1)
    tab.find("quoted bold")
    card = tab.part("results_gallery").locator(".thumbnail-item").first
    expect(card).to_contain_text("<b>bold</b>")
    card.click()
    expect(tab.part("results_gallery")).to_be_hidden()
    tab.shows(uuids(found[:8]))
    expect(tab.page.locator(".civitai-shortcut-toast").first).to_contain_text("<img src=x")
    tab.field("version_dropdown").click()
    expect(tab.options.filter(has_text="<img src=x").first).to_be_visible()
    tab.key("Escape")
    tab.field("recent_dropdown").click()
    expect(tab.options.filter(has_text="<img src=x").first).to_be_visible()
    assert tab.page.evaluate("window.demoRan") is None
    assert tab.page.locator("img[src='x'], img[onerror]").count() == 0


def test_what_an_answer_of_civitai_says_is_text_in_a_toast(open_tab, flaky_server, flaky):
    said = {"error": "<img src=x onerror='window.demoRan=1'><b>no</b>"}
    flaky.rule("/api/v1/models/900004", status(418, json.dumps(said).encode()))
    tab = open_tab(flaky_server)
    tab.find("900004")
    expect(tab.page.locator(".toast-body").last).to_contain_text("refused")
    assert tab.page.evaluate("window.demoRan") is None
    assert tab.page.locator(".toast-body img, .toast-body b").count() == 0


# Two pages at once


def test_two_pages_have_each_their_own_model_picture_and_marks(open_tab, server):
    first, second = shown(open_tab(server), _PAPER), shown(open_tab(server), _VIDEOS)
    rows = {first: of_model(_PAPER)[1], second: of_model(_VIDEOS)[2]}
    first.tiles.nth(1).click()
    second.tiles.nth(2).click()
    for tab, row in rows.items():
        expect(tab.field("infotext_box")).to_have_value(infotext_of(row))
    first.press("mark_button")
    expect(first.part("download_marked_button")).to_contain_text("(1)")
    second.press("next_button")
    second.shows(uuids(of_model(_VIDEOS)[8:16]))
    expect(second.part("download_marked_button")).to_contain_text("(0)")
    first.press("next_button")
    first.shows(uuids(of_model(_PAPER)[8:16]))


# Languages


@pytest.mark.parametrize("locale,at", [("zh-TW", 0), ("en-GB", 1), ("de-DE", 1)])
def test_whole_tab_is_in_the_browsers_language(open_tab, server, locale, at):
    tab = open_tab(server, locale=locale)
    tab.find(str(_LONG))
    tab.shows(uuids(of_model(_LONG)[:8]))
    said = {key: pair[at] for key, pair in words.WORDS.items()}
    for name in ("first", "next", "clear_marks", "download_page", "download_gallery", "find"):
        expect(tab.part(f"{name}_button")).to_have_text(said[name])
    expect(tab.part("download_marked_button")).to_have_text(said["download_marked"].format(n=0))
    for name, key in (("model_box", "model_label"), ("sort_dropdown", "sort")):
        expect(tab.part(name)).to_contain_text(said[key])
    expect(tab.part("meta_checkbox")).to_contain_text(said["with_meta"])
    expect(tab.part("picture_hint")).to_contain_text(said["choose_picture"])
    expect(tab.part("page_text")).to_contain_text(said["page"].format(n=1))
    expect(tab.page.locator(".civitai-shortcut-jobs h3")).to_have_text(said["jobs_title"])
    assert tab.field("version_dropdown").input_value() == said["all_versions"]
    assert tab.field("sort_dropdown").input_value() == labels.CHOICES["sort"]["Newest"][at]
    tab.tiles.nth(0).click()
    expect(tab.part("details")).to_contain_text(said["on_civitai"])
    expect(tab.part("mark_button")).to_have_text(said["mark"])


# A Civitai that fails


def test_unreachable_civitai_is_told_in_a_sentence_and_a_toast(open_tab, start):
    tab = open_tab(start(f"http://127.0.0.1:{unused_port()}", http_max_retries=0))
    for text in ("900003", "some words"):
        tab.find(text)
        expect(tab.part("message")).to_contain_text("The connection failed or broke off")
    expect(tab.page.locator(".toast-body").last).to_contain_text("Check your network")


def test_request_that_hangs_holds_up_neither_another_page_nor_the_settings(
    open_tab, flaky_server, flaky
):
    """Civitai gets one API request at a time: what needs none goes on, and so does the page."""
    flaky.rule("/api/v1/models/900004", stalled())
    first, second = open_tab(flaky_server), shown(open_tab(flaky_server), _VIDEOS)
    second.press("next_button")
    second.shows(uuids(of_model(_VIDEOS)[8:16]))
    first.find("900004")
    request = flaky.wait_for(1, "/api/v1/models/900004")[0]
    second.press("previous_button")
    second.shows(uuids(of_model(_VIDEOS)[:8]))
    second.press("download_page_button")
    expect(second.job(second.waits_for_job())).to_contain_text("8 saved")
    _open_settings(first)
    first.press("save_key_button")
    expect(first.part("key_status")).to_contain_text("Paste a key first")
    assert not request.left.is_set()
    first.field("model_box").fill(str(_PAPER))
    first.key("Enter")  # another wish breaks it off; gradio 3 keeps a button from it meanwhile
    assert request.left.wait(10)
    first.shows(uuids(of_model(_PAPER)[:8]))


def test_another_model_opens_while_one_is_still_awaited(open_tab, flaky_server, flaky):
    flaky.rule("/api/v1/models/900004", stalled())
    tab = open_tab(flaky_server)
    tab.find("900004")
    request = flaky.wait_for(1, "/api/v1/models/900004")[0]
    tab.find(str(_VIDEOS))
    tab.shows(uuids(of_model(_VIDEOS)[:8]))
    assert request.left.wait(10)


def test_thumbnails_that_fail_are_marked_and_counted_while_the_rest_is_shown(
    open_tab, flaky_server, flaky
):
    found = of_model(900005)
    flaky.rule(f"/{files.uuid_of(found[2].id)}/width=450", login_page(403))
    tab = open_tab(flaky_server)
    tab.find("900005")
    expect(tab.part("message")).to_contain_text("could not be loaded: 1.")
    expect(tab.tiles.nth(2)).to_contain_text("⚠")
    until(lambda: sum("-450" in name for name in tab.names()) == 7)
    tab.tiles.nth(0).click()
    tab.key(" ")
    expect(tab.tiles.nth(0)).to_contain_text("★")
    expect(tab.tiles.nth(2)).to_contain_text("⚠")


def test_original_that_is_gone_is_told_beside_its_thumbnail(open_tab, flaky_server, flaky):
    found = of_model(_PAPER)
    flaky.rule(f"/{files.uuid_of(found[3].id)}/original=true", status(404))
    tab = shown(open_tab(flaky_server), _PAPER)
    tab.tiles.nth(3).click()
    expect(tab.part("picture_status")).to_contain_text("no longer there")
    expect(tab.page.locator(".toast-body").last).to_contain_text("no longer there")
    assert tab.part("picture").locator("img").is_visible()


# Settings and the key


def _open_settings(tab):
    tab.page.get_by_text("Settings", exact=True).first.click()
    tab.part("key_box").wait_for()


def _fill(field, value):
    """gradio 6 sets a field once more in the moment after its accordion was opened."""

    def is_filled():
        field.fill(value)
        field.evaluate("() => new Promise(requestAnimationFrame)")
        return field.input_value() == value

    until(is_filled, "what was typed")


def test_key_is_saved_tested_removed_and_never_sent_back(open_tab, start, demo):
    server = start(demo.url)
    tab = open_tab(server)
    ended, frames = [], []
    tab.page.on("requestfinished", lambda request: ended.append(request))
    tab.page.on("websocket", lambda socket: socket.on("framereceived", lambda f: frames.append(f)))
    for key, said in ((_SECRET, "does not know this key"), ("demo-key", "it is demo_user's")):
        _open_settings(tab)
        _fill(tab.field("key_box"), key)
        tab.press("save_key_button")
        expect(tab.part("key_status")).to_contain_text("The key is saved")
        expect(tab.field("key_box")).to_have_value("")
        path = server.data / "api_key"
        assert path.read_text() == key
        assert os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600
        tab.press("test_key_button")
        expect(tab.part("key_status")).to_contain_text(said)
        tab.open()
        assert key not in tab.page.content()
        told = [_body(request) for request in ended] + [str(frame).encode() for frame in frames]
        assert len(told) > 10 and not [body for body in told if key.encode() in body]
        for address in (
            "config",
            "info",
            "gradio_api/info",
            f"file={path}",
            f"gradio_api/file={path}",
        ):
            assert key not in tab.page.request.get(f"{server.url}/{address}").text()
    assert "demo-key" not in server.log()
    _open_settings(tab)
    tab.press("remove_key_button")
    expect(tab.part("key_status")).to_contain_text("The key is removed")
    assert not path.exists()


def _body(request):
    from playwright.sync_api import Error

    try:
        return request.response().body()
    except Error:  # of a page that was left
        return b""


def test_settings_are_saved_and_a_bad_value_changes_nothing(open_tab, start, demo):
    server = start(demo.url)
    tab = open_tab(server)
    _open_settings(tab)
    _fill(tab.field("setting_gallery_download_limit"), "7")
    _fill(tab.field("setting_gallery_columns"), "99")
    tab.press("save_settings_button")
    said = "“Columns of the gallery” must be a whole number from 1"
    expect(tab.part("settings_status")).to_contain_text(said)
    assert json.loads((server.data / "settings.json").read_text())["gallery_columns"] == 4
    tab.field("setting_gallery_columns").fill("5")
    tab.press("save_settings_button")
    expect(tab.part("settings_status")).to_contain_text("The settings are saved")
    kept = json.loads((server.data / "settings.json").read_text())
    assert (kept["gallery_columns"], kept["gallery_download_limit"]) == (5, 7)
    tab.open()
    _open_settings(tab)
    assert tab.field("setting_gallery_download_limit").input_value() == "7"
    tab.find(str(_PAPER))
    tab.shows(uuids(of_model(_PAPER)[:10]))  # 5 columns, 2 rows
    tops = {round(tab.tiles.nth(at).bounding_box()["y"]) for at in range(5)}
    assert len(tops) == 1
    for columns in (2, 8):
        tab.field("setting_gallery_columns").fill(str(columns))
        tab.press("save_settings_button")
        tab.shows(uuids(of_model(_PAPER)[: 2 * columns]))
    box = tab.part("gallery").bounding_box
    last = tab.tiles.last.bounding_box
    until(lambda: box()["y"] + box()["height"] - last()["y"] - last()["height"] < 40, "its height")


def test_hostile_model_is_the_one_that_is_meant():
    """What the tests above look for is there."""
    model = model_of(_HOSTILE)
    assert "onerror" in model.name and any("<script>" in (p or "") for p in model.people)
