"""The settings and the key as a user changes them: kinds of fields, bounds, what is kept."""

from __future__ import annotations

import json

import pytest
from page_driver import expect, wait_for
from page_facts import of_model

_KEY = "demo-key"  # which the demo knows
_CHANGED = {
    "gallery_level": "Soft",
    "blur_level": "None",
    "save_record": False,
    "gallery_download_limit": 77,
    "http_retry_delay": 1.5,
    "saved_name": "{author}/{id}",
}

_MASKS = (("None", 1), ("XXX", 31))  # a level's mask of browsing levels


@pytest.fixture
def page(server, open_gallery):
    """For what changes nothing in the end."""
    return _opened(open_gallery(server).ready())


@pytest.fixture
def own_page(shared_server, open_gallery):
    return _opened(open_gallery(shared_server).ready())


def _opened(page):
    expect(page.panel("settings")).to_be_hidden()
    page.key(",")
    page.panel("settings").wait_for()
    return page


def _control(page, name):
    return page.field(f"setting-{name}")


def _fill(page, name, value):
    control = _control(page, name)
    if isinstance(value, bool):
        control.set_checked(value)
    elif control.evaluate("control => control.localName") == "select":
        control.select_option(value)
    else:
        control.fill(str(value))


def _shown(page, name):
    control = _control(page, name)
    if isinstance(_CHANGED[name], bool):
        return control.is_checked()
    return type(_CHANGED[name])(control.input_value())


def _saved(page):
    page.control("save-settings").click()
    page.message("The settings are saved").wait_for()


def test_each_kind_of_field_is_saved_and_takes_effect_at_once_and_after_a_reload(
    shared_server, own_page
):
    page = own_page
    for name, value in _CHANGED.items():
        assert _shown(page, name) != value
        _fill(page, name, value)
    _saved(page)
    kept = json.loads((shared_server.data / "settings.json").read_text(encoding="utf-8"))
    assert {name: kept[name] for name in _CHANGED} == _CHANGED
    page.key("Escape")  # at once
    expect(page.field("limit")).to_have_value("77")
    page.page.locator("[data-tile][data-blurred]").first.wait_for()
    page.page.reload()
    _opened(page.ready())
    assert {name: _shown(page, name) for name in _CHANGED} == _CHANGED
    page.key("Escape")
    expect(page.field("limit")).to_have_value("77")


def test_invalid_values_are_refused_each_with_a_message_at_its_field(server, page):
    before = (server.data / "settings.json").read_text(encoding="utf-8")
    known = _control(page, "gallery_cache_mb").input_value()
    _fill(page, "gallery_level", "Soft")
    for name, typed, said in (
        ("gallery_cache_mb", "3", "10"),
        ("download_images_folder", "pictures", "pictures"),
    ):
        original = _control(page, name).input_value()
        _fill(page, name, typed)
        page.control("save-settings").click()
        wrong = page.page.locator(f"#setting-{name}-wrong")
        expect(wrong).to_contain_text(said)
        assert len(wrong.inner_text().split()) > 3
        expect(_control(page, name)).to_have_attribute("aria-invalid", "true")
        expect(_control(page, name)).to_be_focused()
        expect(wrong).to_be_in_viewport()
        _fill(page, name, original)
    _fill(page, "proxy", "no proxy")
    _fill(page, "gallery_cache_mb", "3")
    page.control("save-settings").click()
    for name in ("gallery_cache_mb", "proxy"):
        expect(page.page.locator(f"#setting-{name}-wrong")).to_contain_text("othing was saved")
    expect(_control(page, "gallery_cache_mb")).to_be_focused()
    assert (server.data / "settings.json").read_text(encoding="utf-8") == before  # all or none
    page.key("Escape")
    _opened(page)  # what was not saved is discarded
    expect(_control(page, "gallery_cache_mb")).to_have_value(known)
    expect(_control(page, "gallery_cache_mb")).to_have_attribute("aria-invalid", "false")


