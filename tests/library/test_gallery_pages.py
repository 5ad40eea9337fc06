"""Pages and pictures for whoever looks at them: each asked for once."""

from __future__ import annotations

import os
import threading

import pytest
from api_server import ApiServer, status
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import api as civitai_api
from civitai_manager_libs.civitai.paging import ImageQuery
from civitai_manager_libs.errors import Cancelled, CivitaiShortcutError, HttpStatusError
from civitai_manager_libs.ground.cancellation import Cancellation
from civitai_manager_libs.ground.images import thumbnail_url
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.library import cache, pages as gallery_pages
from page_driver import until

_QUERY = ImageQuery(101)


@pytest.fixture
def civitai(monkeypatch):
    monkeypatch.setattr(gallery_pages, "_pages", gallery_pages._Pages())
    with ApiServer(count=30, page=8) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def client():
    return CivitaiHttpClient()


def _images(client, count):
    return civitai_api.read_images(client, _QUERY, None, 8).images[:count]


def test_page_is_asked_for_once_and_anew_when_it_is_old(civitai, client, monkeypatch):
    for _ in range(3):
        assert len(gallery_pages.read_page(client, _QUERY, None, 8).images) == 8
    assert len(civitai.pages) == 1
    monkeypatch.setattr(gallery_pages, "_FRESH", 0.0)
    gallery_pages.read_page(client, _QUERY, None, 8)
    assert len(civitai.pages) == 2


@pytest.mark.parametrize(
    "query,cursor,size",
    [(ImageQuery(101, sort="Oldest"), None, 8), (_QUERY, "8|1", 8), (_QUERY, None, 4)],
    ids=["query", "cursor", "size"],
)
def test_another_page_is_another_request(civitai, client, query, cursor, size):
    gallery_pages.read_page(client, _QUERY, None, 8)
    gallery_pages.read_page(client, query, cursor, size)
    assert len(civitai.pages) == 2


def test_page_that_failed_is_asked_for_again(civitai, client):
    civitai.script("page", status(400))
    with pytest.raises(HttpStatusError):
        gallery_pages.read_page(client, _QUERY, None, 8)
    assert len(gallery_pages.read_page(client, _QUERY, None, 8).images) == 8


def test_two_who_want_a_page_at_once_share_one_request(civitai, client):
    gate, seen = threading.Event(), []

    def held(request, body):
        gate.wait(10)
        request.reply(200, body, {})

    civitai.script("page", held)

    def read():
        seen.append(gallery_pages.read_page(client, _QUERY, None, 8))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: civitai.pages)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert len(seen) == 3 and len(civitai.pages) == 1


def test_only_so_many_pages_are_kept(civitai, client, monkeypatch):
    monkeypatch.setattr(gallery_pages, "_PAGES_KEPT", 2)
    for cursor in (None, "8|1", "16|1", None):
        gallery_pages.read_page(client, _QUERY, cursor, 8)
    assert len(civitai.pages) == 4


def test_thumbnails_come_one_by_one_in_their_places(civitai, client):
    images = _images(client, 5)
    looks = list(gallery_pages.thumbnails(client, images))
    assert looks[0] == [None] * 5
    counts = [sum(path is not None for path in look) for look in looks]
    assert counts == sorted(counts) and set(counts) == {0, 1, 2, 3, 4, 5}
    assert looks[-1] == [setting.get_image_url_to_gallery_file(thumbnail_url(i)) for i in images]


def test_thumbnail_that_fails_is_its_error_and_the_others_come(civitai, client):
    images = _images(client, 4)
    civitai.always(images[2].id, status(404))
    *_, last = gallery_pages.thumbnails(client, images)
    assert [isinstance(path, CivitaiShortcutError) for path in last] == [False, False, True, False]
    assert last[2].reason == "gone"


def test_thumbnails_that_nobody_waits_for_any_more_are_not_begun(civitai, client):
    wish = Cancellation()
    looks = gallery_pages.thumbnails(client, _images(client, 8), wish)
    next(looks)
    wish.set()
    list(looks)
    assert not civitai.fetched


def test_original_is_fetched_once_and_can_be_broken_off(civitai, client):
    image = _images(client, 1)[0]
    wish = Cancellation()
    wish.set()
    with pytest.raises(Cancelled):
        gallery_pages.original(client, image, wish)
    paths = {gallery_pages.original(client, image) for _ in range(2)}
    assert civitai.fetched[image.id] == 1
    with open(paths.pop(), "rb") as file:
        assert file.read() == civitai.bytes_of(image.id)


@pytest.fixture
def trimmed(monkeypatch):
    """Set when the cache was held to its limit."""
    done = threading.Event()
    monkeypatch.setattr(cache, "_trimmed_at", -1e9)
    monkeypatch.setattr(cache, "trim", done.set)
    return done


def test_cache_is_held_to_its_limit_though_nothing_is_preloaded(civitai, client, trimmed):
    list(gallery_pages.thumbnails(client, _images(client, 2)))
    assert trimmed.wait(10)


def test_cache_is_held_to_its_limit_after_an_original(civitai, client, trimmed):
    gallery_pages.original(client, _images(client, 1)[0])
    assert trimmed.wait(10)


def test_preloading_brings_page_and_thumbnails(civitai, client, trimmed):
    gallery_pages.preload(client, _QUERY, "8|1", 8)
    assert trimmed.wait(10)
    assert len(os.listdir(setting.shortcut_gallery_folder)) == 8
    asked = len(civitai.requests)
    page = gallery_pages.read_page(client, _QUERY, "8|1", 8)
    assert len(list(gallery_pages.thumbnails(client, page.images))) == 1
    assert len(civitai.requests) == asked


def test_preloading_that_fails_is_a_line_in_the_log(civitai, client, capsys):
    civitai.always("page", status(400))
    gallery_pages.preload(client, _QUERY, "8|1", 8)
    until(lambda: "preloading" in capsys.readouterr().err or None, "the line")
