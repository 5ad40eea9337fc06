"""Watched galleries: what is new since the last visit is counted and marked, one request each."""

from __future__ import annotations

import pytest
from api_server import ApiServer, FIRST_ID, html, MODEL_ID, reset, VERSION_ID
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.errors import InputError, NetworkError, UnreadableAnswer
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.library import pages, watched

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


def test_there_is_an_end_to_how_many_are_watched(library, monkeypatch):
    monkeypatch.setattr(watched, "_MOST", 2)
    for name in ("anna", "ben"):
        watched.watch(ImageQuery(username=name), name)
    with pytest.raises(InputError, match="stop watching one"):
        watched.watch(ImageQuery(username="carl"), "carl")
