"""New images of watched galleries are counted and marked, with one request for each gallery."""

import json
import time
from dataclasses import replace

import pytest
from api_server import FIRST_ID, html, MODEL_ID, reset, status, VERSION_ID
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.errors import InputError, InvalidResponse, NetworkError
from civitai_manager_libs.library import bookmarks, image_records, pages, watches
from civitai_manager_libs.library.database import select_rows, writing
from stored_images import make_image

_MODEL = ImageQuery(model_id=MODEL_ID)
_VERSION = ImageQuery(model_id=MODEL_ID, version_id=VERSION_ID)
_USER = ImageQuery(username="anna")


def _watch(client, query):
    """Watch a gallery whose first page has been read."""
    pages.fetch_page(client, query, None, 100)
    watches.watch_gallery(query, "It")


def _look(client, query):
    """Open the gallery's first page; return the ids of the images that are marked as new."""
    page = pages.load_page(client, query, None, 100, fresh=True)
    watches.record_visit(query, page)
    ids = [image.id for image in page.images]
    news = watches.find_new_images(query, ids)
    return [image_id for image_id in ids if image_id in news]


def _newest(count):
    """Return the ids of the newest images that `_news` has added, newest first."""
    return [FIRST_ID + 30 + n for n in range(count, 0, -1)]


def _news(client, civitai, count):
    civitai.ids[:0] = range(civitai.ids[0] + count, civitai.ids[0], -1)
    civitai.kinds.update({i: "png" for i in civitai.ids[:count]})
    for one in watches.list_watches():
        watches.check_watch(client, one)
    return [one.new_count for one in watches.list_watches()]


@pytest.mark.parametrize("query", [_MODEL, _VERSION, _USER], ids=["model", "version", "user"])
def test_new_images_are_counted_until_the_user_visits(client, civitai, query):
    _watch(client, query)
    before = len(civitai.pages)
    assert _news(client, civitai, 0) == [0]
    assert _news(client, civitai, 3) == [3]
    assert len(civitai.pages) == before + 2, "one request each"
    assert _look(client, query) == _newest(3)
    assert [one.new_count for one in watches.list_watches()] == [0]
    assert _news(client, civitai, 2) == [2]


def test_new_images_stay_marked_for_one_visit(client, civitai, monkeypatch):
    _watch(client, _MODEL)
    _news(client, civitai, 3)
    assert _look(client, _MODEL) == _look(client, _MODEL) == _newest(3)
    monkeypatch.setattr(watches, "_SAME_VISIT", -1)
    assert _look(client, _MODEL) == []


def test_more_new_images_than_a_page_are_reported(client, civitai):
    _watch(client, _MODEL)
    civitai.page = 20
    _news(client, civitai, 40)
    [one] = watches.list_watches()
    assert (one.new_count, one.has_more) == (20, True)


def test_version_marks_new_images_of_its_watched_model_without_a_visit(client, civitai):
    _watch(client, _MODEL)
    _news(client, civitai, 3)
    assert _look(client, _VERSION) == _newest(3)
    assert [one.new_count for one in watches.list_watches()] == [3]


_BY_REACTIONS = ImageQuery(model_id=MODEL_ID, version_id=VERSION_ID, sort="Most Reactions")
_OTHERWISE = {
    "sorted": _BY_REACTIONS,
    "of-a-type": ImageQuery(model_id=MODEL_ID, type="image"),
    "with-data": ImageQuery(model_id=MODEL_ID, with_meta=True),
    "of-a-base-model": ImageQuery(model_id=MODEL_ID, base_models=("Pony",)),
}


@pytest.mark.parametrize("query", _OTHERWISE.values(), ids=_OTHERWISE)
def test_watch_of_another_sort_begins_with_the_first_check(client, civitai, query):
    older = civitai.ids.copy()
    civitai.ids[:] = older[-3:]
    pages.fetch_page(client, query, None, 100)
    civitai.ids[:] = older
    watches.watch_gallery(query, "It")
    assert _news(client, civitai, 0) == [0]
    assert _news(client, civitai, 2) == [2]


def test_visit_in_another_sort_marks_new_images_but_still_counts_them(client, civitai):
    _watch(client, _VERSION)
    _news(client, civitai, 3)
    assert _look(client, _BY_REACTIONS) == _newest(3)
    assert watches.has_new_images(_VERSION)
    assert _look(client, _VERSION) == _newest(3)
    assert not watches.has_new_images(_VERSION)


