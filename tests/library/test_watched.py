"""Watched galleries: what is new since the last visit is counted and marked, one request each."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing

import pytest
from api_server import ApiServer, FIRST_ID, html, MODEL_ID, reset, status, VERSION_ID
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import image_of, ImageQuery
from civitai_manager_libs.errors import InputError, NetworkError, UnreadableAnswer
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.library import own, pages, records, watched

_MODEL = ImageQuery(model_id=MODEL_ID)
_VERSION = ImageQuery(model_id=MODEL_ID, version_id=VERSION_ID)
_USER = ImageQuery(username="anna")


@pytest.fixture
def civitai(library, monkeypatch):
    setting.change("http_max_retries", 0)
    with ApiServer(count=30) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def client(civitai):
    return CivitaiHttpClient("")


def _look(client, query):
    """As a page that opens the gallery."""
    watched.visit(query, pages.read_page(client, query, None, 100, fresh=True).page)
    return watched.new_above(query)


def _news(client, civitai, count):
    civitai.ids[:0] = range(civitai.ids[0] + count, civitai.ids[0], -1)
    civitai.kinds.update({i: "png" for i in civitai.ids[:count]})
    for one in watched.listed():
        watched.check(client, one)
    return [one.fresh for one in watched.listed()]


@pytest.mark.parametrize("query", [_MODEL, _VERSION, _USER], ids=["model", "version", "user"])
def test_new_pictures_are_counted_until_one_has_looked(client, civitai, query):
    pages.read_anew(client, query, None, 100)
    watched.watch(query, "It")
    before = len(civitai.pages)
    assert _news(client, civitai, 0) == [0]
    assert _news(client, civitai, 3) == [3]
    assert len(civitai.pages) == before + 2, "one request each"
    assert _look(client, query) == FIRST_ID + 30
    assert [one.fresh for one in watched.listed()] == [0]
    assert _news(client, civitai, 2) == [2]


def test_what_is_new_stays_so_for_a_visit_and_no_longer(client, civitai, monkeypatch):
    pages.read_anew(client, _MODEL, None, 100)
    watched.watch(_MODEL, "It")
    _news(client, civitai, 3)
    assert _look(client, _MODEL) == _look(client, _MODEL) == FIRST_ID + 30
    monkeypatch.setattr(watched, "_SAME_VISIT", -1)
    assert _look(client, _MODEL) == FIRST_ID + 33


def test_nothing_is_new_in_what_was_never_looked_at(client, civitai):
    watched.watch(_USER, "anna")
    assert watched.new_above(_USER) is None
    assert _news(client, civitai, 0) == [0]
    assert _news(client, civitai, 1) == [1]


def test_more_than_a_page_of_news_is_told_as_more(client, civitai):
    pages.read_anew(client, _MODEL, None, 100)
    watched.watch(_MODEL, "It")
    civitai.page = 20
    _news(client, civitai, 40)
    [one] = watched.listed()
    assert (one.fresh, one.is_more) == (20, True)


def test_version_shows_what_is_new_in_its_watched_model_and_is_no_visit_to_it(client, civitai):
    pages.read_anew(client, _MODEL, None, 100)
    watched.watch(_MODEL, "It")
    _news(client, civitai, 3)
    assert _look(client, _VERSION) == FIRST_ID + 30
    assert [one.fresh for one in watched.listed()] == [3]


_BY_REACTIONS = ImageQuery(model_id=MODEL_ID, version_id=VERSION_ID, sort="Most Reactions")
_OTHERWISE = {
    "sorted": _BY_REACTIONS,
    "of-a-type": ImageQuery(model_id=MODEL_ID, type="image"),
    "with-data": ImageQuery(model_id=MODEL_ID, with_meta=True),
    "of-a-base-model": ImageQuery(model_id=MODEL_ID, base_models=("Pony",)),
}


@pytest.mark.parametrize("query", _OTHERWISE.values(), ids=_OTHERWISE)
def test_what_is_watched_while_its_newest_are_not_in_sight_begins_with_the_first_check(
    client, civitai, query
):
    older = civitai.ids.copy()
    civitai.ids[:] = older[-3:]
    pages.read_anew(client, query, None, 100)
    civitai.ids[:] = older
    watched.watch(query, "It")
    assert _news(client, civitai, 0) == [0]
    assert _news(client, civitai, 2) == [2]


def test_look_that_does_not_show_the_newest_leaves_them_counted_and_marks_them(client, civitai):
    pages.read_anew(client, _VERSION, None, 100)
    watched.watch(_VERSION, "It")
    _news(client, civitai, 3)
    assert _look(client, _BY_REACTIONS) == FIRST_ID + 30
    assert watched.has_news(_VERSION)
    assert _look(client, _VERSION) == FIRST_ID + 30
    assert not watched.has_news(_VERSION)


def test_sort_that_civitai_does_not_heed_for_a_model_is_the_newest_first(client, civitai):
    by_reactions = ImageQuery(model_id=MODEL_ID, sort="Most Reactions")
    pages.read_anew(client, _MODEL, None, 100)
    watched.watch(by_reactions, "It")
    assert _news(client, civitai, 3) == [3]


@pytest.mark.parametrize("set_to", [-10_000_000, 10_000_000], ids=["back", "forward"])
def test_clock_that_was_set_does_not_keep_what_is_new_so_for_ever(
    client, civitai, monkeypatch, set_to
):
    pages.read_anew(client, _MODEL, None, 100)
    watched.watch(_MODEL, "It")
    _news(client, civitai, 3)
    _look(client, _MODEL)
    now = time.time
    monkeypatch.setattr(watched.time, "time", lambda: now() + set_to)
    assert _look(client, _MODEL) == FIRST_ID + 33


def test_row_that_comes_twice_or_was_not_asked_for_counts_once_or_not(client, civitai):
    pages.read_anew(client, _MODEL, None, 100)
    watched.watch(_MODEL, "It")
    twice, beyond = FIRST_ID + 31, FIRST_ID + 32
    rows = [{**civitai._row(FIRST_ID + 30), "id": i} for i in (twice, twice, str(twice))]
    rows += [{**rows[0], "id": i} for i in (2**63, -1, "x", None, [])]
    rows += [{**rows[0], "id": beyond, "browsingLevel": 16}]
    civitai.script("page", status(200, json.dumps({"items": rows}).encode()))
    watched.check(client, *watched.listed())
    assert [one.fresh for one in watched.listed()] == [1]


def test_check_that_finds_an_empty_gallery_leaves_the_beginning_to_the_next(client, civitai):
    watched.watch(_USER, "anna")
    civitai.script("page", status(200, b'{"items": [], "metadata": {}}'))
    assert _news(client, civitai, 0) == [0]
    assert _news(client, civitai, 0) == [0]
    assert _news(client, civitai, 1) == [1]


@pytest.mark.parametrize("name", ["", " \n\u202e", "\ud800"], ids=["none", "marks", "half-a-pair"])
def test_gallery_whose_name_has_no_letter_is_called_by_its_number(library, name):
    watched.watch(_MODEL, name)
    assert watched.listed()[0].name == f"model {MODEL_ID}"


def test_failed_check_keeps_what_was_known(client, civitai):
    pages.read_anew(client, _MODEL, None, 100)
    watched.watch(_MODEL, "It")
    _news(client, civitai, 3)
    before = watched.listed()
    for answer, error in ((reset, NetworkError), (html(200), UnreadableAnswer)):
        civitai.script("page", answer)
        with pytest.raises(error):
            watched.check(client, before[0])
    assert watched.listed() == before


def test_what_is_left_is_not_counted_any_more_and_can_be_watched_anew(client, civitai):
    watched.watch(_MODEL, "It")
    watched.watch(_MODEL, "It again")
    [one] = watched.listed()
    watched.leave(one.gallery)
    watched.check(client, one)
    assert watched.listed() == [] and _look(client, _MODEL) is None
    watched.watch(_MODEL, "New\nname" + "x" * 500)
    assert watched.listed()[0].name.startswith("New name") and len(watched.listed()[0].name) == 200


@pytest.mark.parametrize("query", [ImageQuery(), ImageQuery(post_id=5)], ids=["none", "post"])
def test_what_cannot_be_watched_is_refused(library, query):
    with pytest.raises(InputError, match="model, a version or an author"):
        watched.watch(query, "It")


def test_library_from_before_there_were_watched_galleries_is_kept_with_what_the_user_marked(
    library,
):
    image = image_of({"id": 1, "url": "https://image.civitai.com/x/1/1.jpeg", "browsingLevel": 1})
    records.keep([image])
    own.marks.change([image], own.marks.Change(note="Mine"))
    own.sets.add([image], "Best")
    library.forget()
    with closing(sqlite3.connect(setting.library_file())) as db:
        db.executescript("DROP TABLE watched; PRAGMA user_version = 4")
    watched.watch(_MODEL, "It")
    assert [one.name for one in watched.listed()] == ["It"]
    assert (own.marks.of([1])[1].note, own.sets.ids_of("Best")) == ("Mine", [1])
    assert records.find(1) is not None


def test_there_is_an_end_to_how_many_are_watched(library, monkeypatch):
    monkeypatch.setattr(watched, "_MOST", 2)
    for name in ("anna", "ben"):
        watched.watch(ImageQuery(username=name), name)
    with pytest.raises(InputError, match="stop watching one"):
        watched.watch(ImageQuery(username="carl"), "carl")
