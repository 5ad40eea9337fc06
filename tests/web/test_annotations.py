"""Favourites, notes, tags and collections: on the wire, in the page, and in step between tabs."""

from __future__ import annotations

import json
import re
import threading

from civitai_manager_libs import library, setting
from civitai_manager_libs.library import bookmarks, database
from hypothesis import given, strategies as st
from page_driver import expect, wait_for
import pytest

_MODEL = "images?model=101&limit=10"


def _status(api, path, body):
    return api.send("POST", path, body).status_code


@pytest.fixture
def ids(api, civitai):
    ids = [view["id"] for view in api.get(_MODEL)["images"]]
    assert library.wait_for_writes(60)  # a page is stored in the background
    return ids


def test_annotations_are_in_pages_and_details(api, ids):
    told = _annotate(api, ids[:2], favourite=True, stars=3, note="n", tags=["t"])
    marks = {"favourite": True, "stars": 3, "note": "n", "tags": ["t"], "collections": []}
    assert told["annotations"] == {str(ids[0]): marks, str(ids[1]): marks}
    views = api.get(_MODEL)["images"]
    assert [view["favourite"] for view in views[:3]] == [True, True, False]
    assert [view["stars"] for view in views[:3]] == [3, 3, 0]
    assert api.get(f"images/{ids[0]}")["annotations"] == marks
    found = api.get("images?search=is:favourite%20stars>2&level=XXX")["images"]
    assert {view["id"] for view in found} == set(ids[:2])


def _annotate(api, ids, **change):
    return api.post("annotations", {"ids": ids, **change})


def _undo(api, changed):
    body = {"after": changed["annotations"], "before": changed["previous"]}
    return api.post("annotations", body)["annotations"]


def test_undo_restores_annotations(api, ids):
    first = {"favourite": True, "stars": 2, "note": "n", "tags": ["a", "b"], "add_to": "Sea"}
    _annotate(api, ids[:2], **first)
    change = {"stars": 5, "note": "", "add_tags": ["c"], "remove_tags": ["A"], "favourite": False}
    changed = _annotate(api, ids[:3], **change, remove_from="Sea")
    assert [changed["annotations"][str(i)]["tags"] for i in ids[:3]] == [["b", "c"]] * 2 + [["c"]]
    undone = _undo(api, changed)
    assert undone == changed["previous"]
    assert undone[str(ids[0])]["collections"] == ["Sea"] and undone[str(ids[2])]["stars"] == 0
    for views in ({"x": {}}, {str(ids[0]): {"tags": "a"}}):
        assert _status(api, "annotations", {"before": views, "after": {}}) == 400
    [view] = _annotate(api, ids[4:5], add_to="Sea", remove_from="sea")["annotations"].values()
    assert view["collections"] == [], "added and removed at once"


_TAGS = st.sampled_from(["Sea", "sea", "SEA", "straße", "STRASSE", "b"])


@given(st.lists(st.lists(_TAGS, max_size=4), max_size=4))
def test_undo_restores_tags_that_were_replaced_by_others_in_another_case(api, ids, edits):
    changes = [_annotate(api, ids[:1], tags=tags) for tags in edits]
    for changed in reversed(changes):
        assert _undo(api, changed) == changed["previous"]


def test_undo_keeps_what_another_page_has_changed_since(api, ids):
    _annotate(api, ids[:1], tags=["a"], note="n")
    changed = _annotate(api, ids[:1], remove_tags=["a"], note="", add_to="Sea", stars=2)
    _annotate(api, ids[:1], add_tags=["b"], stars=4, favourite=True, add_to="Later")
    assert _undo(api, changed)[str(ids[0])] == {
        **{"favourite": True, "stars": 4, "note": "n"},
        **{"tags": ["a", "b"], "collections": ["Later"]},
    }


def test_undo_restores_images_that_the_library_no_longer_has(api, ids, library):
    _annotate(api, ids[:1], favourite=True, add_to="Sea")
    changed = _annotate(api, ids[:1], favourite=False, remove_from="Sea")
    library.forget()
    with database.writing() as db:
        db.execute("DELETE FROM images WHERE id = ?", ids[:1])
    assert _undo(api, changed) == changed["previous"]
    assert bookmarks.list_image_ids("Sea") == ids[:1]


