"""What the field tells of a text before it is searched for: places, authors, how it may go on."""

from __future__ import annotations

import pytest
from api_server import status

_NOWHERE = {"model": None, "version": None, "post": None, "user": "", "level": "XXX"}
_MODEL, _OTHER = 900_001, 900_007


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
    assert found["loaded"] == len(gallery & set(loaded)) < found["gallery"]["count"]
    assert found["gallery"] == {"count": len(gallery), "is_more": False}
    assert found["library"]["count"] > found["gallery"]["count"]
    assert not on_demo.requests


def test_without_a_gallery_only_the_library_is_counted(api, read):
    found = _preview(api, "is:image")
    assert found["gallery"] is None and found["loaded"] == 0 and found["library"]["count"]


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


@pytest.mark.parametrize("body", [{}, {"text": 5, "ids": []}, {"text": "a", "ids": "x"}])
def test_value_that_is_no_text_is_refused(api, body):
    answer = api.send("POST", "search_preview", body)
    assert answer.status_code == 400


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


def test_pictures_of_the_library_are_shown_unless_they_would_be_blurred(api, read):
    everything = _search(api, "is:image")
    shown = _preview(api, "is:image")["pictures"]
    assert len(shown) == 6 and set(shown) <= {view["id"] for view in everything}
    assert {view["level"] for view in everything if view["id"] in shown} <= {"None", "Soft"}
    assert _preview(api, "")["pictures"] == []


def test_misspelled_key_is_corrected(api):
    assert _preview(api, "stepps>20")["correction"] == "steps>20"
    assert _preview(api, "steps>20")["correction"] == ""
