"""Images are found by id, in memory and after a restart; what pages show is stored with each."""

import json
import os
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.records import image_from_json
from civitai_manager_libs.core import fold_text, sqlite
from civitai_manager_libs.library import bookmarks, database, hidden_rules, image_records, models
from civitai_manager_libs.library import schema, search
from civitai_manager_libs.library.database import connections, evict_oldest, MemoryCache
from civitai_manager_libs.library.database import select_rows, writing
from civitai_manager_libs.library.search import parse_query
from hypothesis import given, settings, strategies as st
from stored_images import make_image

_META = {"prompt": "a lighthouse at dawn", "negativePrompt": "blurry", "Model": "dunes_v2"}
pytestmark = pytest.mark.usefixtures("library")


def _image(image_id=1, **more):
    about = {"username": "harbor_artist", "baseModel": "SDXL 1.0", "meta": _META}
    return make_image(image_id, **about | more)


def test_images_are_found_in_the_requested_order_at_once_and_after_a_restart(library):
    images = {n: _image(n) for n in range(1, 6)}
    image_records.store_images(images.values())
    for _ in range(2):
        assert image_records.find_image(3) == images[3] and image_records.find_image(6) is None
        assert list(image_records.find_images([5, 3, 99, 1])) == [5, 3, 1]
        library.forget()


def test_image_of_a_demo_is_found_under_the_port_that_the_demo_has_now(library, monkeypatch):
    path = "/x/1/original=true/1.jpeg"
    meta = {"prompt": "http://127.0.0.1:47860 is part of it"}
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:47860")
    image_records.store_images([_image(url=f"http://127.0.0.1:47860{path}", meta=meta)])
    library.forget()
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:50001")
    assert image_records.find_image(1).url == f"http://127.0.0.1:50001{path}"
    assert image_records.find_image(1).meta == meta
    monkeypatch.delenv("CIVITAI_BASE_URL")
    library.forget()
    assert image_records.find_image(1) is None


def test_what_is_stored_is_found_at_each_host_of_civitai(library):
    setting.change("civitai_host", "civitai.red")
    url = "https://civitai.red/x/1/original=true/1.jpeg"
    image_records.store_images([_image(), make_image(2), make_image(3, url=url)])
    library.forget()
    stored = select_rows("SELECT * FROM tiles")
    for host in setting.HOSTS:
        setting.change("civitai_host", host)
        images = image_records.list_page_images([1, 2, 3])
        assert [image.tile["id"] for image in images] == [1, 2, 3]
        assert image_records.find_image(3).url == url.replace("civitai.red", host)
        library.forget()
    assert select_rows("SELECT * FROM tiles") == stored


def test_complete_record_is_replaced_by_a_newer_one_but_not_by_an_example_images(library):
    image_records.store_images([_image(meta=None)], is_complete=False)
    image_records.store_images([_image(meta=None, reactions=1)])
    image_records.store_images([_image()])
    for _ in range(2):
        image_records.store_images([_image(meta=None)], is_complete=False)
        assert image_records.find_image(1).meta == _META
        library.forget()
        assert image_records.find_image(1).meta == _META
    row = {"url": "https://image.civitai.com/x/original=true/77.jpeg"}
    image_records.store_images([image_from_json(row, default_level=16)], is_complete=False)
    library.forget()
    assert (image_records.find_image(77).id, image_records.find_image(77).level) == (77, 16)


def test_memory_has_only_the_last_images_and_the_rest_is_read_from_disk(library, monkeypatch):
    monkeypatch.setattr(image_records, "_MEMORY_BYTES", 50_000)
    library.forget()
    image_records.store_images([_image(n) for n in range(1, 51)])
    library.finish()
    assert 5 < len(image_records._memory.values()) < 25
    assert image_records.find_image(1).id == 1


@pytest.mark.parametrize(
    "hostile",
    [
        {"username": "\ud800", "meta": {"prompt": "half \udfff of a pair"}},
        {"meta": {"prompt": "x" * 10_000_000}},
        {"meta": {"prompt": "a\0b"}},
        {"meta": {"prompt": 5, "negativePrompt": [1], "resources": {"a": None}}},
    ],
    ids=["surrogate", "ten-megabytes", "nul", "other-types"],
)
def test_any_text_in_a_record_can_be_stored(library, hostile):
    image_records.store_images([_image(), _image(2, **hostile)])
    library.forget()
    assert set(image_records.find_images([1, 2])) == {1, 2}


@pytest.mark.parametrize(
    "words,found",
    [
        ("lighthouse", [1, 3]),
        ('"dawn lighthouse"', []),
        ("negative:blurry -lowres", [1, 2, 3, 4]),
        ("海 港", [2]),
        ("", [1, 2, 3, 4]),
        ("paperstyle", [3]),
    ],
)
def test_words_are_searched_in_prompt_author_and_models(library, words, found):
    images = [
        _image(1),
        _image(2, meta={**_META, "prompt": "海邊的港口"}),
        _image(3, meta={**_META, "prompt": "lighthouse 100% <lora:paperStyle:0.7>"}),
        _image(4, meta={**_META, "prompt": "海 Straße"}, username="tide"),
    ]
    image_records.store_images(images)
    for _ in range(2):  # in memory, then as after a start
        matching = image_records.filter_matching([1, 2, 3, 4, 5], parse_query(words))
        assert matching == (found if words else [1, 2, 3, 4, 5])
        library.forget()


def test_unwritable_library_is_logged_and_images_are_still_found(capsys, library):
    os.makedirs(os.path.join(setting.data_folder(), "library.db"))
    image_records.store_images([_image()])
    library.finish()
    assert image_records.find_image(1) is not None and image_records.find_image(2) is None
    assert "[library]" in capsys.readouterr().err