def test_undo_keeps_a_change_of_another_page_at_the_same_moment(api, ids, monkeypatch):
    change, others = bookmarks.change_annotations, []

    def change_beside_another(*given):
        monkeypatch.setattr(bookmarks, "change_annotations", change)
        body = {"ids": ids[:1], "add_tags": ["theirs"], "add_to": "Theirs"}
        others.append(threading.Thread(target=api.post, args=("annotations", body)))
        others[0].start()
        others[0].join(1)
        change(*given)

    monkeypatch.setattr(bookmarks, "change_annotations", change_beside_another)
    changed = _annotate(api, ids[:1], stars=3)
    others[0].join()
    undone = _undo(api, changed)[str(ids[0])]
    assert (undone["stars"], undone["tags"], undone["collections"]) == (0, ["theirs"], ["Theirs"])


def test_changes_of_bookmarks_are_counted_and_read_at_once(api, ids):
    def revision():
        (number,) = {api.get(path)["bookmarks_revision"] for path in ("instance", "jobs")}
        return number

    seen = [revision()]
    assert api.get("bootstrap")["bookmarks_revision"] == seen[0]
    changed = _annotate(api, ids[:1], add_tags=["a"], add_to="Sea")
    seen.append(revision())
    assert changed["revision"] == seen[-1]
    for change in (
        ("collections", {"action": "rename", "name": "Sea", "new_name": "Lake"}),
        ("import", api.get("export")),
        ("collections", {"action": "delete", "name": "Lake"}),
    ):
        api.post(*change)
        seen.append(revision())
    assert seen == sorted(set(seen))
    api.get(_MODEL)
    read = api.post("image_annotations", {"ids": ids})
    assert read["revision"] == revision() == seen[-1]
    assert read["annotations"] == {
        str(ids[0]): {
            **{"favourite": False, "stars": 0, "note": ""},
            **{"tags": ["a"], "collections": ["Sea"]},
        }
    }


def test_only_images_in_the_library_are_annotated_and_only_with_valid_values(api, ids):
    for unknown in ([1], [0, -1, 2**62]):
        assert _status(api, "annotations", {"ids": unknown, "favourite": True}) == 404, unknown
    wrong = [{"stars": True}, {"note": "x" * 10_001}, {"ids": "all"}, {"ids": [ids[0], "x"]}]
    for change in wrong:
        assert _status(api, "annotations", {"ids": ids[:1], **change}) == 400, change
    assert api.get(f"images/{ids[0]}")["annotations"]["note"] == ""


def test_collections_are_created_renamed_deleted_exported_and_imported(api, ids):
    _annotate(api, ids[:3], add_to="Sea")
    made = api.post("collections", {"action": "create", "name": "Empty"})
    assert made["collections"][0]["count"] == 0
    rename = {"action": "rename", "name": "sea", "new_name": "Harbor"}
    renamed = api.post("collections", rename)["collections"]
    assert [one["name"] for one in renamed] == ["Empty", "Harbor"]
    assert _status(api, "collections", {**rename, "name": "Empty"}) == 400
    assert _status(api, "collections", {"action": "steal", "name": "Empty"}) == 400
    _annotate(api, ids[:1], remove_from="Harbor")
    told, delete = api.get("export?collection=Harbor"), {"action": "delete", "name": "Harbor"}
    assert {one["id"] for one in told["pictures"]} == set(ids[1:3])
    deleted = api.post("collections", delete)
    assert len(deleted["collections"]) == 1 and set(deleted["removed_ids"]) == set(ids[1:3])
    again = {"action": "create", "name": "Harbor", "ids": deleted["removed_ids"]}
    assert api.post("collections", again)["collections"][1]["count"] == 2
    api.post("collections", delete)
    assert "1 collection" in api.post("import", told)
    [_, harbor] = api.get("collections")
    assert (harbor["name"], harbor["count"]) == ("Harbor", 2)
    assert _status(api, "import", {"pictures": []}) == 400


