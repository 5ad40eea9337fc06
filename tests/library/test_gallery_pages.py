"""Gallery pages and images are requested once, and stored for when Civitai does not respond."""

import contextlib
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from api_server import html, MODEL_ID, reset, status
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.core import Cancellation, threads, thumbnail_url
from civitai_manager_libs.errors import Cancelled, CivitaiShortcutError, InvalidResponse
from civitai_manager_libs.errors import NetworkError, ServerError
from civitai_manager_libs.library import image_cache, image_records, models, pages as gallery_pages
from civitai_manager_libs.library import wait_for_writes
from civitai_manager_libs.library.database import select_rows, writing
from hypothesis import given, strategies as st
from site_stand_in import make_site_images, served, Site
from stored_images import make_image

_QUERY = ImageQuery(101)


@pytest.fixture
def civitai(civitai):
    """Yield a Civitai with pages of eight images."""
    civitai.page = 8
    return civitai


def _read(client, query=_QUERY, cursor=None, size=8, **more):
    """Load a page, after all earlier ones are written to the library."""
    assert wait_for_writes(60)
    return gallery_pages.load_page(client, query, cursor, size, **more)


def _ids(read):
    return [image.id for image in read.images]


def test_page_is_requested_once_and_again_when_it_is_old_or_asked_for_anew(
    civitai, client, monkeypatch
):
    for _ in range(3):
        assert len(_read(client).images) == 8
    first = _read(client)
    assert len(civitai.pages) == 1
    assert _read(client, fresh=True).fetched_at > first.fetched_at and len(civitai.pages) == 2
    assert _read(client).fetched_at > first.fetched_at and len(civitai.pages) == 2
    day_before = time.time() - 86_400
    with monkeypatch.context() as patch:  # a clock that was set back
        patch.setattr(gallery_pages, "time", SimpleNamespace(time=lambda: day_before))
        assert _read(client).fetched_at == day_before and len(civitai.pages) == 3
    monkeypatch.setattr(gallery_pages, "_FRESH", 0.0)
    _read(client)
    assert len(civitai.pages) == 4


def test_page_waits_only_a_moment_for_images_that_may_be_missing(library, client, monkeypatch):
    site, gate = Site(make_site_images(3, 90, 0.025), "bitdex"), threading.Event()
    answer, query = site.answer, ImageQuery(version_id=700, level=31)

    def slow(params):
        assert params["limit"] != "200" or gate.wait(60)
        return answer(params)

    site.answer = slow
    monkeypatch.setattr(gallery_pages, "_PATIENCE", 0.1)
    with served(site) as base:
        monkeypatch.setenv("CIVITAI_BASE_URL", base)
        read = _read(client, query, size=100)
        gate.set()
    assert len(_ids(read)) == 100 and not read.is_stored


@pytest.mark.parametrize(
    "query,cursor,size",
    [
        (ImageQuery(101, sort="Oldest"), None, 8),
        (_QUERY, "8|1", 8),
        (_QUERY, None, 4),
        (ImageQuery(post_id=1), None, 8),
    ],
    ids=["query", "cursor", "size", "post"],
)
def test_another_page_is_another_request(civitai, client, query, cursor, size):
    _read(client)
    _read(client, query, cursor, size)
    assert len(civitai.pages) == 2


def test_empty_page_without_a_next_one_is_requested_again(civitai, client):
    civitai.script("page", status(200, b'{"items": [], "metadata": {}}'))
    assert _ids(_read(client)) == []
    assert len(_ids(_read(client))) == 8


def test_simultaneous_readers_share_one_request(civitai, client, monkeypatch):
    gate, waiting, wait = threading.Event(), set(), threads.wait

    def counted(*arguments):
        waiting.add(threading.get_ident())
        if len(waiting) == 3:  # all but the one that asks
            gate.set()
        return wait(*arguments)

    def slow(request, body):
        gate.wait(20)
        request.reply(200, body, {})

    civitai.script("page", slow)
    monkeypatch.setattr(threads, "wait", counted)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: _read(client), range(4)))
    assert len(civitai.pages) == 1 and len({id(read) for read in found}) == 1


@pytest.mark.parametrize(
    "answer", [reset, status(500), status(503, Retry_After="1000"), status(524), html()]
)
def test_stored_page_is_shown_with_its_date_if_civitai_does_not_respond(
    civitai, client, library, answer
):
    seen = _read(client)
    library.forget()
    civitai.always("page", answer)
    kept = _read(client)
    assert kept.is_stored and _ids(kept) == _ids(seen)
    assert kept.fetched_at == seen.fetched_at and kept.next_cursor == seen.next_cursor
    assert [i.meta for i in kept.images] == [i.meta for i in seen.images]


