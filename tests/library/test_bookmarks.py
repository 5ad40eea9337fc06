"""The user's bookmarks are never evicted, can be searched, exported and imported."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import ImageQuery, Page
from civitai_manager_libs.core import fold_text, thumbnail_url
from civitai_manager_libs.errors import InputError
from civitai_manager_libs.library import bookmarks, database, image_cache, image_records
from civitai_manager_libs.library import hidden_rules, import_export, pages, search, watches
from civitai_manager_libs.library.bookmarks import AnnotationChange
from civitai_manager_libs.library.database import select_rows, writing
from exported import export_json, import_json
from hypothesis import HealthCheck, assume, given, settings, strategies as st
from stored_images import make_image

pytestmark = pytest.mark.usefixtures("library")

_PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


@pytest.fixture
def images(library):
    images = [make_image(n) for n in range(1, 7)]
    image_records.store_images(images)
    library.forget()
    return images


def _ids(words):
    return sorted(search.run_search(search.parse_query(words)).ids)


def test_annotations_are_stored_found_by_search_and_removed(images, library):
    bookmarks.change_annotations([1, 2], AnnotationChange(favourite=True))
    bookmarks.change_annotations(
        [2, 3], AnnotationChange(stars=4, note="Use THIS light", tags=["Sea", "sea", " ", "\u200b"])
    )
    bookmarks.add_to_collection(images[3:5], "Harbor  views")
    bookmarks.add_to_collection(images[4:6], "harbor VIEWS")
    library.forget()
    assert bookmarks.find_annotations([2])[2] == bookmarks.Annotations(
        favourite=True, stars=4, note="Use THIS light", tags=["Sea"], collections=[]
    )
    assert bookmarks.find_annotations([5])[5]["collections"] == ["Harbor views"]
    for words, found in (
        ("is:favourite", [1, 2]),
        ("-is:favourite", [3, 4, 5, 6]),
        ("stars>=4", [2, 3]),
        ("stars<1", [1, 4, 5, 6]),
        ("note:light", [2, 3]),
        ("has:note is:favourite", [2]),
        ("tag:SEA", [2, 3]),
        ("tag=se", []),
        ('collection:"harbor v"', [4, 5, 6]),
        ('collection="harbor views" -picture', []),
        ('set="harbor views"', [4, 5, 6]),  # its former name
    ):
        assert _ids(words) == found, words
    for key in ("collection", "set"):
        assert search.suggest_values(f"{key}:") == ['collection="Harbor views"']
    assert search.suggest_values("tag:s") == ["tag=Sea"]
    bookmarks.change_annotations(
        range(1, 7), AnnotationChange(favourite=False, stars=0, note=" ", tags=[])
    )
    bookmarks.change_annotations([4, 5], AnnotationChange(remove_from=["harbor views"]))
    assert set(bookmarks.find_annotations(range(1, 7))) == {6}
    bookmarks.delete_collection("Harbor Views")
    assert bookmarks.list_collections() == []
    assert bookmarks.find_annotations([6]) == {}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=5), max_size=4))
def test_tags_are_added_until_an_image_has_as_many_as_it_can(images, monkeypatch, added):
    monkeypatch.setattr(bookmarks, "_MAX_TAGS", 4)
    bookmarks.change_annotations([1], AnnotationChange(tags=[]))
    for tags in added:
        bookmarks.change_annotations([1], AnnotationChange(add_tags=tags))
    wanted = dict.fromkeys(tag for tags in added for tag in tags)
    found = bookmarks.find_annotations([1]).get(1, bookmarks.NO_ANNOTATIONS)["tags"]
    assert found == sorted([*wanted][:4])


_NAMES = st.text(st.sampled_from('"“”„＂＇\\\'-:= 海灯aＢß\u3000%_'), min_size=1, max_size=12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=_NAMES, other=_NAMES)
def test_collection_of_any_name_is_found_by_its_search(images, library, name, other):
    assume(fold_text(name) and fold_text(name) != fold_text(other))
    bookmarks.add_to_collection(images[:2], name)
    bookmarks.add_to_collection(images[2:3], f"{other}x")
    library.forget()
    stored = next(one.name for one in bookmarks.list_collections() if one.count == 2)
    assert _ids(f"collection={search.quote_value(stored)} -nothing") == [1, 2]
    for one in bookmarks.list_collections():
        bookmarks.delete_collection(one.name)


def test_favourite_is_found_before_its_record_is_written(images, monkeypatch):
    bookmarks.change_annotations([1], AnnotationChange(favourite=True))
    with writing() as db:
        db.execute("DELETE FROM search_fields")
    monkeypatch.setattr(image_records, "write_later", lambda *_: None)
    image_records.store_images(images[:2])
    assert image_records.filter_matching([1, 2, 3], search.parse_query("is:favourite")) == [1]


def test_collection_that_is_restored_keeps_its_order_by_a_coarse_clock(images, monkeypatch):
    monkeypatch.setattr(bookmarks.time, "time", lambda: 1.7e9)  # Windows' goes on each 15 ms
    bookmarks.add_to_collection([images[n] for n in (4, 1, 3)], "Sea")
    ids = bookmarks.delete_collection("Sea")
    bookmarks.add_to_collection([images[image_id - 1] for image_id in ids], "Sea")
    assert bookmarks.list_image_ids("Sea") == ids == [5, 2, 4]


def test_renamed_collection_keeps_its_images_and_names_are_unique(images):
    bookmarks.add_to_collection(images[:2], "one")
    bookmarks.add_to_collection(images[2:3], "two")
    bookmarks.rename_collection("one", "One and only")
    found = [(s.name, s.count) for s in bookmarks.list_collections()]
    assert found == [("One and only", 2), ("two", 1)]
    with pytest.raises(InputError):
        bookmarks.rename_collection("two", "ONE and only")
    for name in ("", "  ", "\u202e"):
        with pytest.raises(InputError):
            bookmarks.add_to_collection([], name)


@pytest.fixture
def meet(monkeypatch):
    """meet(count): the next changes of so many threads begin together, after their first checks."""
    change = bookmarks.change_bookmarks

    def meet(count):
        barrier = threading.Barrier(count)

        def change_together():
            barrier.wait(60)
            return change()

        monkeypatch.setattr(bookmarks, "change_bookmarks", change_together)

    return meet


def test_of_concurrent_renames_to_one_name_one_succeeds_and_none_fails_otherwise(images, meet):
    names = [f"set {n}" for n in range(8)]
    for name in names:
        bookmarks.add_to_collection(images[:1], name)
    meet(len(names))

    def rename(name):
        try:
            bookmarks.rename_collection(name, "The one")
        except InputError:
            return 0
        return 1

    with ThreadPoolExecutor(len(names)) as pool:
        assert sum(pool.map(rename, names)) == 1
    left = {one.name: one.count for one in bookmarks.list_collections()}
    assert len(left) == 8 and left["The one"] == 1 and set(left.values()) == {1}


def test_images_added_while_a_collection_is_deleted_are_reported_or_kept(images, meet):
    bookmarks.add_to_collection(images[:1], "set")
    meet(2)
    removed = []

    def delete():
        removed.extend(bookmarks.delete_collection("set"))

    def add():
        bookmarks.add_to_collection(images[1:2], "set")

    with ThreadPoolExecutor(2) as pool:
        for ended in [pool.submit(delete), pool.submit(add)]:
            ended.result()
    left = bookmarks.list_image_ids("set")
    assert sorted([*removed, *left]) == sorted(image.id for image in images[:2])


def test_bookmarked_images_are_never_evicted(images, library, monkeypatch):
    bookmarks.change_annotations([1], AnnotationChange(favourite=True))
    bookmarks.change_annotations([2], AnnotationChange(tags=["keep"]))
    bookmarks.add_to_collection(images[2:3], "kept")
    setting.change("library_records", 1_000)
    monkeypatch.setattr(setting, "library_records", 4)
    monkeypatch.setattr(database, "_EVICT_EVERY", 0.0)
    image_records.store_images([make_image(9)])
    library.forget()
    assert _ids("") == [1, 2, 3, 9]
    assert image_records.find_image(1) == images[0]


@pytest.mark.usefixtures("each_system")
def test_thumbnail_of_a_bookmarked_image_outlives_the_cache(images):
    url = thumbnail_url(images[0], 450)
    path = setting.get_image_url_to_gallery_file(url)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Path(path).write_bytes(_PNG)
    bookmarks.store_thumbnails(images[:2])
    os.remove(path)
    assert image_cache.find_cached(url) is None and bookmarks.find_thumbnail(images[1]) is None
    assert Path(bookmarks.find_thumbnail(images[0])).read_bytes() == _PNG


def test_export_is_imported_with_bookmarks_and_records(images, library, tmp_path, monkeypatch):
    change = AnnotationChange(favourite=True, stars=3, note="好", tags=["海", "👨\u200d👧"])
    bookmarks.change_annotations([1], change)
    bookmarks.add_to_collection(images[1:3], "Two")
    rules = [hidden_rules.HiddenRule("word", "猫"), hidden_rules.HiddenRule("author", "anna")]
    for rule in reversed(rules):
        hidden_rules.add_rule(rule.kind, rule.text)
    galleries = ["model 5", "user anna", "version 7"]
    for query in (
        ImageQuery(model_id=5, level=3),
        ImageQuery(model_id=5, version_id=7),
        ImageQuery(username="anna"),
    ):
        watches.watch_gallery(query, "named")
    watched = watches.export_watches()
    told = export_json()
    assert not {"hidden", "watched"} & export_json("Two").keys()
    assert [one["infotext"][:9] for one in told["pictures"]] == [f"picture {n}" for n in (1, 2, 3)]
    assert [one["id"] for one in export_json("Two")["pictures"]] == [2, 3]
    library.forget()
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", str(tmp_path / "other"))
    library.forget()
    assert import_json(told) == (3, 1)
    library.forget()
    mine = {**bookmarks.NO_ANNOTATIONS, "favourite": True, "stars": 3, "note": "好"}
    mine["tags"] = ["海", "👨\u200d👧"]
    assert bookmarks.find_annotations([1])[1] == mine
    assert hidden_rules.list_rules() == rules and watches.export_watches() == watched
    assert [one.gallery for one in watches.list_watches()] == galleries
    assert _ids("set:two") == [2, 3] and image_records.find_image(1).meta == images[0].meta
    told["pictures"][0] |= {"stars": 1, "note": "theirs", "tags": ["b"]}  # replaces none of mine
    import_json(told)
    assert bookmarks.find_annotations([1])[1] == {**mine, "tags": ["b", *mine["tags"]]}


@given(st.text("a \r\n", max_size=3), st.sampled_from([99, 9_999]))  # near the limits
def test_own_export_brings_back_what_was_removed_and_changes_nothing(images, text, length):
    text = "x" * length + text
    change = AnnotationChange(note=text, tags=[text, text[:-1]], add_to=[text])
    bookmarks.change_annotations([1], change)
    told = export_json()
    for removed in (AnnotationChange(note="", tags=[]), AnnotationChange()):
        bookmarks.change_annotations([1], removed)
        import_json(told)
        assert {**export_json(), "exported_at": told["exported_at"]} == told


def test_import_changes_no_stored_record_and_unmarks_no_deleted_image(library):
    here = [make_image(1, browsingLevel=16, username="author"), make_image(2)]
    image_records.store_images(here)
    image_records.mark_deleted(2)
    library.finish()
    records_given = [
        {**here[0].record, "browsingLevel": 1, "username": "thief", "url": make_image(8).url},
        here[1].record,
        make_image(3, browsingLevel=4).record,
    ]
    pictures = [{"id": one["id"], "record": one} for one in records_given]
    assert import_json({"civitai_shortcut": 1, "pictures": pictures}) == (3, 0)
    for _ in range(2):  # in memory, then as after a start
        assert image_records.find_image(1) == here[0] and image_records.find_image(3).level == 4
        assert _ids("is:gone") == [2]
        library.forget()


def test_imported_record_does_not_replace_an_unwritten_one(library):
    with writing():  # the writer waits
        image_records.store_images([make_image(1, browsingLevel=16)])
        image_records.store_missing_images([make_image(1)])
        assert image_records.find_image(1).level == 16
    library.forget()
    assert image_records.find_image(1).level == 16


def test_collections_are_listed_and_exported_by_one_query(images, monkeypatch):
    for n in range(5):
        bookmarks.add_to_collection(images[:n], f"set {n}")
    asked = []
    monkeypatch.setattr(
        bookmarks, "select_rows", lambda *given: asked.append(given) or select_rows(*given)
    )
    found = bookmarks.list_collections()
    assert [(one.count, one.covers) for one in found][3:] == [(3, (3, 2, 1)), (4, (4, 3, 2, 1))]
    assert len(export_json()["sets"]) == 5
    assert sum("FROM collections" in given[0] for given in asked) == 2


def test_export_of_a_blank_name_is_of_everything(images):
    bookmarks.add_to_collection(images[:1], "a")
    assert export_json(" ")["pictures"] == export_json()["pictures"] != []


def test_import_has_limits_for_all_collections_together(monkeypatch):
    monkeypatch.setattr(import_export, "_MAX_IMAGES", 3)
    monkeypatch.setitem(import_export._MOST, "sets", 2)
    given = [{"name": name, "ids": [1, 2]} for name in "abc"]
    assert import_json({"civitai_shortcut": 1, "sets": given}) == (0, 2)
    assert bookmarks.list_image_ids_by_name() == {"a": [1, 2], "b": [1]}


@pytest.mark.parametrize(
    "given",
    [None, [], "x", {}, {"civitai_shortcut": 2}, {"civitai_shortcut": 1, "pictures": [[[[]]] * 3]}],
)
def test_invalid_export_is_refused_or_ignored(given):
    try:
        assert import_json(given) == (0, 0)
    except InputError:
        assert not isinstance(given, dict) or given.get("civitai_shortcut") != 1


def test_hostile_export_imports_only_valid_values(images):
    pictures = [
        {"id": "1", "favourite": "yes", "stars": 99, "note": 5, "tags": "abc", "record": 7},
        {"id": -1, "favourite": True},
        {"id": 2, "record": {"id": 2, "url": "http://evil.example/x.jpeg"}},
    ]
    pictures[-1]["tags"] = ["\u202e", 5, None, [], ""]
    sets = [{"name": name, "ids": [1]} for name in ("", "\u202e")]
    sets += [{"name": "ok", "ids": ["x", None, 3]}, "no"]
    hostile = {"civitai_shortcut": 1, "pictures": [*pictures, 5], "sets": sets}
    hostile["hidden"] = [5, {"kind": "all", "text": "x"}, {"kind": "image", "text": []}]
    hostile["watched"] = ["x", {"name": 5}, {"query": {"model_id": "5", "post_id": 3}}]
    assert import_json(hostile) == (0, 1)
    assert hidden_rules.list_rules() == watches.list_watches() == []
    assert bookmarks.find_annotations([1, 2]) == {}
    assert bookmarks.list_image_ids("ok") == [3]


@pytest.mark.parametrize(
    "query,now,before,missing",
    [
        (ImageQuery(5), [9, 7, 5], [9, 8, 7, 5, 4], [8]),
        (ImageQuery(5), [12, 11, 9], [9, 8, 7], []),
        (ImageQuery(5, sort="Oldest"), [1, 3], [1, 2, 3], [2]),
        (ImageQuery(5, 6), [9, 5], [9, 7, 5], []),  # there "newest" is not by id
        (ImageQuery(5, 6, sort="Most Reactions"), [9, 5], [9, 7, 5], []),
        (ImageQuery(5, period="Day"), [9, 5], [9, 7, 5], []),
        (ImageQuery(5), [], [9, 8], []),
    ],
)
def test_image_missing_between_two_others_was_deleted(query, now, before, missing):
    page = Page(tuple(make_image(n) for n in now))
    assert image_records.find_deleted(query, page, before) == missing
    assert image_records.find_deleted(query, Page(page.images, dropped=1), before) == []
    others = Page(page.images, other_ids=tuple(missing))
    assert image_records.find_deleted(query, others, before) == []


def test_missing_image_is_marked_as_deleted_until_it_is_fetched_again(images, library):
    for number, rest in enumerate((images, images[:2] + images[3:])):
        page = Page(tuple(rest), fetched_at=float(number))
        pages._store_page(ImageQuery(5), None, 100, page)
    library.forget()
    assert _ids("is:gone") == [3]
    assert image_records.find_image(3) == images[2]
    image_records.store_images([images[2]])
    library.forget()
    assert _ids("is:gone") == []


def test_note_that_damage_made_bytes_outlives_the_next_change(library):
    bookmarks.change_annotations([1], AnnotationChange(note="dusk 夕"))
    with writing() as db:
        db.execute("UPDATE annotations SET note = CAST(note AS BLOB)")
    bookmarks.change_annotations([1], AnnotationChange(favourite=True))
    assert bookmarks.read_annotations([1])[1]["note"] == "dusk 夕"