def test_collection_shows_no_cover_above_the_rating_or_to_be_blurred(api, on_demo):
    setting.change("gallery_level", "XXX")
    views = api.get("images?model=900001&level=XXX&limit=40")["images"]
    safe = [view["id"] for view in views if view["level"] == "None"]
    above = [view["id"] for view in views if view["level"] in ("X", "XXX")]
    _annotate(api, safe[:1], add_to="Sea")
    _annotate(api, above[:1], add_to="Sea")
    assert api.get("collections")[0]["covers"] == [above[0], safe[0]]
    for name in ("blur_level", "gallery_level"):
        setting.change(name, "Soft")
        assert api.get("collections")[0]["covers"] == safe[:1]
        setting.change(name, "XXX")


def test_unreadable_library_is_reported_and_not_shown_as_empty(api, ids, library, break_library):
    _annotate(api, ids[:1], favourite=True, add_to="Sea")
    library.finish()
    break_library()
    for path in ("collections", "export", "images?search=is:favourite", "stats?model=101"):
        status, code, message = api.error(path)
        assert (status, code) == (507, "disk"), path
        assert "cannot be used" in message and "Check the permissions of the file" in message
        assert "請檢查資料夾的權限與空間" in api.error(path, "zh-TW")[2], path
    assert len(api.get(_MODEL)["images"]) == 10, "pictures are shown all the same"


def test_favourite_note_and_collection_of_the_page_are_found_again(
    flaky_server, open_gallery, tmp_path
):
    page = open_gallery(flaky_server, "?model=900001").ready()
    first, second = page.ids()[:2]
    page.page.locator(".grid").focus()
    wait_for(lambda: page.focused() == first)
    page.key("b")
    page.page.locator(f"[data-id='{first}'][data-favourite]").wait_for()
    page.open(1)
    page.key("b")
    expect(page.control("favourite")).to_have_attribute("aria-pressed", "true")
    page.control("stars-4").click()
    expect(page.control("stars-4")).to_have_attribute("aria-pressed", "true")
    page.field("own-note").fill("warm light")
    page.field("own-note").blur()
    page.field("own-set").fill("Evenings")
    page.key("Enter")
    page.control("remove-from-set").filter(has_text="Evenings").wait_for()
    page.field("own-note").focus()
    page.field("own-set").focus()
    expect(page.page.locator("datalist option")).to_have_attribute("value", "Evenings")
    page.key("Escape")
    page.viewer.wait_for(state="hidden")
    page.reload()
    page.ready()
    page.page.locator(f"[data-id='{second}'][data-favourite]").wait_for()
    page.tile(first).locator("[data-do='mark']").click()
    page.control("sets").first.click()
    page.control("add-to-this-set").click()
    page.control("open-set").filter(has_text="Evenings (2)").wait_for()
    page.key("Escape")
    page.control("mark-none").click()
    page.control("sets").first.click()
    expect(page.page.locator("[data-do='add-to-this-set']")).to_have_count(0)
    page.choose_more("rename-set", "more-of-set")
    page.key("Escape")  # of the name alone
    page.choose_more("rename-set", "more-of-set")
    page.field("set-rename").fill("Late evenings")
    page.key("Enter")
    page.control("open-set").filter(has_text="Late evenings (2)").wait_for()
    with page.page.expect_download() as saved:
        page.control("export").first.click()
    saved.value.save_as(tmp_path / "sets.json")
    told = json.loads((tmp_path / "sets.json").read_text(encoding="utf-8"))
    assert [one["note"] for one in told["pictures"] if one["note"]] == ["warm light"]

    heading, both = page.page.locator(".gallery-header h2"), sorted([first, second])
    page.control("open-set").click()
    wait_for(lambda: sorted(page.ids()) == both)
    expect(heading).to_have_text("Late evenings")
    expect(page.control("sets")).to_have_attribute("aria-current", "page")
    expect(page.control("open-kept")).to_have_attribute("aria-current", "false")
    expect(page.field("find")).to_have_value("")
    page.search("stars>3", "all")  # in the collection
    wait_for(lambda: page.ids() == [second])
    expect(heading).to_have_text("Late evenings")
    expect(page.field("find")).to_have_value("stars>3")
    page.control("clear-search").click()
    wait_for(lambda: sorted(page.ids()) == both)
    page.tiles.first.locator(".tick").click()
    page.control("sets").first.click()
    page.choose_more("rename-set", "more-of-set")
    page.field("set-rename").fill("Nights")
    page.key("Enter")
    expect(heading).to_have_text("Nights")
    expect(page.panel("collections")).to_be_visible()
    expect(page.marked).to_have_count(1)
    page.key("Escape")
    page.search("is:favourite", "all")
    wait_for(lambda: sorted(page.ids()) == both)

    wait_for(page.focused, "the focus on an image")
    page.key("a")
    page.control("favourite-marked").click()
    page.message("2 removed from favourites").wait_for()
    page.control("sets").first.click()
    page.choose_more("delete-set", "more-of-set")
    page.field("import").set_input_files(tmp_path / "sets.json")
    page.control("open-set").filter(has_text="Late evenings (2)").wait_for()
    page.control("open-favourites").click()
    wait_for(lambda: sorted(page.ids()) == both)