def test_deleted_library_is_filled_again(library):
    image_records.store_images([_image()])
    library.forget()
    folder = setting.data_folder()
    for name in os.listdir(folder):
        if name.startswith("library.db"):
            os.remove(os.path.join(folder, name))
    assert image_records.find_image(1) is None
    image_records.store_images([_image()])
    library.forget()
    assert image_records.find_image(1) is not None


@pytest.mark.parametrize("at", [0, 4096 * 3], ids=["head", "inside"])
def test_damaged_library_is_renamed_and_filled_again(library, capsys, at):
    image_records.store_images(
        [_image(n, meta={"prompt": os.urandom(3000).hex()}) for n in range(1, 60)]
    )
    library.forget()
    with database.open_library() as db:
        db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    path = os.path.join(setting.data_folder(), "library.db")
    with open(path, "r+b") as file:
        size = os.path.getsize(path)
        file.seek(at)
        file.write(b"damage!!" * ((size - at) // 16))
    for n in range(1, 60):
        image_records.find_image(n)
    image_records.store_images([_image(100)])
    library.forget()
    image_records.store_images([_image(101)])
    library.forget()
    assert image_records.find_image(101) is not None
    assert any(".damaged-" in name for name in os.listdir(setting.data_folder()))
    assert "renamed to" in capsys.readouterr().err


def test_damaged_row_is_ignored(library):
    image_records.store_images([_image(n) for n in (1, 2)], galleries=["model 5"])
    library.forget()
    with writing() as db:
        db.execute("UPDATE images SET record = ? WHERE id = 1", (b"\xff{",))
    assert list(image_records.find_images([1, 2])) == [2] and image_records.find_image(1) is None
    assert [image.id for image in image_records.list_latest_images(2)] == [2]
    image_records.store_images([_image(1)])
    library.forget()
    assert image_records.find_image(1) is not None


def test_library_of_a_newer_version_is_renamed_and_the_message_names_it(alter, capsys):
    image_records.store_images([_image()])
    alter(f"PRAGMA user_version = {len(schema.CHANGES) + 2}")
    sqlite._checked.clear()
    assert image_records.find_image(1) is None
    [aside] = [name for name in os.listdir(setting.data_folder()) if ".newer-" in name]
    said = capsys.readouterr().err
    assert aside in said and "collections and watches are in the renamed file" in said


def test_many_threads_can_store_and_find_at_once(library):
    wrong = []

    def work(start):
        for n in range(start, start + 20):
            image_records.store_images([_image(n)])
            if image_records.find_image(n) is None:
                wrong.append(n)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(100, 900, 100)))
    library.forget()
    assert not wrong and len(image_records.find_images(range(100, 900))) == 160


def test_eviction_runs_in_steps_and_lets_others_write(library, monkeypatch):
    image_records.store_images([_image(n) for n in range(1, 31)])
    library.finish()
    monkeypatch.setattr(setting, "library_records", 4)
    monkeypatch.setattr(database, "_ROWS_AT_ONCE", 5)
    monkeypatch.setattr(database, "_EVICT_EVERY", 0.0)
    db = sqlite3.connect(setting.library_file(), timeout=0, check_same_thread=False)
    left = []

    def mark(seconds):
        with db:  # it may begin at once
            db.execute("INSERT INTO annotations VALUES (?, 1, 0, '', '', 1.0)", (100 + len(left),))
        left.extend(db.execute("SELECT count(*) FROM images").fetchone())

    with monkeypatch.context() as patch:
        patch.setattr(database.time, "sleep", mark)
        database.write_later(lambda db: None)
        library.forget()
    db.close()
    assert left == [30, 25, 20, 15, 10, 5]
    assert list(image_records.find_images(range(1, 31))) == [27, 28, 29, 30]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_failed_write_does_not_stop_later_writes(library):
    done = []
    database.write_later(lambda db: 1 / 0)
    assert library.finish()
    database.write_later(done.append)
    assert library.finish() and done


def test_a_search_does_not_wait_for_writes_that_are_queued_meanwhile(library):
    written, goes_on = [], threading.Event()

    def write(_):
        written.append(1)
        if not goes_on.is_set():
            database.write_later(write)

    database.write_later(write)
    assert database.wait_for_writes(60, includes_later=False) and written
    assert not database.wait_for_writes(0.01)
    goes_on.set()
    assert database.wait_for_writes(60)


_IDS = [4, 2, 3, 1]


@pytest.fixture
def stored(library):
    """Store four images; one is a favourite, one hidden, one deleted and one saved as a file."""
    images = [make_image(n, meta=_SHOWN.get(n)) for n in _IDS]
    image_records.store_images(images, galleries=["model 5"])
    library.finish()
    bookmarks.change_annotations([2], bookmarks.AnnotationChange(favourite=True, stars=4))
    hidden_rules.add_rule("word", "dawn")
    image_records.mark_deleted(3)
    image_records.store_saved_files(lambda: [(1, __file__, 1.0), (2, f"{__file__}.deleted", 1.0)])
    library.forget()
    return library


_SHOWN = {
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
    images = [make_image(n, meta=_SHOWN.get(n)) for n in _IDS]
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
    images = [make_image(n, meta=_SHOWN.get(n)) for n in _IDS]
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


_WORD_TEXT = st.text("aB1 _,(:*?[]^é貓ß-\"'", max_size=8)
_SIDES = "0-9_a-z\u00aa-\u1fff"


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