def test_file_names_are_previewed_while_the_template_is_typed(page):
    names = page.page.locator("[data-names] li")
    _fill(page, "saved_name", "mine/{id}-{seed}")
    expect(names.first).to_contain_text("mine/")
    _fill(page, "saved_name", "{nothing}/{id}")
    expect(page.page.locator("#setting-saved_name-wrong")).to_contain_text("{nothing}")
    page.control("save-settings").click()
    expect(_control(page, "saved_name")).to_be_focused()
    expect(page.page.get_by_text("{nothing}")).to_have_count(1)


def test_key_is_tested_saved_and_removed_and_never_shown(own_page):
    page = own_page
    told = page.page.locator(".key .form-message")
    expect(page.field("key")).to_have_attribute("type", "password")
    page.field("key").fill("another-key")
    page.control("test-key").click()
    expect(told).to_have_class("form-message wrong")
    page.field("key").fill(_KEY)
    page.control("test-key").click()
    expect(told).to_contain_text("demo_user")
    page.control("save-key").click()
    expect(page.field("key")).to_have_value("")
    page.page.reload()
    _opened(page.ready())
    expect(told).to_contain_text("A key is saved")
    expect(page.field("key")).to_have_value("")
    assert _KEY not in page.page.evaluate(
        "document.querySelector('civitai-gallery').shadowRoot.innerHTML"
    )
    page.control("test-key").click()
    expect(told).to_contain_text("demo_user")
    page.control("remove-key").click()
    wait_for(lambda: "A key is saved" not in told.inner_text())
    expect(page.control("remove-key")).to_be_disabled()


@pytest.mark.parametrize(
    "lock,words", [("frozen", "settings locked"), ("only_here", "on the machine")]
)
def test_reason_why_nothing_can_be_changed_is_said_once(server, open_gallery, lock, words):
    page = open_gallery(server).ready()

    def lock_all(route):
        answer = route.fetch()
        told = answer.json()
        for one in (told["key"], *told["settings"]):
            one["locked"] = lock
        route.fulfill(response=answer, json=told)

    page.page.route("**/api/bootstrap*", lock_all)
    page.page.reload()
    page.ready()
    _opened(page)
    expect(page.panel("settings").get_by_text(words)).to_have_count(1)
    expect(_control(page, "http_timeout")).to_be_disabled()
    expect(page.panel("settings").locator("[data-do='save-settings']")).to_have_count(1)
    expect(page.panel("settings").locator("[data-do='save-settings']")).to_be_hidden()


def test_lowered_highest_rating_leaves_no_image_above_it(start, demo, open_gallery):
    page = open_gallery(start(demo.url, gallery_level="XXX"), "?model=900003").ready()
    expected = {level: [str(row.id) for row in of_model(900_003, mask)] for level, mask in _MASKS}

    def choose(level):
        page.key(",")
        _fill(page, "gallery_level", level)
        page.control("save-settings").click()
        page.message("The settings are saved").wait_for()
        page.control("close-panel").click()
        wait_for(lambda: page.ids()[:9] == expected[level][:9], f"the images up to {level}")

    opened = next(id for id in expected["XXX"] if id not in expected["None"])
    page.go(f"?model=900003&image={opened}")
    page.viewer.wait_for()
    choose("None")
    expect(page.viewer).to_be_hidden()
    choose("XXX")  # as it was the highest rating, it follows it
    page.open_filters()
    page.field("level").select_option("None")
    wait_for(lambda: page.ids()[:9] == expected["None"][:9])
    page.key(",")
    _fill(page, "gallery_level", "X")
    page.control("save-settings").click()
    expect(page.field("level")).to_have_value("None")  # chosen for this gallery, and lower


def test_lowered_highest_rating_asks_for_the_home_pages_models_anew(start, demo, open_gallery):
    page = _opened(open_gallery(start(demo.url, gallery_level="XXX"), ""))
    _fill(page, "gallery_level", "None")
    with page.page.expect_request("**/api/home"):
        page.control("save-settings").click()