def test_row_of_a_collection_is_one_line_whatever_its_name(flaky_server, open_gallery):
    page = open_gallery(flaky_server).ready()
    page.tiles.first.locator(".tick").click()
    page.control("sets").click()
    page.rest(page.panel("collections"))
    above = page.control("export").last.bounding_box()
    title = page.panel("collections").locator(".annotations h3").bounding_box()
    assert title["y"] - above["y"] - above["height"] >= 12, "a gap between the panel's parts"
    for name in ("Sea", "long words " * 9, "W" * 99):
        page.field("set-name").fill(name)
        page.key("Enter")
        page.page.locator(f"[data-set='{name.strip()}']").wait_for()
    page.key("Escape")
    page.key("n")
    page.control("sets").click()
    for width in (320, 390, 900, 1600):
        page.page.set_viewport_size({"width": width, "height": 800})
        page.scroll_position()
        page.rest(page.panel("collections"))
        for row in page.page.locator("[data-set]").all():
            name, more = (row.locator("button").nth(at).bounding_box() for at in (0, -1))
            assert name["height"] < 50 and abs(name["y"] - more["y"]) < 10
            end = row.bounding_box()["x"] + row.bounding_box()["width"]
            assert name["x"] + name["width"] <= more["x"] and more["x"] + more["width"] <= end
            words = row.locator("button span").nth(1).bounding_box()
            assert name["x"] + 30 < words["x"] < more["x"]


def test_keys_rate_marked_images_until_undo_and_messages_go_in_time(flaky_server, open_gallery):
    page = open_gallery(flaky_server).ready()
    tiles, heart = [page.tiles.nth(at) for at in range(3)], page.control("favourite-marked")
    for tile in tiles[:2]:
        tile.locator(".tick").click()
    expect(heart).to_have_attribute("aria-pressed", "false")
    page.key("4")
    page.hold_message("4 stars: 2 pictures")  # both can be undone, however long the rest takes
    for tile in tiles[:2]:
        expect(tile).to_have_attribute("data-sign", re.compile("★4"))
    heart.click()
    page.hold_message("2 added to favourites")
    expect(tiles[1]).to_have_attribute("data-sign", re.compile("♥ ★4"))
    expect(heart).to_have_attribute("aria-pressed", "true")  # a press takes out
    tiles[2].locator("[data-do='mark']").click()
    expect(heart).to_have_attribute("aria-pressed", "false")
    page.key("Control+z")
    page.key("Control+z")
    for tile in tiles:
        expect(tile).not_to_have_attribute("data-sign", re.compile("[♥★]"))
    page.key("n")
    expect(tiles[0]).to_have_attribute("aria-selected", "false")
    page.page.locator(".toast [data-do='undo']").last.click()
    expect(tiles[0]).to_have_attribute("aria-selected", "true")

    page.key("b")
    clock = "toast => toast.lastElementChild.getAnimations()[0]"
    age = f"{clock}.effect.getComputedTiming().progress"
    message = page.message("3 added to favourites")
    message.evaluate(f"{clock}.currentTime = 2000")  # as if so many ms had passed
    before = message.evaluate(age)
    assert before > 0.2
    page.key("?")  # the message moves into the panel
    page.page.locator("dialog[open] .toast").wait_for()
    page.wait_until_idle()
    assert message.evaluate(age) >= before
    before = message.evaluate(age)
    page.key("Escape")
    page.page.locator("dialog[open]").wait_for(state="detached")
    page.wait_until_idle()
    assert not message.count() or message.evaluate(age) >= before


