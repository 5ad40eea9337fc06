"""What a page of images shows is stored with each image, and made anew by newer rules."""

import json
import os
import re
import sqlite3

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import fold_text
from civitai_manager_libs.library import bookmarks, hidden_rules, image_records, models
from civitai_manager_libs.library import schema, search
from civitai_manager_libs.library.database import connections, evict_oldest, MemoryCache
from civitai_manager_libs.library.database import select_rows, writing
from hypothesis import given, settings, strategies as st
from stored_images import make_image

_IDS = [4, 2, 3, 1]


@pytest.fixture
def stored(library):
    """Store four images; one is a favourite, one hidden, one deleted and one saved as a file."""
    images = [make_image(n, meta=_META.get(n)) for n in _IDS]
    image_records.store_images(images, galleries=["model 5"])
    library.finish()
    bookmarks.change_annotations([2], bookmarks.AnnotationChange(favourite=True, stars=4))
    hidden_rules.add_rule("word", "dawn")
    image_records.mark_deleted(3)
    image_records.store_saved_files(lambda: [(1, __file__, 1.0), (2, f"{__file__}.deleted", 1.0)])
    library.forget()
    return library


_META = {
    1: {"prompt": "a harbor at dawn <lora:ink:0.8>", "steps": 20, "sampler": "Euler a"},
    2: {"prompt": "海邊"},
    3: {"prompt": "a harbor", "resources": [{"type": "lora", "name": "ink"}]},
}


def _page(ids=_IDS):
    images = image_records.list_page_images(ids)
    return [image._replace(tile=json.loads(json.dumps(image.tile))) for image in images]


def test_page_shows_what_the_records_say_and_what_the_user_added(stored):
    four, two, three, one = _page([4, 2, 99, 3, 1, 2])
    assert [image.tile["id"] for image in (four, two, three, one)] == _IDS
    assert one.tile["summary"] == ["a harbor at dawn", 20, "Euler a", 1] and one.tile["has_data"]
    assert (four.tile["summary"], four.tile["has_data"]) == (None, False)
    assert (two.is_favourite, two.stars, four.is_favourite, four.stars) == (True, 4, False, 0)
    assert (one.saved_path, two.saved_path) == (__file__, "")
    assert [image.is_hidden for image in (four, two, three, one)] == [False, False, False, True]
    assert three.last_seen > 0 == four.last_seen


def test_images_that_were_saved_last_are_the_covers_of_the_downloads(stored):
    times = {4: 2.0, 2: 4.0, 3: 3.0, 1: 1.0}
    image_records.store_saved_files(lambda: [(n, f"{n}.png", at) for n, at in times.items()])
    shown = models.summarize_set("downloads", 31).covers
    assert list(shown) == [2, 3, 4]  # one is hidden
    image_records.store_saved_files(lambda: [(4, "4.png", 5.0)])
    assert models.summarize_set("downloads", 31).covers == (4, 2, 3)


@pytest.mark.parametrize("has_times", [False, True])  # both were made
def test_library_of_version_17_learns_when_its_images_were_saved(stored, alter, has_times):
    dropped = "" if has_times else "ALTER TABLE saved DROP COLUMN saved_at;"
    alter(f"{dropped} PRAGMA user_version = 17")
    assert image_records.find_saved_file(1) == __file__
    image_records.store_saved_files(lambda: [(4, "4.png", 2.0), (3, "3.png", 3.0)])
    assert models.summarize_set("downloads", 31).covers == (3, 4, 2)
    with connections.borrow(setting.library_file()) as opened:
        assert opened.recovery_notice == ""


