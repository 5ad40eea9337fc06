"""Lists of images as galleries: in the list's order, a hundred at a time, and what is missing."""

from __future__ import annotations

import json
import random
import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from api_server import status
from civitai_demo.gallery import find_demo_model, list_gallery
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import parse_image_ids
from civitai_manager_libs.library import database, image_records, pages, wait_for_writes
from civitai_manager_libs.web.routes.views import format_iso_time
from gallery_page import with_axe
from page_driver import expect, wait_for

# The 101st is even: a page of which nothing comes is asked for again if the library has others.
_IDS = random.Random(2).sample(range(10**6, 2 * 10**6), 5000)


@pytest.fixture
def site(civitai, monkeypatch):
    """Yield a Civitai with the images of even ids, which answers `ids` and `imageId`."""
    monkeypatch.setattr(pages, "_PACE", 0)
    civitai.kinds |= {i: "png" for i in [*_IDS, *range(3 * 10**6, 3 * 10**6 + 200)] if not i % 2}
    _answer_by_id(civitai)
    return civitai


def _answer_by_id(civitai, is_old=False):
    """Let a server answer by ids; an old one ignores `ids` and sends the latest images."""

    def answer(request, _):
        asked = {k: v[0] for k, v in parse_qs(urlsplit(request.path).query).items()}
        ids = [int(text) for text in asked.get("ids", asked.get("imageId", "")).split(",") if text]
        if is_old and "ids" in asked:
            ids = list(range(3 * 10**6, 3 * 10**6 + 200))
        rows = [civitai._row(i) for i in sorted(ids, reverse=True) if i in civitai.kinds]
        status(200, json.dumps({"items": rows, "metadata": {}}).encode())(request, b"")

    civitai.always("page", answer)


def _read(api, ids, more=""):
    """Open a list and read all its pages; return (shown ids, missing ids, the last page)."""
    opened = api.post("lists", {"text": "\n".join(f"civitai.com/images/{i}" for i in ids)})
    assert (opened["count"], opened["first"]) == (len(ids), ids[0])
    shown, missing, cursor = [], [], ""
    while cursor is not None:
        page = api.get(f"images?images={opened['images']}&limit=100&cursor={cursor}{more}")
        shown += [image["id"] for image in page["images"]]
        missing += page["missing"]
        cursor = page["cursor"]
    assert page["total"] == len(ids)
    return shown, missing, page


def _read_even(api, count):
    """Read those of the first `count` ids that the site has, until all are stored; return them."""
    ids = [i for i in _IDS[:count] if not i % 2]
    _read(api, ids)
    assert wait_for_writes(30)
    return ids


def _gone(api):
    """Return the images that are marked as gone."""
    assert wait_for_writes(30)
    return api.get("images?search=is:gone&level=XXX")["images"]


