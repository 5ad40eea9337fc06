"""The one field: what it takes and tells of a text, and where it looks."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from api_server import MODEL_ID, status
from civitai_demo.gallery import images
from civitai_demo.gallery.catalogue import find_demo_model
from civitai_manager_libs import setting
from civitai_manager_libs.library import models
from gallery_page import GalleryPage
from page_driver import expect, wait_for
import pytest

_MODEL, _OTHER = 900_001, 900_007


def _a_picture():
    return images.list_gallery(find_demo_model(_MODEL))[5]


@pytest.mark.parametrize(
    "text",
    ["900001", "civitai.com/models/900001", "https://civitai.red/models/900001/quiet-places"],
)
def test_model_is_opened_by_its_url_or_id(api, on_demo, text):
    found = api.get(f"lookup?text={text}")
    assert found.keys() == {"model", "version_id"} and found["version_id"] is None
    model = found["model"]
    assert (model["id"], model["name"]) == (900_001, "Quiet Places")
    assert [version["id"] for version in model["versions"]] == [910103, 910102, 910101]
    assert model["base_models"] == ["SDXL 1.0", "SD 1.5"] and model["url"].endswith("/900001")
    assert api.get("models/900001") == model


@pytest.mark.parametrize(
    "text",
    ["https://civitai.com/models/900001?modelVersionId=910102", "civitai:900001@910102"]
    + ["https://civitai.com/model-versions/910102"],
)
def test_version_is_opened_within_its_model(api, on_demo, text):
    found = api.ask("api/lookup", params={"text": text}).json()
    assert (found["model"]["id"], found["version_id"]) == (900_001, 910_102)
    assert api.get("lookup?text=civitai:900001@5")["version_id"] is None


def test_image_is_found_with_its_model_whatever_its_rating(api, on_demo):
    row = next(row for row in images.list_gallery(find_demo_model(_MODEL)) if row.level == 16)
    found = api.get(f"lookup?text=https://civitai.com/images/{row.id}")
    assert found["image_id"] == row.id
    assert (found["post_id"], found["model"]["id"]) == (row.post_id, 900_001)
    assert api.get(f"images/{row.id}")["level"] == "XXX"


def test_number_that_is_no_models_id_is_an_images(api, on_demo):
    found = api.get(f"lookup?text={_a_picture().id}")
    assert found["image_id"] == _a_picture().id


@pytest.mark.parametrize("text", ["5", "civitai.com/images/5"])
def test_what_does_not_exist_is_reported(api, on_demo, text):
    code, reason, message = api.error(f"lookup?text={text}")
    assert (code, reason) == (404, "gone") and message


def test_post_and_user_are_galleries(api, on_demo):
    found = api.get("lookup?text=https://civitai.com/posts/123")
    assert found == {"post_id": 123, "title": "Post 123"}
    found = api.get("lookup?text=https://civitai.com/user/papermoon/images")
    assert found == {"username": "papermoon"}
    page = api.get("images?user=papermoon&limit=20")
    assert page["images"] and {view["user"] for view in page["images"]} == {"papermoon"}


@pytest.mark.parametrize(
    "language,said", [("en", "open that as a list"), ("zh-TW", "再當成清單開啟")]
)
def test_collection_is_refused_with_what_to_do_instead(api, civitai, language, said):
    code, reason, message = api.error("lookup?text=civitai.com/collections/7", language)
    assert (code, reason) == (400, "bad_input") and said in message
    assert not civitai.requests


@pytest.mark.parametrize(
    "text", ["", "%20", "https://evil.example/models/5", "civitai.com/articles/1"]
)
def test_text_that_names_nothing_is_refused_without_a_request(api, civitai, text):
    code, reason, message = api.error(f"lookup?text={text}")
    assert (code, reason) == (400, "bad_input") and "give a" in message
    assert api.error(f"lookup?text={text}", "zh-TW")[2].isascii() is False
    assert not civitai.requests


def test_words_are_searched_for_and_cards_have_their_covers(api, on_demo):
    found = api.get("lookup?text=landscape")
    assert found == {"query": "landscape", "models": api.get("models?q=landscape")}
    card = next(card for card in found["models"]["models"] if card["cover"])
    assert card["type"] and card["creator"]
    assert api.ask(f"api/thumb/{card['cover']['id']}").headers["content-type"] == "image/jpeg"


def test_covers_are_within_the_rating(api, on_demo):
    for level in ("None", "XXX"):
        found = api.get(f"models?q=o&level={level}")["models"]
        levels = {api.get(f"images/{c['cover']['id']}")["level"] for c in found if c["cover"]}
        assert levels and (level == "XXX" or levels == {"None"})
    setting.change("gallery_level", "Mature")
    assert api.get("models?q=o")["models"]


def test_search_has_a_next_page(api, civitai):
    row = {"id": 5, "name": "One", "modelVersions": []}
    body = json.dumps({"items": [row], "metadata": {"nextCursor": "20"}}).encode()
    civitai.script("other", status(200, body), status(200, b'{"items": [], "metadata": {}}'))
    first = api.get("models?q=one%20%20two")
    assert first["cursor"] == "20" and [card["id"] for card in first["models"]] == [5]
    assert first["models"][0]["cover"] is None
    assert api.get("models?q=one&cursor=20") == {"models": [], "cursor": None}
    assert "query=one+two" in civitai.requests[0] and "cursor=20" in civitai.requests[1]
    assert api.error("models?q=")[:2] == (400, "bad_input")


def test_opened_models_are_remembered_however_they_were_opened(api, on_demo):
    api.get("lookup?text=900003")
    api.get("models/900001")
    api.get(f"lookup?text=civitai.com/images/{_a_picture().id}")
    assert [model_id for model_id, _ in models.list_recent_models()] == [900_001, 900_003]
    assert api.get("bootstrap")["recent"][0] == {"id": 900_001, "name": "Quiet Places"}


def test_model_opens_though_it_cannot_be_remembered(api, on_demo, monkeypatch):
    from civitai_manager_libs.errors import DiskError

    def full(*_):
        raise DiskError("No room.")

    monkeypatch.setattr(models, "add_recent_gallery", full)
    assert api.get("models/900001")["id"] == 900_001


def test_missing_or_hidden_model_is_reported(api, civitai):
    code, reason, message = api.error("models/5")
    assert (code, reason) == (404, "gone") and message
    assert "no such model" in api.error("lookup?text=civitai.com/models/5")[2]


@pytest.mark.parametrize(
    "row",
    [
        {"id": 101, "name": None, "modelVersions": None},
        {"id": 101, "name": "<b>\u202e", "type": 5, "creator": "x", "tags": {}, "stats": []},
        {"id": 101, "description": "<script>alert(1)</script><p>a</p>", "nsfwLevel": "60"},
        {"id": 101, "modelVersions": [{"id": 5, "trainedWords": ["<i>", None], "images": [{}]}]},
    ],
)
def test_any_name_of_a_model_gives_a_valid_response(api, civitai, row):
    civitai.always("model", status(200, json.dumps(row).encode()))
    model = api.get(f"models/{MODEL_ID}")
    assert model["name"] and "\u202e" not in model["name"]
    assert "script" not in model["description"]


_NOWHERE = {"model": None, "version": None, "post": None, "user": "", "level": "XXX"}


def _preview(api, text, ids=(), word="", **where):
    body = {"text": text, "word": word, "ids": list(ids), "where": {**_NOWHERE, **where}}
    return api.post("search_preview", body)


def _search(api, text, path=""):
    return api.get(f"images?search={text}&limit=200&level=XXX{path}")["images"]


@pytest.fixture
def read(api, on_demo, fresh):
    """Return the ids of two pages of one gallery, and have a page of another in the library."""
    first = api.get(f"images?model={_MODEL}&limit=60&level=XXX")
    second = api.get(f"images?model={_MODEL}&limit=60&level=XXX&cursor={first['cursor']}")
    api.get(f"images?model={_OTHER}&limit=60&level=XXX")
    fresh.finish()
    on_demo.requests.clear()
    return [[view["id"] for view in page["images"]] for page in (first, second)]


def test_each_place_has_its_own_count_without_a_request_to_civitai(api, on_demo, read):
    [loaded, _] = read
    text = "is:image"
    found = _preview(api, text, loaded, model=_MODEL)
    gallery = {view["id"] for view in _search(api, text, f"&model={_MODEL}")}
    assert found["loaded"]["count"] == len(gallery & set(loaded)) < found["gallery"]["count"]
    assert found["gallery"] == {"count": len(gallery), "is_more": False}
    assert found["library"]["count"] > found["gallery"]["count"]
    assert not on_demo.requests


def test_without_a_gallery_only_the_library_is_counted(api, read):
    found = _preview(api, "is:image")
    assert found["gallery"] is None and found["loaded"]["count"] == 0 and found["library"]["count"]


def test_filters_of_the_open_gallery_apply(api, read):
    everything = _preview(api, "", model=_MODEL)["gallery"]["count"]
    assert 0 < _preview(api, "", model=_MODEL, level="None")["gallery"]["count"] < everything


def test_hidden_images_count_only_while_they_are_shown(api, read):
    body = {"text": "is:image", "word": "", "ids": [], "where": {**_NOWHERE, "model": _MODEL}}
    everything = api.post("search_preview", body)
    api.post("hidden", {"action": "hide", "kind": "author", "text": "papermoon", "ids": []})
    rest = api.post("search_preview?hidden=", body)
    assert 0 < rest["gallery"]["count"] < everything["gallery"]["count"]
    assert api.post("search_preview?hidden=1", body) == everything


@pytest.mark.parametrize("level", ["XXX", "None"])
def test_number_beside_a_suggestion_is_what_its_search_finds(api, read, level):
    api.post("hidden", {"action": "hide", "kind": "author", "text": "papermoon", "ids": []})
    words = ("sampler:", "base:", "author:", "lora:", "model:", "is:i")
    found = [
        one for word in words for one in _preview(api, "", word=word, level=level)["suggestions"]
    ]
    assert len(found) > 20
    # Not so the values that only hidden images have.
    assert all(one["found"]["count"] for one in found if "=" in one["text"])
    for one in found:
        images = api.get(f"images?search={quote(one['text'])}&limit=200&level={level}")["images"]
        assert one == {"text": one["text"], "found": _count(len(images))}
    authors = _preview(api, "papermoon", level=level)["authors"]
    assert authors == [{"text": "papermoon", "found": _count(0)}]
    assert "papermoon" not in str(_preview(api, "papermo", level=level)["authors"])


def _count(number):
    return {"count": number, "is_more": False}


@pytest.mark.parametrize(
    ("text", "kind"),
    [("two words", "words"), ("a -b", "words"), ("a lora:x", "keys"), ("is:here", "keys")]
    + [("", "nothing"), ("lora:", "nothing"), ("steps>many", "nothing")]
    + [("steps>many a", "keys"), ("cat is:installed", "keys")],
)
def test_keys_are_distinguished_from_words(api, text, kind):
    assert _preview(api, text)["kind"] == kind


def test_ignored_parts_are_reported(api):
    assert "steps takes a number" in _preview(api, "steps>many")["message"]
    assert _preview(api, "steps>5")["message"] == ""


def test_word_is_completed_and_authors_are_named(api, read):
    found = _preview(api, "paperm", word="samp")
    assert found["suggestions"] == [{"text": "sampler:", "found": None}]
    [author] = found["authors"]
    assert author["text"] == "papermoon" and author["found"]["count"] > 0


def test_pictures_of_the_library_are_shown_unless_they_would_be_blurred(api, read):
    everything = _search(api, "is:image")
    shown = _preview(api, "is:image")["pictures"]
    assert len(shown) == 6 and set(shown) <= {view["id"] for view in everything}
    assert {view["level"] for view in everything if view["id"] in shown} <= {"None", "Soft"}
    assert _preview(api, "")["pictures"] == []


def test_misspelled_key_is_corrected(api):
    assert _preview(api, "stepps>20")["correction"] == "steps>20"
    assert _preview(api, "steps>20")["correction"] == ""


def test_author_who_exists_is_found_with_one_request(api, on_demo):
    assert api.get("authors?name=papermoon") == "papermoon"
    assert len(on_demo.requests) == 1


@pytest.mark.parametrize("body", [b'{"items": [], "metadata": {}}', None], ids=["empty", "404"])
def test_author_who_does_not_exist_has_no_name(api, civitai, body):
    civitai.always("page", status(200, body) if body else status(404))
    assert api.get("authors?name=nobody_here") == ""
    assert len(civitai.requests) == 1


def test_author_with_only_empty_pages_exists(api, civitai):
    civitai.always("page", status(200, b'{"items": [], "metadata": {"nextCursor": "20|1"}}'))
    assert api.get("authors?name=Drafts") == "Drafts"


def test_name_that_civitai_refuses_is_not_requested(api, civitai):
    for name in ("", "two%20words", "a-b", "a" * 61):
        assert api.get(f"authors?name={name}") == ""
    assert not civitai.requests


_NAME = find_demo_model(_MODEL).name
_SETTINGS = {"gallery_level": "XXX"}


def _read_another(browser, server):
    """Let a server read a first page of another gallery, and return the server."""
    GalleryPage(browser, server.url, f"?model={_OTHER}").ready().close()
    return server


@pytest.fixture(scope="module")
def read_server(browser, shared_server):
    return _read_another(browser, shared_server)


@pytest.fixture
def page(read_server, open_gallery):
    return open_gallery(read_server, f"?model={_MODEL}").ready()


# At its lower edge, where the bar is
_IS_ON_TOP = """rows => {
    const {left, right, bottom} = rows.getBoundingClientRect();
    return rows.contains(rows.getRootNode().elementFromPoint((left + right) / 2, bottom - 5));
}"""


def _authors(page):
    names = page.tiles.evaluate_all("tiles => tiles.map(tile => tile.ariaLabel)")
    return {re.split("[,:]", name.split(" by ")[1])[0] for name in names}


def _rows(page):
    kinds = "rows => rows.map(row => row.dataset.row)"
    return page.page.locator(".search-rows [role=option]").evaluate_all(kinds)


def _civitai(page):
    """Return the requests that lead to one of Civitai."""
    return [path for path in page.api() if path.startswith(("models?", "authors?", "lookup"))]


def test_search_field_names_the_open_gallery_until_a_search(page):
    field = page.field("find")
    expect(field).to_have_attribute("placeholder", re.compile(f"^{_NAME}"))
    expect(field).to_have_value("")
    page.find("water")
    expect(field).to_have_value("water")
    page.control("clear-search").click()
    expect(field).to_have_value("")
    page.control("open-kept").click()
    expect(field).to_have_attribute("placeholder", re.compile("^Library"))


def test_words_being_composed_and_search_keys_stay_here(page):
    page.field("find").click()
    page.search_row("complete").first.wait_for()
    page.asked.clear()
    devtools = page.page.context.new_cdp_session(page.page)
    for text in ("d", "deng", "灯塔"):
        composed = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        devtools.send("Input.imeSetComposition", composed)
    expect(page.field("find")).to_have_value("灯塔")
    assert page.search_row("loaded").count() == 0
    devtools.send("Input.insertText", {"text": "灯塔"})
    expect(page.search_row("loaded")).to_have_text(re.compile("loaded$"))
    assert len([path for path in page.api() if path.startswith("search_preview")]) == 1
    page.field("find").fill("lora:a steps>20")
    expect(page.search_row("loaded")).to_have_text(re.compile("loaded$"))
    assert page.search_row("models").count() == 0
    page.key("Enter")
    wait_for(lambda: not page.page.locator(".search-rows").is_visible())
    assert not [path for path in _civitai(page) if "steps" in path]


def test_typed_text_is_searched_in_the_open_gallery_first_and_has_a_row_for_its_author(page):
    page.asked.clear()
    page.field("find").fill("water")
    expect(page.search_row("loaded")).to_have_text(re.compile(rf"^In “{_NAME}”\d+ of \d+ loaded$"))
    expect(page.search_row("all")).to_have_text(re.compile(r"^In your library[\d,]+$"))
    expect(page.search_row("models")).to_have_text(re.compile(r"^Models on Civitai\d+$"))
    expect(page.search_row("model")).to_contain_text(["Slow Water"])
    assert _rows(page)[0] == "loaded" and len(_civitai(page)) == 2
    page.search_row("model").get_by_text("Slow Water").click()
    expect(page.page).to_have_url(re.compile(f"model={_OTHER}"))
    page.field("find").fill("tide_loop")
    expect(page.search_row("author").first).to_have_text(re.compile("^Pictures by tide_loop"))
    page.search_row("author").first.click()
    expect(page.page).to_have_url(re.compile("user=tide_loop"))
    page.field("find").fill("nobody_of_that_name")
    expect(page.search_row("models")).to_have_text(re.compile(r"\d$"))  # all has come
    expect(page.search_row("author")).to_have_count(0)


def test_exact_name_of_a_model_leads_to_it_and_what_finds_nothing_comes_last(page):
    page.field("find").fill("flux of fields")  # known to Civitai alone
    chosen = page.page.locator(".search-rows [aria-selected=true]")
    expect(chosen).to_have_text(re.compile("^Flux of Fields"))
    expect(page.search_row("models")).to_have_text(re.compile(r"\d$"))
    assert _rows(page)[0] == "model" and {*_rows(page)[-2:]} <= {"loaded", "gallery", "all"}
    page.key("Enter")
    expect(page.page).to_have_url(re.compile(r"model=\d+$"))
    expect(page.page.locator(".gallery-header h2")).to_have_text("Flux of Fields")


def test_loaded_images_are_filtered_and_shown_again(page):
    [author, *_] = sorted(_authors(page))
    page.find(f"author:{author}")
    wait_for(lambda: _authors(page) == {author})
    page.find(f"-author:{author}")
    wait_for(lambda: _authors(page) and author not in _authors(page))
    page.control("clear-search").click()
    wait_for(lambda: author in _authors(page))
    page.find(f"-author:{author}")
    wait_for(lambda: _authors(page) and author not in _authors(page))
    page.find(str(_MODEL))  # which is the whole gallery
    wait_for(lambda: author in _authors(page))
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}$"))


def test_search_loads_more_until_it_has_enough_or_is_stopped(page):
    held = []
    page.page.route("**/api/images?*cursor=*", lambda route: held.append(route))
    [author, *_] = sorted(_authors(page))
    count = page.tiles.count()
    page.find(f"author:{author}")
    status = page.page.locator(".of-images")
    expect(status).to_contain_text(re.compile(r"found among \d+ loaded; loading more"))
    wait_for(lambda: 0 < page.tiles.count() < count)
    page.control("stop-search").click()
    expect(status).to_contain_text(re.compile(r"of \d+ loaded match"))
    page.page.unroute_all(behavior="ignoreErrors")
    page.control("search-on").click()
    expect(status).to_contain_text(re.compile(r"of [\d,]+ loaded match"))
    wait_for(lambda: page.place()[1] >= 20)


def test_search_without_loaded_matches_loads_more_and_says_so(start, demo, browser, open_gallery):
    server = _read_another(browser, start(demo.url, **_SETTINGS))
    page = open_gallery(server, f"?model={_MODEL}").ready()
    said = page.page.locator(".search-message")
    page.find("wan")
    expect(page.page).to_have_url(re.compile(r"\?search="))
    expect(said).to_have_text(re.compile(r"^Nothing among the \d+ loaded or in your library"))
    expect(said).to_contain_text("in your library")
    page.ready()
    page.control("search-on").click()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}&words=wan$"))
    expect(said).to_be_hidden()
    page.page.go_back()
    expect(page.page).to_have_url(re.compile(r"\?search=wan$"))
    page.page.go_back()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}$"))
    expect(page.field("find")).to_have_value("")


def test_words_and_place_of_a_search_are_chips(page):
    page.search("water -night", "gallery")
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}&search=water"))
    chips = page.page.locator("[data-chip]")
    expect(chips).to_have_text([f"In “{_NAME}”, all in your library", "water", "-night"])
    chips.nth(2).click()
    expect(page.field("find")).to_have_value("water")
    page.control("reset-filters").first.click()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}$"))
    expect(page.field("find")).to_have_value("")
    page.search("water", "gallery")
    page.search("slow", "models")
    expect(page.control("open-model").first).to_have_attribute("href", re.compile(r"\?model=\d+"))
    page.control("clear-search").click()  # of the models: the search below them stays
    expect(page.field("find")).to_have_value("water")
    chips.first.click()
    expect(page.page).to_have_url(re.compile(r"\?search=water$"))
    expect(chips).to_have_text(["Library", "water"])
    chips.last.click()
    expect(page.page).to_have_url(re.compile(r"\?search=$"))


def test_chip_of_a_widened_search_leads_back_to_the_gallery_it_began_in(page):
    page.find("wan")  # only in the other gallery that was read
    expect(page.page).to_have_url(re.compile(r"\?search="))
    expect(page.page.locator(".search-message")).to_contain_text("in your library")
    page.page.locator("[data-chip='scope']").click()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}$"))
    page.ready()


def test_library_is_searched_without_a_gallery_and_models_are_offered_if_nothing_is_found(page):
    page.go("")
    page.control("open-kept").first.click()
    page.ready()
    page.search("zzz no such words", "all")
    expect(page.page.locator(".of-images")).to_contain_text("Nothing matches “zzz no such words”")
    page.control("search-models").click()
    page.page.get_by_text("No model matches").wait_for()
    page.control("search-library").click()
    expect(page.page.locator(".of-images")).to_contain_text("Nothing matches")
    page.control("clear-search").last.click()
    page.ready()
    page.go("?search=zzz_none&type=video")
    empty = page.page.locator(".empty-result")
    expect(empty).to_contain_text("Nothing matches “zzz_none”")
    expect(empty.locator("[data-chip]")).to_have_text(["Library", "zzz_none", re.compile("Type")])
    empty.locator("[data-do=search-models]").click()
    page.page.get_by_text("No model matches").wait_for()


def test_suggestions_lead_from_a_key_to_a_value_and_fit_a_phone(page):
    rows, field = page.search_row("complete"), page.field("find")
    field.click()
    expect(rows.first).to_have_text("lora:")
    page.page.keyboard.type("samp")
    expect(rows).to_have_text(["sampler:"])
    page.key("ArrowDown")  # past the row that searches here
    page.key("Enter")
    expect(field).to_have_value("sampler:")
    expect(rows.first).to_contain_text(re.compile(r"sampler=.*\d"))  # with how many have it
    value = rows.first.locator("bdi").inner_text()
    rows.first.click()
    expect(field).to_have_value(f"{value} ")
    wait_for(lambda: page.focused_control() == "find", "the focus")
    page.page.keyboard.type("st")
    expect(rows.first).to_be_visible()
    page.key("Escape")
    expect(page.page.locator(".search-rows")).to_be_hidden()
    expect(field).to_have_value(f"{value} st")
    page.key("Enter")
    wait_for(lambda: page.tiles.count())
    page.page.set_viewport_size({"width": 390, "height": 320})
    page.field("find").fill("water")
    page.search_row("model").first.wait_for()
    rows = page.page.locator(".search-rows")
    box = rows.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    bar = page.page.locator(".selection-bar").bounding_box()
    wait_for(lambda: bar["y"] < sum(rows.bounding_box()[side] for side in ("y", "height")))
    assert rows.evaluate(_IS_ON_TOP)


def test_rows_that_were_closed_stay_closed_when_the_model_is_known(server, open_gallery):
    page, held = open_gallery(server, ""), []
    page.page.route(f"**/api/models/{_MODEL}", lambda route: held.append(route))
    page.go(f"?model={_MODEL}")
    wait_for(lambda: page.page.evaluate("0") or held, "the request for the model")
    page.field("find").click()
    rows = page.page.locator(".search-rows")
    expect(rows).to_be_visible()
    page.key("Escape")
    held[0].continue_()
    expect(page.page.locator(".gallery-header h2")).to_have_text("Quiet Places")
    page.control("about").wait_for()
    expect(rows).to_be_hidden()


def test_escape_keeps_away_rows_that_have_yet_to_come_and_leads_to_the_images(server, open_gallery):
    page, held = open_gallery(server, f"?model={_MODEL}").ready(), []
    rows = page.page.locator(".search-rows")
    page.page.route("**/api/search_preview*", lambda route: held.append(route))
    with page.page.expect_request(lambda sent: '"lora:"' in (sent.post_data or "")):
        page.field("find").fill("lora:")
    expect(rows).to_be_hidden()
    page.key("Escape")
    for route in held:
        route.continue_()
    page.wait_until_idle()
    expect(rows).to_be_hidden()
    assert page.focused() == page.ids()[0]
    expect(page.field("find")).to_have_value("")


def test_press_on_a_row_is_kept_though_other_rows_come_meanwhile(server, open_gallery):
    page, held = open_gallery(server, f"?model={_MODEL}").ready(), []
    page.page.route("**/api/search_preview*", lambda route: held.append(route))
    with page.page.expect_request(lambda sent: '"is:video"' in (sent.post_data or "")):
        page.field("find").fill("is:video")
    row = page.search_row("all")
    row.locator("bdi").hover()
    page.page.mouse.down()
    for route in held:
        route.continue_()
    page.wait_until_idle()
    page.page.unroute("**/api/search_preview*")
    page.page.mouse.up()
    expect(page.page).to_have_url(re.compile("is%3Avideo"))
    expect(row).to_be_hidden()


def test_click_into_the_field_selects_the_search_that_stands_there(server, open_gallery):
    page = open_gallery(server, "?model=900001&level=XXX&words=dune").ready()
    field = page.field("find")
    expect(field).to_have_value("dune")
    field.click()
    page.page.keyboard.type("sea")
    expect(field).to_have_value("sea")
    field.click()  # a second one places the caret
    page.page.keyboard.press("End")
    page.page.keyboard.type("s")
    expect(field).to_have_value("seas")
    for key, text in (("/", "fog"), ("Control+k", "sea")):  # reached from anywhere
        page.tiles.first.focus()
        page.key(key)
        page.page.keyboard.type(text)
        expect(field).to_have_value(text)


def test_search_that_cannot_be_says_what_is_wrong_and_what_it_takes(read_server, open_gallery):
    page = open_gallery(read_server, "")
    status = page.page.locator(".status.of-lookup")
    for address in (f"?model={_MODEL}", ""):
        page.go(address)
        for text, said in (
            ("is:foo", "is: takes favourite, saved, installed, commercial, gone, image, video"),
            ("lora:", "needs something to look for after it"),
        ):
            page.find(text)  # before the server has looked at it
            expect(status).to_contain_text(said)
            page.field("find").fill("")
            expect(status).to_be_hidden()
            page.field("find").press_sequentially(text)
            page.wait_until_idle()
            page.key("Enter")
            expect(status).to_contain_text(said)
        expect(page.page).to_have_url(f"{page.url}/{address}")
    page.field("find").fill("steps>abc water")
    page.wait_until_idle()  # the server knows that no model is looked for
    page.key("Enter")
    expect(page.page.locator(".search-message")).to_contain_text(
        "“steps>abc” cannot be searched for"
    )