def test_visit_of_a_period_counts_only_if_the_period_fills_the_page(client, civitai):
    _watch(client, _VERSION)
    assert _news(client, civitai, 3) == [3]
    every, of_day = civitai.ids.copy(), replace(_VERSION, period="Day")
    civitai.ids[:] = every[:1]
    assert _look(client, of_day) == _newest(3)[:1]
    assert [one.new_count for one in watches.list_watches()] == [3]
    civitai.ids[:], civitai.page = every, 10
    assert _look(client, of_day) == _newest(3)
    assert [one.new_count for one in watches.list_watches()] == [0]


def test_sort_that_civitai_ignores_means_newest_first(client, civitai):
    by_reactions = ImageQuery(model_id=MODEL_ID, sort="Most Reactions")
    pages.fetch_page(client, _MODEL, None, 100)
    watches.watch_gallery(by_reactions, "It")
    assert _news(client, civitai, 3) == [3]


@pytest.mark.parametrize("set_to", [-10_000_000, 10_000_000], ids=["back", "forward"])
def test_changed_clock_does_not_keep_images_new(client, civitai, monkeypatch, set_to):
    _watch(client, _MODEL)
    _news(client, civitai, 3)
    _look(client, _MODEL)
    now = time.time
    monkeypatch.setattr(watches.time, "time", lambda: now() + set_to)
    assert _look(client, _MODEL) == []


def test_duplicate_and_invalid_rows_are_not_counted(client, civitai):
    _watch(client, _MODEL)
    twice, beyond = FIRST_ID + 31, FIRST_ID + 32
    rows = [{**civitai._row(FIRST_ID + 30), "id": i} for i in (twice, twice, str(twice))]
    rows += [{**rows[0], "id": i} for i in (2**63, -1, "x", None, [])]
    rows += [{**rows[0], "id": beyond, "browsingLevel": 16}]
    civitai.script("page", status(200, json.dumps({"items": rows}).encode()))
    watches.check_watch(client, *watches.list_watches())
    assert [one.new_count for one in watches.list_watches()] == [1]


@pytest.mark.parametrize("is_empty", [True, False], ids=["empty", "with-images"])
def test_images_before_the_first_check_are_not_new(client, civitai, is_empty):
    """A check of a gallery that is empty is not the first one."""
    watches.watch_gallery(_USER, "anna")
    assert not watches.find_new_images(_USER, [5])
    if is_empty:
        civitai.script("page", status(200, b'{"items": [], "metadata": {}}'))
        assert _news(client, civitai, 0) == [0]
    assert _news(client, civitai, 0) == [0]
    assert _news(client, civitai, 1) == [1]


@pytest.mark.parametrize("name", ["", " \n\u202e", "\ud800"], ids=["none", "marks", "half-a-pair"])
def test_gallery_without_a_printable_name_is_named_by_its_id(library, name):
    watches.watch_gallery(_MODEL, name)
    assert watches.list_watches()[0].name == f"model {MODEL_ID}"


def test_failed_check_changes_nothing(client, civitai):
    _watch(client, _MODEL)
    _news(client, civitai, 3)
    before = watches.list_watches()
    for answer, error in ((reset, NetworkError), (html(200), InvalidResponse)):
        civitai.script("page", answer)
        with pytest.raises(error):
            watches.check_watch(client, before[0])
    assert watches.list_watches() == before


def test_unwatched_gallery_can_be_watched_again(client, civitai):
    watches.watch_gallery(_MODEL, "It")
    watches.watch_gallery(_MODEL, "It again")
    [one] = watches.list_watches()
    watches.unwatch_gallery(one.gallery)
    watches.check_watch(client, one)
    assert watches.list_watches() == [] and _look(client, _MODEL) == []
    watches.watch_gallery(_MODEL, "New\nname" + "x" * 500)
    [one] = watches.list_watches()
    assert one.name.startswith("New name") and len(one.name) == 200


def test_undo_of_unwatching_brings_the_news_back_and_watching_anew_does_not(client, civitai):
    _watch(client, _MODEL)
    _news(client, civitai, 3)
    before = watches.list_watches()
    for is_undo in (True, False):
        watches.unwatch_gallery(before[0].gallery)
        watches.watch_gallery(_MODEL, "It", is_undo)
        assert (watches.list_watches() == before) is is_undo
        assert _look(client, _MODEL) == (_newest(3) if is_undo else [])
        before = watches.list_watches()


def test_library_of_version_4_is_upgraded_without_loss(make_older):
    image = make_image(1)
    image_records.store_images([image])
    bookmarks.change_annotations([image.id], bookmarks.AnnotationChange(note="Mine"))
    bookmarks.add_to_collection([image], "Best")
    make_older(
        "DROP TABLE watched; PRAGMA user_version = 4; ALTER TABLE facts DROP COLUMN has_negative"
    )
    watches.watch_gallery(_MODEL, "It")
    assert [one.name for one in watches.list_watches()] == ["It"]
    assert bookmarks.find_annotations([1])[1]["note"] == "Mine"
    assert bookmarks.list_image_ids("Best") == [1]
    assert image_records.find_image(1) is not None


