"""What the one field takes, and what it tells of a text before it is searched for."""

from __future__ import annotations

import json

from api_server import MODEL_ID, status
from civitai_demo.gallery import images
from civitai_demo.gallery.catalogue import find_demo_model
from civitai_manager_libs import setting
from civitai_manager_libs.library import models
import pytest

_MODEL = 900_001


def _a_picture():
    return images.list_gallery(find_demo_model(_MODEL))[5]


@pytest.mark.parametrize(
    "text",
    ["900001", "civitai.com/models/900001", "https://civitai.red/models/900001/quiet-places"],
)
def test_model_is_opened_by_its_url_or_id(api, on_demo, text):
    found = api.get(f"lookup?text={text}")
    assert (found["kind"], found["version_id"]) == ("model", None)
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


def test_version_that_the_model_does_not_have_is_none(api, on_demo):
    assert api.get("lookup?text=civitai:900001@5")["version_id"] is None


def test_image_is_found_with_its_model_whatever_its_rating(api, on_demo):
    row = next(row for row in images.list_gallery(find_demo_model(_MODEL)) if row.level == 16)
    found = api.get(f"lookup?text=https://civitai.com/images/{row.id}")
    assert (found["kind"], found["image_id"]) == ("image", row.id)
    assert (found["post_id"], found["model"]["id"]) == (row.post_id, 900_001)
    assert api.get(f"images/{row.id}")["level"] == "XXX"


def test_missing_image_is_reported(api, on_demo):
    assert api.error("lookup?text=civitai.com/images/5")[:2] == (404, "gone")


def test_number_that_is_no_models_id_is_an_images(api, on_demo):
    found = api.get(f"lookup?text={_a_picture().id}")
    assert (found["kind"], found["image_id"]) == ("image", _a_picture().id)


def test_number_of_nothing_is_reported(api, on_demo):
    code, reason, message = api.error("lookup?text=5")
    assert (code, reason) == (404, "gone") and message


def test_post_and_user_are_galleries(api, on_demo):
    found = api.get("lookup?text=https://civitai.com/posts/123")
    assert found == {"kind": "post", "post_id": 123, "title": "Post 123"}
    found = api.get("lookup?text=https://civitai.com/user/papermoon/images")
    assert found == {"kind": "user", "username": "papermoon"}
    page = api.get("images?user=papermoon&limit=20")
    assert page["images"] and {view["user"] for view in page["images"]} == {"papermoon"}


@pytest.mark.parametrize(
    "language,said", [("en", "one of its pictures"), ("zh-TW", "其中一張圖片")]
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
    assert (found["kind"], found["query"]) == ("models", "landscape")
    assert found["models"] == api.get("models?q=landscape")["models"]
    card = next(card for card in found["models"] if card["cover"])
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
_SHOWN, _OTHER = 900_001, 900_007


def _preview(api, text, ids=(), word="", **where):
    body = {"text": text, "word": word, "ids": list(ids), "where": {**_NOWHERE, **where}}
    return api.post("search_preview", body)


def _search(api, text, path=""):
    return api.get(f"images?search={text}&limit=200&level=XXX{path}")["images"]


@pytest.fixture
def read(api, on_demo, fresh):
    """Return the ids of two pages of one gallery, and have a page of another in the library."""
    first = api.get(f"images?model={_SHOWN}&limit=60&level=XXX")
    second = api.get(f"images?model={_SHOWN}&limit=60&level=XXX&cursor={first['cursor']}")
    api.get(f"images?model={_OTHER}&limit=60&level=XXX")
    fresh.finish()
    on_demo.requests.clear()
    return [[view["id"] for view in page["images"]] for page in (first, second)]


def test_each_place_has_its_own_count_without_a_request_to_civitai(api, on_demo, read):
    [loaded, _] = read
    text = "is:image"
    found = _preview(api, text, loaded, model=_SHOWN)
    gallery = {view["id"] for view in _search(api, text, f"&model={_SHOWN}")}
    assert found["loaded"] == len(gallery & set(loaded)) < found["gallery"]["count"]
    assert found["gallery"] == {"count": len(gallery), "is_more": False}
    assert found["library"]["count"] > found["gallery"]["count"]
    assert not on_demo.requests


def test_without_a_gallery_only_the_library_is_counted(api, read):
    found = _preview(api, "is:image")
    assert found["gallery"] is None and found["loaded"] == 0 and found["library"]["count"]


def test_filters_of_the_open_gallery_apply(api, read):
    everything = _preview(api, "", model=_SHOWN)["gallery"]["count"]
    assert 0 < _preview(api, "", model=_SHOWN, level="None")["gallery"]["count"] < everything


def test_hidden_images_count_only_while_they_are_shown(api, read):
    body = {"text": "is:image", "word": "", "ids": [], "where": {**_NOWHERE, "model": _SHOWN}}
    everything = api.post("search_preview", body)
    api.post("hidden", {"action": "hide", "kind": "author", "text": "papermoon", "ids": []})
    rest = api.post("search_preview?hidden=", body)
    assert 0 < rest["gallery"]["count"] < everything["gallery"]["count"]
    assert api.post("search_preview?hidden=1", body) == everything


@pytest.mark.parametrize(
    ("text", "kind"),
    [("two words", "words"), ("a -b", "words"), ("a lora:x", "keys"), ("is:here", "keys")]
    + [("", "nothing"), ("lora:", "nothing"), ("steps>many", "nothing")],
)
def test_keys_are_distinguished_from_words(api, text, kind):
    assert _preview(api, text)["kind"] == kind


def test_ignored_parts_are_reported(api):
    assert "steps takes a number" in _preview(api, "steps>many")["message"]
    assert _preview(api, "steps>5")["message"] == ""


def test_word_is_completed_and_authors_are_named(api, read):
    found = _preview(api, "paperm", word="samp")
    assert found["suggestions"] == [{"text": "sampler:", "count": 0}]
    assert [one["text"] for one in found["authors"]] == ["papermoon"]
    assert found["authors"][0]["count"] > 0


def test_author_who_exists_is_found_with_one_request(api, on_demo):
    assert api.get("authors?name=papermoon") == {"name": "papermoon"}
    assert len(on_demo.requests) == 1


@pytest.mark.parametrize("body", [b'{"items": [], "metadata": {}}', None], ids=["empty", "404"])
def test_author_who_does_not_exist_has_no_name(api, civitai, body):
    civitai.always("page", status(200, body) if body else status(404))
    assert api.get("authors?name=nobody_here") == {"name": ""}
    assert len(civitai.requests) == 1


def test_author_with_only_empty_pages_exists(api, civitai):
    civitai.always("page", status(200, b'{"items": [], "metadata": {"nextCursor": "20|1"}}'))
    assert api.get("authors?name=Drafts") == {"name": "Drafts"}


def test_name_that_civitai_refuses_is_not_requested(api, civitai):
    for name in ("", "two%20words", "a-b", "a" * 61):
        assert api.get(f"authors?name={name}") == {"name": ""}
    assert not civitai.requests