def test_latest_ids_are_found_without_reading_the_whole_library(stored, monkeypatch):
    asked = []
    monkeypatch.setattr(image_records, "select_rows_or_empty", lambda *sql: asked.append(sql) or [])
    image_records.list_latest_ids(10, [1])
    [(sql, values)] = asked
    plan = [detail for *_, detail in select_rows(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert plan[0].endswith("USING INDEX images_by_age") and "ORDER BY" not in str(plan)


def test_page_is_the_same_before_its_images_are_written(library, monkeypatch):
    images = [make_image(n, meta=_META.get(n)) for n in _IDS]
    hidden_rules.add_rule("word", "dawn")
    with monkeypatch.context() as patch:
        patch.setattr(image_records, "write_later", lambda *_: None)
        image_records.store_images(images)
        unwritten = _page()
    image_records.store_images(images)
    library.forget()
    assert unwritten == _page() and unwritten[3].is_hidden


def test_page_is_whole_though_memory_cannot_hold_it_until_it_is_written(library, monkeypatch):
    hidden_rules.add_rule("word", "dawn")
    monkeypatch.setattr(image_records, "_memory", MemoryCache(1))
    monkeypatch.setattr(image_records, "write_later", lambda *_: None)
    images = [make_image(n, meta=_META.get(n)) for n in _IDS]
    image_records.store_images(images, galleries=["model 5"])
    shown = image_records.list_page_images(_IDS, images)
    assert [image.tile["id"] for image in shown] == _IDS
    assert [image.is_hidden for image in shown] == [False, False, False, True]


def test_image_that_was_fetched_again_is_shown_at_once_as_it_is_now(stored, monkeypatch):
    monkeypatch.setattr(image_records, "write_later", lambda *_: None)
    image_records.store_images([make_image(1, stats={"likeCount": 77})])
    assert _page([1])[0].tile["reactions"] == 77


def test_library_of_version_12_shows_the_same_page_at_once_and_is_filled_later(
    stored, make_older, monkeypatch
):
    before = _page()
    tables = "; ".join(f"DROP TABLE {table}" for table in ("hidden_images", "tiles", "saved"))
    make_older(f"{tables}; PRAGMA user_version = 12")
    with monkeypatch.context() as patch:
        patch.setattr(image_records, "write_later", lambda *_: None)
        assert _page() == [image._replace(saved_path="") for image in before]
        assert select_rows("SELECT count(*) FROM tiles") == [(0,)]
    image_records.index_remaining()
    image_records.store_saved_files(lambda: [(1, __file__, 1.0)])
    stored.forget()
    assert select_rows("SELECT count(*) FROM tiles WHERE tile != ''") == [(4,)]
    assert _page() == before


@pytest.mark.parametrize("damage", [None, "", "{", '{"id": \x01}', "[]", b"\xff\x00"])
def test_missing_or_damaged_tile_is_made_again_and_stored(stored, damage):
    before = _page()
    stored.forget()
    with writing() as db:
        if damage is None:  # as an older version leaves it
            db.execute("DELETE FROM tiles WHERE id = 1")
        else:
            db.execute("UPDATE tiles SET tile = ? WHERE id = 1", (damage,))
    assert _page() == before
    stored.finish()
    stored.forget()
    assert _page() == before
    assert json.loads(select_rows("SELECT tile FROM tiles WHERE id = 1")[0][0])["id"] == 1


def test_tiles_of_older_rules_are_made_again_and_nothing_else_changes(stored, monkeypatch):
    tables = ("images", "search_fields", "texts", "image_names", "seen", "image_features")
    tables += ("missing_images", "annotations")
    before = [select_rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    assert all(before)
    monkeypatch.setattr(image_records, "_AT_ONCE", 3)
    monkeypatch.setattr(image_records, "_RULES_VERSION", image_records._RULES_VERSION + 1)
    monkeypatch.setattr(image_records, "summarize", lambda meta: ("better", 1, "", 0))
    image_records.index_remaining()
    stored.forget()
    assert [image.tile["summary"][0] for image in _page()] == ["better"] * 4
    assert [select_rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables] == before


def test_making_is_continued_where_it_was_interrupted(stored, monkeypatch):
    monkeypatch.setattr(image_records, "_AT_ONCE", 1)
    monkeypatch.setattr(image_records, "_RULES_VERSION", image_records._RULES_VERSION + 1)
    later, count = image_records.write_later, 0

    def end_after_two(write, size=0):
        nonlocal count
        count += 1
        if count <= 2:  # the first only lists what remains
            later(write, size)

    with monkeypatch.context() as patch:
        patch.setattr(image_records, "write_later", end_after_two)
        image_records.index_remaining()
        stored.finish()
    done = "SELECT id FROM tiles WHERE made_by = ? ORDER BY id"
    assert select_rows(done, (image_records._RULES_VERSION,)) == [(3,), (4,)]
    image_records.index_remaining()
    stored.finish()
    assert len(select_rows(done, (image_records._RULES_VERSION,))) == 4


def test_evicted_image_leaves_no_row_behind(stored):
    setting.change("library_records", 1000)
    image_records.store_images([make_image(n) for n in range(10, 1020)])
    stored.finish()
    with writing() as db:
        while evict_oldest(db):
            pass
        db.execute("INSERT INTO trigrams (trigrams) VALUES ('integrity-check')")
    derived = ("tiles", "hidden_images", "search_fields", "texts", "image_features", "image_names")
    for table in (*derived, "seen"):
        sql = f"SELECT count(*) FROM {table} WHERE id NOT IN (SELECT id FROM images)"
        assert select_rows(sql) == [(0,)]
    assert select_rows("SELECT id FROM images WHERE id < 10") == [(2,)]  # the favourite
    assert search.run_search(search.parse_query("dawn")).ids == ()


def test_unreadable_library_shows_what_is_in_memory(library):
    image_records.store_images([make_image(n) for n in _IDS])
    library.finish()
    path = setting.library_file()
    connections.close_idle()
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)
    os.mkdir(path)
    assert [image.tile["id"] for image in _page()] == _IDS


_WORD_TEXT = st.text("aB1 _,(:*?[]^é貓ß-\"'", max_size=8)
_SIDES = "0-9_a-z\u00aa-\u1fff"


def _hides(rule, text):
    """Return whether a rule's word is in a text, neither end touching another letter."""
    word, text = fold_text(rule), f" {fold_text(text)} "
    before = f"(?<![{_SIDES}])" if re.match(f"[{_SIDES}]", word[0]) else "(?<=.)"
    after = f"(?![{_SIDES}])" if re.match(f"[{_SIDES}]", word[-1]) else "(?=.)"
    return re.search(before + re.escape(word) + after, text) is not None


@settings(max_examples=150)
@given(rules=st.lists(_WORD_TEXT, min_size=1, max_size=4), texts=st.lists(_WORD_TEXT, max_size=4))
def test_rules_hide_the_same_images_whichever_came_first(rules, texts):
    rules = [rule for rule in rules if fold_text(rule)]
    statements = [schema.TABLES, "INSERT INTO images VALUES (1, 1, 1, ''), (2, 1, 1, '')"]
    expected = {
        (image_id, number)
        for number, rule in enumerate(rules, 1)
        for image_id, text in enumerate(texts, 1)
        if _hides(rule, text)
    }
    found = []
    for rules_first in (True, False):
        db = sqlite3.connect(":memory:")
        for statement in statements:
            db.executescript(statement)

        def add_rules():
            for number, rule in enumerate(rules, 1):
                row = (number, "word", rule, fold_text(rule))
                db.execute("INSERT OR IGNORE INTO hidden_rules VALUES (?, ?, ?, ?)", row)
                db.execute(schema.make_hide_statement("r.number = ?1"), (number,))

        def add_texts():
            for image_id, text in enumerate(texts, 1):
                folded = fold_text(text)
                row = (image_id, folded and f"{folded}  ", "", "")
                db.execute("INSERT INTO texts VALUES (?, ?, ?, ?)", row)
                hidden_rules.refresh_hidden(db, [image_id])

        for add in (add_rules, add_texts) if rules_first else (add_texts, add_rules):
            add()
        found.append(set(db.execute("SELECT id, rule FROM hidden_images")))
        db.close()
    known = {fold_text(rule): number for number, rule in reversed([*enumerate(rules, 1)])}
    assert found == [{(i, n) for i, n in expected if n in known.values()}] * 2