def test_stored_page_and_model_are_requested_without_retries(civitai, client, library):
    seen, model = _read(client), models.load_model(client, MODEL_ID)
    library.forget()
    setting.change("http_max_retries", 3)
    civitai.always("page", reset)
    civitai.always("model", reset)
    before = len(civitai.requests)
    assert _ids(_read(client)) == _ids(seen)
    assert models.load_model(client, MODEL_ID).name == model.name
    assert len(civitai.requests) == before + 2


def test_stored_page_of_another_civitai_site_is_shown(library, client, monkeypatch):
    site = Site(make_site_images(3), "bitdex")
    with served(site) as base:
        site.base = "https://image.civitai.com"
        monkeypatch.setenv("CIVITAI_BASE_URL", base)
        query = ImageQuery(version_id=700, level=31)
        seen = _read(client, query, size=20)
        library.forget()
        setting.change("http_max_retries", 0)
        monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:9")  # nothing listens there
        stored = _read(client, query, size=20)
    assert stored.is_stored and _ids(stored) == _ids(seen)


def test_stored_pages_of_two_sites_are_not_shown_as_one_gallery(library, client, monkeypatch):
    site, query = Site(make_site_images(60), "bitdex"), ImageQuery(version_id=700, level=31)
    with served(site) as first, served(site) as second:
        site.base = "https://image.civitai.com"
        monkeypatch.setenv("CIVITAI_BASE_URL", first)
        cursor = _read(client, query, size=20).next_cursor
        seen = _ids(_read(client, query, cursor, 20))
        monkeypatch.setenv("CIVITAI_BASE_URL", second)
        library.finish()
        assert gallery_pages.find_stored_page(query, cursor, 20).ids == seen
        assert _read(client, query, size=20).next_cursor
        library.finish()
        assert gallery_pages.find_stored_page(query, cursor, 20) is None


def test_page_that_is_not_stored_raises_the_error_and_a_cancelled_one_cancels(
    civitai, client, library
):
    _read(client)
    library.forget()
    civitai.always("page", reset)
    with pytest.raises(NetworkError):
        _read(client, cursor="8|1785317342117")
    civitai.always("page", status(500))
    with pytest.raises(ServerError):
        _read(client, size=5)
    wish = Cancellation()
    wish.set()
    with pytest.raises(Cancelled), wish.as_current():
        _read(client)


@pytest.mark.parametrize("answer", [status(404), status(403), status(400)])
def test_refusal_is_raised_even_if_the_page_is_stored(civitai, client, library, answer):
    _read(client)
    library.forget()
    civitai.always("page", answer)
    with pytest.raises(Exception) as raised:
        _read(client)
    assert not isinstance(raised.value, (NetworkError, ServerError))


def test_damaged_stored_page_is_ignored(civitai, client, library):
    _read(client)
    library.forget()
    with writing() as db:
        assert db.execute("UPDATE pages SET ids = '{'").rowcount == 1
    assert gallery_pages.find_stored_page(_QUERY, None, 8) is None
    assert _read(client).images


def test_stored_page_of_another_server_is_ignored(civitai, client, library, monkeypatch):
    ids = _ids(_read(client))
    for _ in range(2):
        library.forget()
        stored = gallery_pages.find_stored_page(_QUERY, None, 8)
        assert [image.tile["id"] for image in image_records.list_page_images(stored.ids)] == ids
        library.forget()
        with monkeypatch.context() as patch:
            patch.setenv("CIVITAI_BASE_URL", "https://civitai.com")
            stored = gallery_pages.find_stored_page(_QUERY, None, 8)
            assert image_records.list_page_images(stored.ids) == []
            library.forget()


def test_small_and_large_image_are_each_fetched_once(civitai, client):
    image = _read(client).images[0]
    for _ in range(2):
        with gallery_pages.open_image_file(client, thumbnail_url(image, 320)) as small:
            assert os.path.dirname(small) == setting.shortcut_gallery_folder
        with gallery_pages.open_image_file(client, image.url) as large, open(large, "rb") as file:
            assert file.read() == civitai.bytes_of(image.id)
    assert small != large and civitai.fetched[image.id] == 2


def test_image_just_fetched_by_another_request_is_not_fetched_again(civitai, client, monkeypatch):
    image = gallery_pages.load_page(client, ImageQuery(101), None, 5).images[0]
    with gallery_pages.open_image_file(client, image.url) as path:
        monkeypatch.setattr(
            image_cache, "find_cached", lambda url: None
        )  # as it was a moment before
    with gallery_pages.open_image_file(client, image.url) as again:
        assert (again, civitai.fetched[image.id]) == (path, 1)


def test_image_is_held_in_the_cache_while_it_is_open(civitai, client):
    image, wish = _read(client).images[0], Cancellation()
    wish.set()
    with (
        pytest.raises(Cancelled),
        wish.as_current(),
        gallery_pages.open_image_file(client, image.url),
    ):
        raise AssertionError("it is there")
    assert civitai.fetched[image.id] == 0
    with gallery_pages.open_image_file(client, image.url) as path:
        assert path in image_cache._held
    assert path not in image_cache._held