@pytest.mark.parametrize("count", [1, 99, 100, 101, 1000])
def test_list_is_a_gallery_in_its_order(api, site, count):
    ids = _IDS[:count]
    shown, missing, page = _read(api, ids)
    assert shown == [i for i in ids if not i % 2]
    assert missing == [i for i in ids if i % 2]
    assert page["notes"] == []
    assert len(site.pages) == -(-count // 100)


def test_first_screen_of_a_long_list_costs_one_request(api, site):
    opened = api.post("lists", {"text": json.dumps(_IDS)})
    page = api.get(f"images?images={opened['images']}&limit=100")
    assert len(site.pages) == 1 and opened["count"] == page["total"] == 5000


def test_server_that_ignores_ids_is_asked_for_single_images(api, site):
    _answer_by_id(site, is_old=True)
    shown, missing, _ = _read(api, _IDS[:40])
    assert shown == [i for i in _IDS[:40] if not i % 2]
    assert missing == [i for i in _IDS[:40] if i % 2]
    assert len(site.pages) == 1 + 40
    first = api.get(f"images?images={','.join(map(str, _IDS[:40]))}")
    assert [note["code"] for note in first["notes"]] == ["list_slow"]


def test_addresses_of_a_list_and_of_a_search_open_again(api, site):
    opened = api.post("lists", {"text": json.dumps(_IDS[:150])})
    text = api.get(f"addresses?images={opened['images']}")
    assert api.post("lists", {"text": text}) == opened
    _read(api, _IDS[:20], "&sort=Random")
    assert wait_for_writes(30)
    text = api.get("addresses?search=picture&level=XXX")
    assert parse_image_ids(text) == sorted((i for i in _IDS[:20] if not i % 2), reverse=True)


def test_statistics_and_models_of_a_list_are_those_of_its_images(api, site):
    opened = api.post("lists", {"text": json.dumps(_IDS[:20])})["images"]
    _read(api, _IDS[:20])
    _read(api, _IDS[:20], "&model=5")  # which names no other gallery
    assert api.get("stats?model=5")["image_count"] == 0
    count = sum(not i % 2 for i in _IDS[:20])
    assert api.get(f"stats?images={opened}")["image_count"] == count
    assert api.get(f"model_files?images={opened}")["image_count"] == count


def test_filters_hide_images_of_a_list(api, site):
    assert _read(api, _IDS[:20], "&type=video")[0] == []
    assert _read(api, _IDS[:20], "&base=Pony")[0] == []


def test_image_that_is_gone_stays_from_the_library_and_is_marked(api, site):
    ids = _read_even(api, 40)
    del site.kinds[ids[3]]
    shown, missing, page = _read(api, ids)
    assert (shown, missing) == (ids, [])
    assert [image["id"] for image in page["images"] if image["last_seen"]] == [ids[3]]
    assert [image["id"] for image in _gone(api)] == [ids[3]]
    site.kinds[ids[3]] = "png"
    _read(api, ids)
    assert _gone(api) == []


@pytest.mark.parametrize("answers", [2, 1, 0], ids=["other-is-gone", "second-fails", "all-fail"])
def test_stored_image_opens_though_nothing_proves_that_it_is_gone(api, site, answers):
    ids = _read_even(api, 8)
    site.always("page", status(503))
    site.script("page", *[status(200, b'{"items": [], "metadata": {}}')] * answers)
    if answers:
        assert api.get(f"lookup?text=civitai.com/images/{ids[0]}")["image_id"] == ids[0]
    else:
        assert api.error(f"lookup?text=civitai.com/images/{ids[0]}")[0] != 404
    assert _gone(api) == []


def test_response_that_proves_nothing_marks_nothing(api, site):
    ids = _read_even(api, 40)
    site.always("page", status(200, b'{"items": [], "metadata": {}}'))
    shown, missing, _ = _read(api, ids)
    assert (shown, missing) == (ids, [])
    assert _gone(api) == []


def test_list_is_searched_and_shown_without_civitai(api, site):
    ids = [i for i in _IDS[:150] if not i % 2]
    opened = api.post("lists", {"text": json.dumps(ids + _IDS[200:300])})["images"]
    for cursor in ("", "100"):
        api.get(f"images?images={opened}&cursor={cursor}")
    assert wait_for_writes(30)
    found = api.get(f"images?images={opened}&search=picture&level=XXX&limit=200")["images"]
    assert {image["id"] for image in found} >= set(ids)
    site.always("page", status(503))
    page = api.get(f"images?images={opened}")
    assert page["from_library"] and page["total"] == len(ids) + 100
    assert [image["id"] for image in page["images"]][: len(ids)] == ids


def test_ids_that_are_none_are_not_asked_for(api, site):
    page = api.get("images?images=0,0000000000")
    assert (page["images"], page["missing"], page["cursor"], page["total"]) == ([], [], None, 0)
    assert api.post("jobs", {"checks": True, "ids": [-1, 0, 2**40]})["job_id"] is None
    assert api.get(f"images?images={_IDS[0]}&cursor=99")["images"] == []
    assert site.pages == []


def test_forgotten_list_and_text_without_images_get_one_sentence(api, site):
    code, _, message = api.error("images?images=list-0123456789abcdef")
    assert code == 400 and "again" in message
    opened = api.post("lists", {"text": json.dumps(_IDS[:101])})["images"]
    with database.writing() as db:
        db.execute("UPDATE pages SET ids = '1,x'")
    assert api.error(f"images?images={opened}")[2] == message, "a damaged row"
    assert api.get("model_files?images=no-list&model=5")["files"] == []
    assert api.get("addresses?model=5") == ""
    answer = api.send("POST", "lists", {"text": "nothing here"})
    assert answer.status_code == 400 and "names no picture" in answer.json()["error"]["message"]


def test_list_is_downloaded_whole_by_a_job(api, site):
    ids = [i for i in _IDS[:150] if not i % 2]
    opened = api.post("lists", {"text": json.dumps([*ids, *range(1, 101)])})
    query = {"images": opened["images"]}
    job = api.post("jobs", {"query": query, "limit": opened["count"]})["job_id"]
    wait_for(lambda: api.get("jobs")["jobs"][0]["state"] == "done")
    card = api.get("jobs")["jobs"][0]
    assert (card["id"], card["saved"], card["group"]) == (job, len(ids), card["title"])
    assert card["title"] == f"List of {opened['count']} pictures"
    assert "not to be had now (gone, or not shown to you): 100" in card["report"]
    assert "verify" not in card["actions"]


def test_job_tells_that_its_list_is_forgotten(api, site):
    opened = api.post("lists", {"text": json.dumps(_IDS[:150])})
    site.always("page", status(503))
    job = api.post("jobs", {"query": {"images": opened["images"]}})["job_id"]
    with database.writing() as db:
        db.execute("DELETE FROM pages")
    api.send("POST", f"jobs/{job}/pause")
    wait_for(lambda: api.get("jobs")["jobs"][0]["state"] == "paused")
    api.send("POST", f"jobs/{job}/resume")
    forgotten = api.error(f"images?images={opened['images']}")[2]
    wait_for(lambda: api.get("jobs")["jobs"][0]["note"] == forgotten)


# Whether images are still there


def _check(api, **body):
    """Check images; return the job when it is over."""
    job = api.post("jobs", {"checks": True, **body})["job_id"]

    def find_ended():
        [card] = [card for card in api.get("jobs")["jobs"] if card["id"] == job]
        return card if card["state"] == "done" else None

    return wait_for(find_ended)


@pytest.mark.parametrize("is_old", [False, True], ids=["knows-ids", "ignores-ids"])
def test_check_marks_what_is_not_to_be_had_until_it_is_seen_again(api, site, is_old):
    ids = _read_even(api, 300)
    last_seen = {i: seen for i, seen in _read_times(ids)}
    for image_id in ids[:2]:
        del site.kinds[image_id]
    _answer_by_id(site, is_old)
    card = _check(api, query={"search": "picture"})
    assert card["line"].endswith("not to be had now (gone, or not shown to you): 2")
    assert "is:gone" in card["toast"] and "verify" not in card["actions"]
    gone = _gone(api)
    assert {image["id"] for image in gone} == set(ids[:2])
    assert all(image["last_seen"] == format_iso_time(last_seen[image["id"]]) for image in gone)
    site.kinds[ids[0]] = "png"
    card = _check(api, ids=[ids[0], ids[5]])
    assert card["line"].endswith(card["toast"]) and card["toast"] == "all are still there"
    assert [image["id"] for image in _gone(api)] == [ids[1]]


def test_hundred_that_are_all_gone_are_marked_if_others_still_come(api, site):
    ids = _read_even(api, 300)
    for image_id in ids[:50]:
        del site.kinds[image_id]
    _check(api, ids=ids[:50])
    assert len(_gone(api)) == 50


def test_favourites_are_checked_once_a_month_if_set(api, site, monkeypatch):
    ids = _read_even(api, 20)
    api.post("annotations", {"ids": ids, "favourite": True})
    assert wait_for_writes(30)

    def count_checks():
        api.post("watches", {"action": "check_due"})
        return len(api.get("jobs")["jobs"])

    assert count_checks() == 0
    now = time.time
    monkeypatch.setattr(image_records.time, "time", lambda: now() + 31 * 86_400)
    setting.change("check_favourites", False)
    assert count_checks() == 0
    setting.change("check_favourites", True)
    assert [count_checks(), count_checks()] == [1, 1]
    wait_for(lambda: api.get("jobs")["jobs"][0]["state"] == "done")
    assert wait_for_writes(30)
    assert count_checks() == 1


def _read_times(ids):
    sql = "SELECT id, read_at FROM images WHERE id IN (SELECT value FROM json_each(?))"
    return database.select_rows(sql, (json.dumps(ids),))


# In the page

_DEMO = [image.id for image in list_gallery(find_demo_model(900_001))]
_CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


def _addresses(ids):
    return "\n".join(f"https://civitai.com/images/{image_id}" for image_id in ids)


def _paste(page, text):
    page.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.key("Control+v")


@with_axe
def test_lists_pasted_or_from_a_file_open_and_survive_a_reload(server, open_gallery):
    page = open_gallery(server, "?level=XXX", **_CLIPBOARD)
    page.page.locator("[data-shelf]").first.wait_for()
    ids = [*map(str, _DEMO[10:4:-1]), "41"]
    _paste(page, _addresses(ids))
    expect(page.page).to_have_url(re.compile(f"images={','.join(ids)}"))
    for is_reloaded in (False, True):
        if is_reloaded:
            page.reload()
        page.ready()
        wait_for(lambda: page.ids() == ids[:-1])
        expect(page.page.locator(".missing-images a")).to_have_text("41")
    assert page.axe_findings() == []
    page.page.go_back()
    expect(page.page.locator(".home")).to_be_visible()

    body = json.dumps([*_DEMO[:3], *range(1, 200)]).encode("utf-16")
    file = {"name": "mine.json", "mimeType": "application/json", "buffer": body}
    page.field("list-files").set_input_files(file)
    expect(page.page).to_have_url(re.compile("images=list-"))
    page.ready()
    page.reload()
    page.ready()
    wait_for(lambda: page.ids() == [str(image_id) for image_id in _DEMO[:3]])


def test_pasted_image_or_list_opens_and_a_text_without_any_says_so(server, open_gallery):
    page = open_gallery(server, "?level=XXX", **_CLIPBOARD)
    page.page.locator("[data-shelf]").first.wait_for()
    _paste(page, "only words")
    expect(page.page.locator(".of-lookup")).to_contain_text("names no picture")
    _paste(page, f"[InternetShortcut]\r\nURL=https://civitai.com/images/{_DEMO[0]}")
    expect(page.viewer).to_have_attribute("data-id", str(_DEMO[0]))
    _paste(page, "only words")  # by chance: it must not close the image
    expect(page.viewer).to_be_visible()
    page.key("Escape")
    expect(page.viewer).to_be_hidden()
    page.field("find").click()
    _paste(page, _addresses(_DEMO[3:6]))
    wait_for(lambda: page.ids() == [str(i) for i in _DEMO[3:6]], "the list")
    expect(page.tile(str(_DEMO[3]))).to_be_focused()
    page.control("gallery-menu").click()
    page.control("copy-list").click()
    page.message("opied").wait_for()
    copied = page.page.evaluate("navigator.clipboard.readText()")
    assert re.findall("/images/([0-9]+)$", copied, re.M) == [str(i) for i in _DEMO[3:6]]


_DROP = """text => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    const page = document.querySelector("civitai-gallery").shadowRoot.querySelector(".page");
    for (const type of ["dragover", "drop"])
        page.dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true}));
}"""


def test_dropped_list_becomes_a_collection_and_what_lacks_is_told(flaky_server, open_gallery):
    page = open_gallery(flaky_server, "?level=None")
    gone = "not to be had now (gone, or not shown to you): 1"

    def open_list(ids):
        page.control("home").first.click()
        page.page.locator("[data-shelf]").first.wait_for()
        page.page.evaluate(_DROP, _addresses(ids))

    open_list([90_100_002, 90_100_025, 90_100_003, 41])
    page.ready()
    _save_list(page, "Kept")
    message = page.message("2 added to “Kept”")
    expect(message).to_contain_text("1 left out by the filters, such as the highest rating")
    expect(message).to_contain_text(gone)
    page.control("sets").click()
    expect(page.panel("collections").locator("[data-set='Kept']")).to_contain_text("Kept (2)")
    page.key("Escape")

    held = []  # an empty list has no menu: it is opened before the answer
    page.page.route(re.compile(r"/images\?"), lambda route: held.append(route))
    open_list([90_100_025, 41])
    _save_list(page, "Told")
    held[-1].continue_()
    expect(page.message("None of these pictures can be shown.")).to_contain_text(gone)
    page.page.unroute_all(behavior="ignoreErrors")

    page.page.route(re.compile(r"/images\?.*cursor=1"), lambda route: None)
    open_list(_DEMO[:150])
    _save_list(page, "Told")
    page.control("stop-search").click()
    page.message("Nothing was added to “Told”").wait_for()


def _save_list(page, name):
    page.control("gallery-menu").click()
    page.control("save-list").click()
    page.field("menu-collection").fill(name)
    page.key("Enter")