def test_marked_images_are_rated_tagged_noted_and_collected_together(flaky_server, open_gallery):
    page = open_gallery(flaky_server).ready()
    ids = page.ids()[:2]
    page.key("ArrowDown")
    page.key("l")  # to the tags of the focused or open picture
    expect(page.viewer).to_have_attribute("data-id", ids[0])
    expect(page.field("own-tags")).to_be_focused()
    page.page.keyboard.type("sea")
    page.key("Enter")
    expect(page.field("own-tags")).to_have_value("sea")
    page.viewer.focus()
    page.key("i")
    expect(page.field("own-tags")).to_be_hidden()
    page.key("ArrowRight")
    page.key("l")
    expect(page.viewer).not_to_have_attribute("data-id", ids[0])
    expect(page.field("own-tags")).to_be_focused()
    expect(page.field("own-tags")).to_have_value("")
    page.viewer.focus()
    page.key("ArrowLeft")
    page.key("Escape")
    wait_for(lambda: page.focused() == ids[0], "the focus")

    page.key("Space")
    page.key("4")
    page.message("4 stars").wait_for()
    page.key("l")
    panel = page.panel("collections")
    pressed = panel.locator("[data-do^='stars-'][aria-pressed='true']")
    expect(pressed).to_have_count(4)
    page.key("Escape")
    page.key("ArrowRight")
    page.key("Space")
    page.key("l")
    expect(pressed).to_have_count(0)  # they have no stars in common
    panel.locator("[data-do='stars-3']").click()
    page.message("3 stars: 2 pictures").wait_for()
    expect(pressed).to_have_count(3)
    parts = "body => [...body.querySelectorAll('h3, [data-field], .saved-links')].map((part) =>"
    parts += " part.dataset.field ?? part.textContent)"
    first = ["The 2 selected pictures", "set-name", "marked-add-tags"]
    assert panel.locator(".panel-body").evaluate(parts)[:3] == first
    page.field("set-name").fill("Harbor")
    page.key("Enter")
    row = panel.locator(".collection")
    expect(row).to_contain_text("Harbor (2)")
    expect(row.locator(".actions")).to_contain_text(re.compile("Add 2.*Remove 2"))
    assert row.locator(".actions").bounding_box()["height"] < 60  # in one line
    page.choose_more("delete-set", "more-of-set")
    expect(row).to_have_count(0)
    page.page.locator(".toast [data-do='undo']").last.click()
    expect(row).to_contain_text("Harbor (2)")
    page.field("marked-add-tags").fill("sea, night")
    page.key("Enter")
    page.message("sea, night").wait_for()
    page.field("marked-remove-tags").fill("night")
    page.key("Enter")
    with page.page.expect_response("**/api/annotations"):
        page.field("marked-note").fill("for the wall")
        page.field("marked-note").blur()
    page.control("take-out-of-this-set").click()
    expect(page.control("open-set")).to_have_text("Harbor (0)")
    page.go("?search=tag:sea note:wall stars>2&level=XXX")
    wait_for(lambda: sorted(page.ids()) == sorted(ids))
    page.search("mytag:night", "all")
    wait_for(lambda: page.ids() == [])


def _open_collection(page, count):
    """Put the first `count` images into the collection "Harbor", and open it. Return their ids."""
    page.key("ArrowDown")
    for _ in range(count):
        page.key("Space")
        page.key("ArrowRight")
    page.key("l")
    wait_for(lambda: page.focused_control() == "set-name", "the focus on a collection's name")
    page.page.keyboard.type("Harbor")
    page.key("Enter")
    page.control("open-set").filter(has_text=f"Harbor ({count})").click()
    expect(page.page.locator(".gallery-header h2")).to_have_text("Harbor")
    expect(page.tiles).to_have_count(count)
    return page.ids()