class _ById:
    """Civitai's answers to `ids`; it has the images with even ids."""

    def __init__(self):
        self.asked = []

    def fetch_json(self, url, params=None):
        self.asked.append([int(text) for text in params["ids"].split(",")])
        ids = [number for number in self.asked[-1] if number % 2 == 0]
        rows = [{"id": i, "url": f"https://image.civitai.com/x/{i}.jpeg"} for i in ids]
        return {"items": [{**row, "meta": {"prompt": "x"}} for row in rows[::-1]], "metadata": {}}


def test_thousand_listed_images_cost_ten_requests_and_stored_ones_none():
    client, ids = _ById(), [*range(9_001_000, 9_000_000, -1)]
    image_records.store_images([make_image(9_000_002, meta=None)])  # not whole
    for _ in range(2):
        found = [one for some in gallery_pages.iter_listed_images(client, ids) for one in some]
        read = [image.id for image in found if image.meta]
        assert read == [image_id for image_id in ids if image_id % 2 == 0]
        assert wait_for_writes(60)
    assert len(client.asked) == 20  # half of the images are not to be had, and asked for again
    assert not [number for asked in client.asked[10:] for number in asked if number % 2 == 0]


class _Failing:
    """Civitai's answers by id while it fails in one way after another.

    there: the ids that it has. faults: how it answers the next requests, the last first; "": well.
    """

    def __init__(self, rng):
        self.there, self.rng, self.is_old, self.faults = set(), rng, False, []

    def fetch_json(self, url, params=None):
        fault = self.faults.pop() if self.faults else ""
        if fault == "error":
            raise self.rng.choice([NetworkError("x"), ServerError("x", 500), ServerError("x", 429)])
        ids = [int(text) for text in str(params.get("ids", params.get("imageId"))).split(",")]
        found = [image_id for image_id in ids if image_id in self.there]
        if self.is_old and "ids" in params or fault == "others":
            found = [*range(8_000_000, 8_000_100)]
        found = found[: len(found) // 2] if fault == "half" else [] if fault == "empty" else found
        self.rng.shuffle(found)
        rows = [{"id": i, "url": f"https://image.civitai.com/x/{i}.jpeg"} for i in found * 2]
        if fault == "unfollowed":
            rows = [{**row, "url": "https://cdn.example/x.jpeg"} for row in rows]
        return {"items": "" if fault == "no-page" else rows, "metadata": {}}


_FAULTS = ["error", "others", "empty", "unfollowed", "no-page"]  # one after another
_FAULTS = st.lists(st.sampled_from([*_FAULTS, ""]), max_size=6) | st.just(["", "half"])
_SOME = st.sets(st.integers(9_100_001, 9_100_012), max_size=11)


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(gallery_pages, "_PACE", 0)


def _list_gone():
    assert wait_for_writes(60)
    return {image_id for (image_id,) in select_rows("SELECT id FROM missing_images")}


@pytest.mark.usefixtures("no_pause", "library")
@given(st.booleans(), st.lists(st.tuples(_SOME, _FAULTS), max_size=3), st.integers())
def test_image_is_marked_only_if_civitai_lacks_it_and_until_it_is_seen_again(is_old, rounds, seed):
    client, ids = _Failing(random.Random(seed)), [*range(9_100_001, 9_100_013)]
    query = ImageQuery(images=gallery_pages.store_list(ids), level=31)

    def read_all(cursor=None):
        while True:
            cursor = gallery_pages.fetch_page(client, query, cursor, 8).next_cursor
            assert wait_for_writes(60)
            if cursor is None:
                return

    gone = set()
    for missing, client.faults in [(set(), []), *rounds, (set(), []), ({ids[0], ids[9]}, [])]:
        client.there, client.is_old = set(ids) - missing, is_old
        with contextlib.suppress(CivitaiShortcutError):
            read_all()
        gone |= missing
        assert _list_gone() <= gone
        assert image_records.find_images(ids).keys() == set(ids), "nothing is lost"
    assert _list_gone() == {ids[0], ids[9]}
    image_records.store_images(list(image_records.find_images(ids[:1]).values()))
    assert _list_gone() == {ids[9]}


@pytest.mark.usefixtures("no_pause", "library")
def test_unknown_images_are_called_missing_only_while_civitai_sends_others():
    client, there, unknown = _Failing(random.Random(1)), 9_200_001, (9_200_002, 9_200_003)
    client.there = {there}

    def read(*ids):
        query = ImageQuery(images=gallery_pages.store_list(ids), level=31)
        return gallery_pages.fetch_page(client, query, None, 8)

    assert read(there, unknown[0]).ids == (there,) and wait_for_writes(60)
    client.faults = ["empty", "empty"]
    with pytest.raises(InvalidResponse):
        read(*unknown)
    assert read(*unknown).missing_ids == unknown