def test_number_of_watches_is_limited_and_each_is_of_a_gallery(library, monkeypatch):
    for query in (ImageQuery(), ImageQuery(post_id=5)):
        with pytest.raises(InputError, match="model, a version or an author"):
            watches.watch_gallery(query, "It")
    monkeypatch.setattr(watches, "_MAX_WATCHES", 2)
    for name in ("anna", "ben"):
        watches.watch_gallery(ImageQuery(username=name), name)
    with pytest.raises(InputError, match="stop watching one"):
        watches.watch_gallery(ImageQuery(username="carl"), "carl")
    watches.watch_gallery(ImageQuery(username="anna"), "anna")  # watched already
    assert [one.name for one in watches.list_watches()] == ["anna", "ben"]


def _published(civitai, place, image_id=FIRST_ID - 5):
    civitai.ids.insert(place, image_id)
    civitai.kinds[image_id] = "png"
    return image_id


@pytest.mark.parametrize(
    "query,place", [(_VERSION, 0), (_USER, 1), (_MODEL, 12)], ids=["version", "user", "model"]
)
def test_image_published_late_is_counted_until_the_user_visits(client, civitai, query, place):
    _watch(client, query)
    assert _news(client, civitai, 0) == [0]
    late = _published(civitai, place)
    assert _news(client, civitai, 0) == [1]
    assert _look(client, query) == [late] == _look(client, query)
    assert _news(client, civitai, 0) == [0]


def test_image_published_late_is_marked_without_a_check(client, civitai, monkeypatch):
    _watch(client, _VERSION)
    late = _published(civitai, 0)
    assert _look(client, _VERSION) == [late]
    monkeypatch.setattr(watches, "_SAME_VISIT", -1)
    assert _look(client, _VERSION) == []


def test_older_images_and_those_of_added_browsing_levels_are_not_new(client, civitai):
    older = civitai.ids.copy()
    civitai.ids[:] = older[:10]
    _watch(client, _VERSION)
    civitai.ids[:] = older
    assert _news(client, civitai, 0) == [0] and _look(client, _VERSION) == []
    _published(civitai, 3)
    higher = replace(_VERSION, level=31)
    assert _look(client, higher) == []
    assert _news(client, civitai, 0) == [0]
    late = _published(civitai, 0, FIRST_ID - 9)
    assert _look(client, higher) == [late]


def test_number_of_known_ids_is_limited(client, civitai, monkeypatch):
    monkeypatch.setattr(watches, "_MAX_KNOWN", 10)
    _watch(client, _VERSION)
    _look(client, _VERSION)
    [(known,)] = select_rows("SELECT known FROM watched")
    assert watches._unpack_ids(known) == civitai.ids[:10]
    late = _published(civitai, 0)
    assert _look(client, _VERSION) == [late]


def test_damaged_list_of_ids_is_ignored(client, civitai):
    _watch(client, _VERSION)
    for damage in ("x'00'", "'text'", "5"):
        with writing() as db:
            db.execute(
                f"UPDATE watched SET known = {damage}, news = {damage}, fresh_ids = {damage}"
            )
        assert _news(client, civitai, 1) == [1]
        assert len(_look(client, _VERSION)) >= 1


@pytest.mark.parametrize("key", ["x'ff20ff'", "CAST(x'6dff20' AS TEXT)", "char(7) || ' a'", "''"])
def test_watch_with_a_damaged_key_can_be_removed(client, key):
    watches.watch_gallery(_VERSION, "It")
    with writing() as db:
        db.execute(f"UPDATE watched SET gallery = {key}")
    [one] = watches.list_watches()
    watches.unwatch_gallery(one.gallery)
    assert watches.list_watches() == []


def test_library_of_version_6_is_upgraded_without_loss(client, civitai, make_older):
    _watch(client, _VERSION)
    assert _news(client, civitai, 3) == [3]
    columns = ("known", "fresh_ids", "news")
    dropped = "".join(f"ALTER TABLE watched DROP COLUMN {column};" for column in columns)
    make_older(f"{dropped}PRAGMA user_version = 6")
    assert [(one.name, one.new_count) for one in watches.list_watches()] == [("It", 3)]
    assert _look(client, _VERSION) == _newest(3)
    late = _published(civitai, 0)
    assert _news(client, civitai, 0) == [1] and late in _look(client, _VERSION)