def test_image_taken_out_of_the_open_collection_leaves_its_gallery_until_undo(
    flaky_server, open_gallery
):
    page = open_gallery(flaky_server).ready()
    ids = _open_collection(page, 3)
    page.tile(ids[1]).locator(".tick").click()
    page.key("l")
    page.control("take-out-of-this-set").click()
    page.hold_message("1 picture taken out of “Harbor”")
    wait_for(lambda: page.ids() == [ids[0], ids[2]])
    expect(page.control("mark-none")).to_have_count(0)
    page.key("Escape")
    page.control("undo").last.click()
    wait_for(lambda: page.ids() == ids)
    expect(page.marked).to_have_attribute("data-id", ids[1])
    page.tile(ids[0]).click(button="right")  # as this image is not selected, it goes alone
    expect(page.control("take-out")).to_have_text("Remove from “Harbor”")
    page.control("take-out").click()
    wait_for(lambda: page.ids() == ids[1:])
    page.choose_more("take-out")
    wait_for(lambda: page.ids() == ids[2:])


@pytest.fixture
def page(shared_server, open_gallery):
    return open_gallery(shared_server).ready()


@pytest.fixture
def tab(page):
    """Return another tab of the same browser, with the same gallery."""
    tab = page.context.new_page()
    tab.goto(page.page.url)
    tab.locator("[data-tile]").first.wait_for()
    return tab


def _tile(page, image_id):
    return page.locator(f"[data-tile][data-id='{image_id}']")


def _mark(page, image_id):
    _tile(page, image_id).locator("[data-do='mark']").click()


def test_annotations_are_the_same_in_two_tabs_and_another_browser(page, tab, open_gallery):
    first, second, third = page.ids()[:3]
    _mark(page.page, first)
    expect(_tile(tab, first)).to_have_attribute("aria-selected", "true")
    _mark(tab, second)
    _mark(tab, first)
    expect(_tile(page.page, first)).to_have_attribute("aria-selected", "false")
    _mark(page.page, third)
    expect(_tile(tab, third)).to_have_attribute("aria-selected", "true")
    for one in (page.page, tab):
        expect(one.locator(".selection-bar .count")).to_have_text("2 selected")
    tab.reload()
    expect(tab.locator(".selection-bar .count")).to_have_text("2 selected")
    other = open_gallery(page).ready()  # marks belong to a browser
    expect(other.marked).to_have_count(0)
    page.key("n")
    expect(tab.locator(".selection-bar .count")).to_be_hidden()

    _mark(page.page, first)
    tab.locator("[data-do='sets']:visible").first.click()
    rows = tab.locator("dialog[data-panel='collections'] .collection")
    page.key("b")
    page.message("1 added to favourites").wait_for()  # said once the server has it
    other.page.evaluate("dispatchEvent(new Event('focus'))")
    other.tile(first).and_(other.page.locator("[data-favourite]")).wait_for()
    page.key("4")
    expect(_tile(tab, first)).to_have_attribute("data-sign", re.compile("♥ ★4"))
    page.choose_more("sets-marked")
    page.field("set-name").fill("Harbor")
    page.key("Enter")
    expect(rows).to_contain_text("Harbor (1)")
    page.message("1 added to “Harbor”").locator("[data-do='undo']").click()
    expect(rows).to_contain_text("Harbor (0)")
    page.control("add-to-this-set").click()
    expect(rows).to_contain_text("Harbor (1)")
    tab.locator("[data-do='open-set']").click()
    page.choose_more("rename-set", "more-of-set")
    page.field("set-rename").fill("Port")
    page.key("Enter")
    expect(tab.locator(".gallery-header h2")).to_have_text("Port")  # its gallery has no other
    expect(tab.locator("[data-tile]")).to_have_count(1)
    tab.locator("[data-do='sets']:visible").first.click()
    expect(rows).to_contain_text("Port (1)")
    page.choose_more("delete-set", "more-of-set")
    expect(rows).to_have_count(0)
    page.key("Escape")

    _mark(other.page, second)
    other.key("3")
    other.tile(second).and_(other.page.locator("[data-sign*='★3']")).wait_for()
    expected = re.compile("★3")

    def is_synced():
        page.key("Shift")  # whoever uses the page gets the news, without another tab or window
        return expected.search(page.tile(second).get_attribute("data-sign") or "")

    wait_for(is_synced, "the stars")


def test_tags_of_two_tabs_are_all_saved_and_no_note_replaced_silently(page, tab):
    first, fields = page.ids()[0], {}
    for one in (page.page, tab):
        _tile(one, first).click()
        one.locator(".details-body[aria-busy='false']").wait_for()
    for name in ("own-tags", "own-note"):
        fields[name] = [one.locator(f"[data-field='{name}']") for one in (page.page, tab)]

    def rate_here(stars):
        page.control(stars).click()
        expect(tab.locator(f"[data-do='{stars}']")).to_have_attribute("aria-pressed", "true")

    here, there = fields["own-tags"]
    there.fill("night")
    here.fill("sea")
    here.press("Enter")
    rate_here("stars-3")
    expect(there).to_have_value("night")  # what is being typed stays
    there.press("Enter")
    there.blur()
    for field in (here, there):
        expect(field).to_have_value("night, sea")
    here.fill("sea")
    here.press("Enter")
    expect(there).to_have_value("sea")

    here, there = fields["own-note"]
    there.fill("mine")
    here.fill("theirs")
    here.blur()
    expect(page.message("This replaced")).to_have_count(0)
    rate_here("stars-2")
    there.blur()
    toast = tab.locator(".toast").filter(has_text="This replaced a note")
    expect(here).to_have_value("mine")
    toast.locator("[data-do='undo']").click()
    for field in (here, there):
        expect(field).to_have_value("theirs")


def _type(page, name, text):
    page.field(name).fill(text)
    page.field(name).blur()


def test_what_was_typed_while_the_server_is_away_is_saved_once_it_is_back(server, open_gallery):
    page = open_gallery(server).open()
    own = {"own-note": "warm light", "own-tags": "sea"}
    server.kill()
    for name, text in own.items():
        _type(page, name, text)
    page.key("Escape")
    page.key("Enter")  # the same image again
    for name, text in own.items():
        expect(page.field(name)).to_have_value(text)
    page.key("Escape")
    saved = []
    page.page.on("response", lambda r: saved.extend([r.ok] * r.url.endswith("/api/annotations")))
    server.start()
    wait_for(lambda: page.page.evaluate("1") and saved.count(True) == 2, "what was typed")
    page.reload()
    page.open()
    for name, text in own.items():
        expect(page.field(name)).to_have_value(text)


def test_what_was_typed_is_not_lost_if_it_cannot_be_saved(flaky_server, open_gallery):
    page = open_gallery(flaky_server).open()
    fails = {"status": 507, "json": {"error": {"code": "disk", "message": "The disk is full."}}}
    for path in ("annotations", "hidden"):
        page.page.route(f"**/api/{path}", lambda route: route.fulfill(**fails))
    own = {"own-note": "warm light", "own-tags": "sea", "own-set": "Evenings"}
    marked = {"marked-note": "for the wall", "marked-add-tags": "night"}

    def expect_typed(fields):
        for name, text in fields.items():
            with page.page.expect_response("**/api/*") as refused:
                _type(page, name, text)
            refused.value.finished()
        for name, text in fields.items():
            expect(page.field(name)).to_have_value(text)

    expect_typed(own)
    page.control("stars-3").click()  # the fields are drawn again
    page.message("The disk is full.").last.wait_for()
    for name, text in own.items():
        expect(page.field(name)).to_have_value(text)
    page.page.unroute("**/api/annotations")
    for name in own:
        _type(page, name, own[name] + "s")
    page.control("remove-from-set").filter(has_text="Eveningss").wait_for()
    shown = {"own-note": "warm lights", "own-tags": "seas"}
    page.wait_until_idle()
    page.key("ArrowRight")
    page.key("ArrowLeft")
    for name, text in shown.items():
        expect(page.field(name)).to_have_value(text)

    page.key("Escape")
    page.page.route("**/api/annotations", lambda route: route.fulfill(**fails))
    page.key("Space")
    page.key("l")
    expect_typed(marked)
    page.key("Escape", 2)
    page.key(",")
    page.field("hidden-text").fill("fog")
    page.key("Enter")
    page.message("The disk is full.").last.wait_for()
    expect(page.field("hidden-text")).to_have_value("fog")
