"""Searches in the library: how a text is parsed, and which images match."""

import os
import sqlite3
import time
from contextlib import closing

import pytest
from api_server import make_tag
from civitai_manager_libs import setting
from civitai_manager_libs.library import bookmarks, database, hidden_rules, image_records, models
from civitai_manager_libs.library import schema, search
from civitai_manager_libs.library.database import select_rows, writing
from civitai_manager_libs.library.search import conditions, indexer, results, suggestions
from hypothesis import given, settings, strategies as st
from stored_images import make_image, store_model

_PICTURES = {
    1: {"prompt": "a lighthouse at dawn, golden hour", "negativePrompt": "blurry, lowres"},
    2: {"prompt": "1girl, blue hair <lora:add_detail:0.6>", "steps": 20, "sampler": "Euler a"},
    3: {"prompt": "hour of the golden dawn", "steps": 30, "sampler": "DPM++ 2M Karras"},
    4: {"prompt": "海邊的燈塔，少女", "negativePrompt": "模糊", "steps": "25", "cfgScale": 7},
    5: {"prompt": "夕焼けの海 🌊 100% _wave_", "Model": "DunesXL", "Clip skip": 2},
    6: {"prompt": "'; DROP TABLE images; -- \"quoted\" NEAR(a b) OR *", "Model": "dunes_v1"},
    7: {"prompt": "Straße im ＴＯＫＹＯ stil <lora:Tokyo Nights:1>", "Hires upscale": 2},
    8: None,
}
_MORE = {
    2: {"baseModel": "SDXL 1.0", "width": 1024, "height": 1536, "browsingLevel": 4},
    4: {"baseModel": "Pony", "createdAt": "2025-01-15T08:00:00.000Z", "username": "海豚"},
    5: {"createdAt": "2024-12-31T23:59:59.000Z", "stats": {"likeCount": 50, "heartCount": 7}},
    6: {"modelVersionIds": [77], "type": "video", "stats": {"likeCount": 3}},
    8: {"username": "Anna_B", "modelVersionIds": [77]},
}
pytestmark = pytest.mark.usefixtures("library")


@pytest.fixture
def filled(library):
    store_model(9, "Ocean Style", (77, "v2 FLUX"))
    image_records.store_images([_image(n) for n in (1, 2, 3)], galleries=["model 9", "version 77"])
    image_records.store_images([_image(n) for n in (4, 5, 6, 7, 8)])
    image_records.store_saved_files(lambda: [(3, "3.png", 1.0), (5, "5.png", 1.0)])
    library.forget()
    return library


def _image(image_id, **more):
    meta = {"meta": _PICTURES.get(image_id)}
    return make_image(image_id, **meta | _MORE.get(image_id, {}) | more)


def _ids(words, scope=search.SearchScope(), **more):
    return sorted(search.run_search(search.parse_query(words), scope, **more).ids)


_FOUND = [
    ("", [1, 2, 3, 4, 5, 6, 7, 8]),
    ("dawn", [1, 3]),
    ("golden hour", [1, 3]),
    ('"golden hour"', [1]),
    ('golden -"golden hour"', [3]),
    ("girl", [2]),
    ("blurry", []),
    ("negative:blurry", [1]),
    ("-negative:blurry dawn", [3]),
    ("negative:模", [4]),
    ("海", [4, 5]),
    ("少女", [4]),
    ("-海 has:data", [1, 2, 3, 6, 7]),
    ("100%", [5]),
    ("_", [2, 5, 6, 8]),
    ("' OR 1=1 --", []),
    ("NEAR(a", [6]),
    ("prompt:golden", []),
    ('"', [1, 2, 3, 4, 5, 6, 7, 8]),
    ("strasse", [7]),
    ("ｔｏｋｙｏ", [7]),
    ("lora:detail", [2]),
    ('lora:"tokyo nights"', [7]),
    ("lora=add_detail", [2]),
    ("lora=detail", []),
    ("sampler:euler", [2]),
    ("schedule:karras", [3]),
    ("model:dunes", [5, 6]),
    ("model:ocean", [6, 8]),
    ('model:"flux"', [6, 8]),
    ('model="ocean style v2 flux"', [6, 8]),
    ('model="ocean style"', [6, 8]),
    ("model=ocean", []),
    ("author:anna", [8]),
    ("anna_b", [8]),
    ('base:"SDXL 1.0"', [2]),
    ("pony", [4]),
    ("steps>20", [3, 4]),
    ("steps>=20 steps<30", [2, 4]),
    ("steps:30", [3]),
    ("-steps>20 has:data", [1, 2, 5, 6, 7]),
    ("cfg:7", [4]),
    ("clip=2", [5]),
    ("width>=1024", [2]),
    ("after:2025-01", [4]),
    ("before:2025", [5]),
    ("after:2024-12-31 before:2025-01-15", [5]),
    ("reactions>3", [5]),
    ("has:data is:video", [6]),
    ("-has:data", [8]),
    ("has:negative", [1, 4]),
    ("has:hires", [7]),
    ("is:saved", [3, 5]),
    ("lora:", [1, 2, 3, 4, 5, 6, 7, 8]),
    ("nothing:golden", []),
]


@pytest.mark.parametrize("words,found", _FOUND, ids=[words for words, _ in _FOUND])
def test_words_find_the_same_with_and_without_the_index(filled, monkeypatch, words, found):
    assert _ids(words) == found
    all_ids = search.SearchScope(ids=range(1, 9))  # for which the index is not used
    assert _ids(words, all_ids) == found
    monkeypatch.setattr(conditions, "has_trigrams", lambda: False)
    assert _ids(words) == found


@pytest.mark.parametrize(
    "typed,kind,text",
    [
        ("steps>many", "number", "steps>many"),
        ("steps>1e5", "number", "steps>1e5"),
        ("cfg:-1", "number", "cfg:-1"),
        ("after:yesterday", "date", "after:yesterday"),
        ("before:2025-13", "date", "before:2025-13"),
        ("-is:odd", "flag", "-is:odd"),
        ('has:"no such"', "flag", 'has:"no such"'),
        (" ".join(f"w{n}" for n in range(30)), "many", "w20"),
    ],
)
def test_invalid_term_is_ignored_and_reported(filled, typed, kind, text):
    query = search.parse_query(f"{typed} dawn" if kind != "many" else typed)
    [problem] = query.problems
    assert (problem.kind, problem.text) == (kind, text)
    assert kind == "many" or sorted(search.run_search(query).ids) == [1, 3]


_GRAMMAR = ['"', "-", "lora:", "steps>", "is:", "*", "'", "a", " ", "1", "海"]


@given(st.text(max_size=80) | st.lists(st.sampled_from(_GRAMMAR)).map("".join))
def test_search_for_any_text_raises_nothing(words):
    search.suggest_values(words)
    assert set(_ids(words)) >= set(_ids(f"{words} zzz")) or "-" in words


@pytest.mark.parametrize(
    "sort, ordered",
    [
        *[(sort, [8, 7, 6, 5, 4, 3, 2, 1]) for sort in ("Newest", "no such sort")],
        ("Oldest", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("Most Reactions", [5, 6, 8, 7, 4, 3, 2, 1]),
    ],
)
def test_each_page_begins_where_the_last_page_ended(filled, sort, ordered):
    assert _all_pages("", sort, search.SearchScope(), limit=3) == ordered
    for cursor, ids in (("no cursor", (3, 1)), ("3", (1,))):
        assert search.run_search(search.parse_query("dawn"), cursor=cursor, limit=3).ids == ids


@pytest.mark.parametrize(
    "scope,found",
    [
        (search.SearchScope(gallery="model 9"), [1, 2, 3]),
        (search.SearchScope(gallery="version 77"), [1, 2, 3, 6, 8]),
        (search.SearchScope(gallery="model 10"), []),
        (search.SearchScope(level=1), [1, 3, 4, 5, 6, 7, 8]),
        (search.SearchScope(type="video"), [6]),
        (search.SearchScope(base_models=["Pony", "SDXL 1.0"]), [2, 4]),
        (search.SearchScope(with_data=True), [1, 2, 3, 4, 5, 6, 7]),
        (search.SearchScope(ids=[]), []),
    ],
)
def test_search_finds_only_images_of_its_scope(filled, scope, found):
    assert _ids("", scope) == found


def test_record_that_changed_is_found_by_its_new_texts_only(filled):
    image_records.store_images([_image(1, meta={"prompt": "a harbor in fog"})])
    filled.forget()
    assert _ids("lighthouse") == [] and _ids("fog") == [1] and _ids("negative:blurry") == []
    assert _ids("", search.SearchScope(gallery="model 9")) == [1, 2, 3]


_FLAGS = "favourite saved installed commercial gone image video".split()


@pytest.mark.parametrize(
    "word,texts",
    [
        ("lo", ["lora:"]),
        ("-lo", ["-lora:"]),
        ("st", ["stars>", "steps>"]),
        ("is:", sorted(f"is:{flag}" for flag in _FLAGS)),
        ("-has:d", ["-has:data"]),
        ("lora:", ['lora="Tokyo Nights"', "lora=add_detail"]),
        ("lora:DET", ["lora=add_detail"]),
        ("lora=DET", ["lora=add_detail"]),
        ('lora:"tok', ['lora="Tokyo Nights"']),
        ("sampler:", ['sampler="DPM++ 2M"', 'sampler="Euler a"']),
        ("author:a", ["author=Anna_B", "author=harbor"]),
        ("eul", ['sampler="Euler a"']),  # without its key
        ("-euler", ['-sampler="Euler a"']),
        ("eu", []),  # too short to guess
        ("2025-12", ["after:2025-12 before:2026-01"]),
        ("2025-02", ["after:2025-02 before:2025-03"]),
        *[(word, []) for word in ("nothing:", "zzz", '"')],
    ],
)
def test_suggestions_are_keys_and_values_of_the_library(filled, word, texts):
    assert sorted(search.suggest_values(word)) == texts
    assert search.suggest_values("author:")[0] == "author=harbor"  # the most frequent


_VALUES = st.sampled_from(
    ["Euler", "Euler a", "DPM", "a DPM", "a", "v2 FLUX", "¯a¯", "a\x7fb", "¨", 'big "blue" b']
)
_TAG_NAMES = [f"tag {number}" for number in range(12)]
_RECORDS = st.fixed_dictionaries(
    {
        "meta": st.fixed_dictionaries(
            {
                "sampler": _VALUES,
                "Model": _VALUES,
                "civitaiResources": st.sampled_from(
                    [[], [{"type": "checkpoint", "modelVersionId": 77}]]
                ),
            }
        ),
        "modelVersionIds": st.sampled_from([[], [77]]),
        "username": st.sampled_from([f"anna{number}" for number in range(12)]),
        "browsingLevel": st.sampled_from([1, 4]),
        "tags": st.lists(st.sampled_from(_TAG_NAMES).map(make_tag), max_size=3),
    }
)
_HIDDEN = st.sampled_from([("author", "anna0"), ("word", "tag 1"), ("image", "2")])


@given(
    st.lists(_RECORDS, min_size=1, max_size=20),
    st.lists(_HIDDEN, max_size=2),
    st.sampled_from([search.SearchScope(), search.SearchScope(level=1, type="image")]),
    st.booleans(),
)
@settings(max_examples=30)
def test_eight_values_are_suggested_of_those_whose_search_finds_images(
    filled, records, rules, scope, hides
):
    with writing() as db:
        db.execute("DELETE FROM images")
        db.execute("DELETE FROM hidden_rules")
    image_records.store_images([_image(n, **record) for n, record in enumerate(records, 1)])
    filled.finish()
    bookmarks.change_annotations([1], bookmarks.AnnotationChange(add_tags=["MINE"], add_to=["One"]))
    bookmarks.change_annotations([2], bookmarks.AnnotationChange(add_tags=["Own"], add_to=["2"]))
    for rule in rules:
        hidden_rules.add_rule(*rule)

    def finds(value):
        return bool(_ids(value, scope, leaves_out_hidden=hides))

    for key in ("sampler", "model", "author", "base", "lora", "tag", "mytag", "collection"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(suggestions, "_MOST", 1000)
            every = search.suggest_values(f"{key}:")
        assert len(every) == len(set(every)) and all(map(_ids, every))
        found = search.suggest_values(f"{key}:", scope, hides)
        wanted = list(filter(finds, every))
        # A search for a model also finds the images whose record names a version of it.
        assert set(found) <= set(wanted) if key == "model" else found == wanted[:8]
    shown = [f"author={name}" for name in search.find_authors("anna", 20, hides)]
    named = [f"author={name}" for name in search.find_authors("anna", 20)]
    assert shown == [one for one in named if _ids(one, leaves_out_hidden=hides)]
    assert set(search.find_authors("anna0", 1, hides)) == set(search.find_authors("anna0", 1))


@pytest.mark.parametrize("sign", ["¨", "\u0338"], ids=["folds-to-a-space-too", "joins-the-="])
def test_value_is_suggested_by_a_sign_that_folds_with_what_is_before_it(filled, sign):
    image_records.store_images([_image(1, meta={"sampler": f"{sign}x"})])
    filled.finish()
    assert search.suggest_values(f"sampler:{sign}") == [f'sampler="{sign}x"']
    assert _ids(f'sampler="{sign}x"') == [1]


def test_suggestion_reads_neither_all_images_nor_all_versions(library):
    sql = suggestions._VALUES.format(shown="(f.level & 1) <> 0")
    plan = select_rows(f"EXPLAIN QUERY PLAN {sql}", ("sampler", "eul", 8))
    assert plan and not [row for row in plan if "SCAN" in row[-1]]


@pytest.mark.parametrize(
    ("start", "names"),
    [("HARB", ["harbor"]), ("anna_b", ["Anna_B"]), ("arbor", []), ("", []), ("_", []), ("%", [])],
)
def test_authors_are_found_by_the_start_of_their_names(filled, start, names):
    assert search.find_authors(start, 3) == names


_NAMES = st.text(st.sampled_from("aZ ÄßĲЖж（）Ａ：Σς水"), max_size=9).map("Ö".__add__)


@given(model=_NAMES, version=_NAMES)
@settings(max_examples=50)
def test_image_is_found_by_its_version_named_in_any_script(filled, model, version):
    store_model(9, model, (77, version))
    used = [{"type": "checkpoint", "modelVersionId": 77}]
    image_records.store_images([_image(9, meta={"civitaiResources": used})])
    filled.finish()
    [(_, name)] = models.find_version_names([77]).values()
    value = search.quote_value(name)
    assert (
        _ids(f"model={value}") == _ids(f"model:{value}") == _ids(f"model:{name[-1]}") == [6, 8, 9]
    )
    assert len(search.suggest_values(f"model:{value}")) == 1


_TERMS = (
    *("girl", "dawn", "e", "zz", "-dawn", "negative:lowres", "has:negative", "-has:negative"),
    *("lora:detail", "model:ocean", "-model:ocean", "sampler:euler", "author:a", "base:sdxl"),
    *("steps>20", "steps<=25", "-steps>20", "-steps<=25", "-steps=20", "clip=2", "-clip>1"),
    *("hires>1", "-hires>1", "width>600", "-width>600", "reactions>2", "-reactions<3", "cfg=7"),
    *("stars>0", "stars<1", "-stars>0", "-stars<1", "stars=0", "-stars=0", "is:favourite"),
    *("after:2024", "before:2025", "-after:2025", "-before:2025", "is:video", "-is:video"),
    *("is:image", "has:data", "-has:data", "has:hires", "is:saved", "-is:saved", "-set:x"),
)


@pytest.fixture
def marked(filled):
    change = bookmarks.AnnotationChange(favourite=True, stars=3)
    bookmarks.change_annotations([2, 6], change)


@given(
    words=st.lists(st.sampled_from(_TERMS), max_size=4),
    sort=st.sampled_from([*results.SORTS]),
    scope=st.sampled_from(
        [
            search.SearchScope(),
            search.SearchScope(level=1, gallery="model 9"),
            search.SearchScope(type="video"),
        ]
    ),
)
def test_pages_have_the_same_images_with_and_without_the_index(marked, words, sort, scope):
    every = _all_pages(" ".join(words), sort, scope, limit=100)
    assert _all_pages(" ".join(words), sort, scope) == every
    with pytest.MonkeyPatch.context() as patch:  # where the nearest images do not fill a page
        nearest = results._NEAREST.replace("20000", "3")
        by_rank = results.SORTS["Most Reactions"]._replace(nearest=nearest)
        patch.setitem(results.SORTS, "Most Reactions", by_rank)
        assert _all_pages(" ".join(words), sort, scope) == every
    ids = search.SearchScope(range(1, 9), scope.gallery, scope.level, scope.type)
    assert _all_pages(" ".join(words), sort, ids) == every
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conditions, "has_trigrams", lambda: False)
        assert _all_pages(" ".join(words), sort, scope) == every


def _all_pages(words, sort, scope, limit=2):
    """Return the ids of all pages of `limit` images."""
    ids, cursor = [], ""
    while cursor is not None:
        found = search.run_search(
            search.parse_query(words), scope, sort=sort, cursor=cursor or None, limit=limit
        )
        assert len(found.ids) == limit or found.cursor is None
        ids, cursor = [*ids, *found.ids], found.cursor
    return ids


def test_cursor_continues_a_search_after_its_key(filled):
    found = search.run_search(search.SearchQuery(), cursor="3", limit=100)
    assert found == search.SearchPage((2, 1), None, 0)
    cursor = f"77/{'9' * 9}"
    seeded = search.run_search(search.SearchQuery(), sort=search.RANDOM, cursor=cursor)
    key = results.make_random_order(77).key
    sql = f"SELECT f.id FROM search_fields f WHERE {key} < 999999999 ORDER BY {key} DESC"
    assert seeded.ids == tuple(image_id for (image_id,) in select_rows(sql))


_CONTRADICTIONS = ("girl -1girl", "-has:data girl", "base:pony -base:pony", "steps<5 cfg>9")
_CONTRADICTIONS += ("negative:low -negative:lowres", "width=512 height=1216", "dawn hair", "-i")
_FILL = """
    WITH n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {count})
    INSERT INTO {into} FROM n
"""
_ROWS = (
    "images SELECT id, 1.0, 1, x''",
    """search_fields SELECT id, 1, 'image', '2025-01-15', 512 + 512 * (id % 2),
        768 + 448 * (id % 2),
        CASE WHEN id % 3 THEN 0 ELSE id * 7 % 9973 END, 1, 1 + id % 9, 6 + 4 * (id % 9 > 4),
        NULL, NULL, 1""",
    """texts SELECT id, CASE id % 2 WHEN 0 THEN '1girl at dawn  ' ELSE '1girl, hair  ' END,
        'lowres  ', 'pony  '""",
    "trigrams (rowid, prompt, negative, names) SELECT * FROM (SELECT texts.* FROM texts) WHERE 1",
    "image_names SELECT 1, id, NULL",
)


def _fill(db, count):
    db.execute("INSERT INTO names VALUES (1, 'base', 'pony', 'Pony')")
    for into in _ROWS:
        sql = _FILL.format(count=count, into=into)
        is_of_texts = into.startswith("trigrams")
        db.execute(f"INSERT INTO {into}" if is_of_texts else sql)


@pytest.fixture(scope="module")
def steps_of():
    """Return a function that counts the steps of SQLite's machine for a page among `count`."""
    libraries = {}

    def steps_of(words, sort, count, cursor=None):
        if count not in libraries:
            libraries[count] = sqlite3.connect(":memory:")
            database._add_fold(libraries[count])
            libraries[count].executescript(f"{schema.TABLES};{schema.TRIGRAMS}")
            _fill(libraries[count], count)
        db, steps = libraries[count], [0]
        db.set_progress_handler(lambda: steps.append(1), 100)

        def read(sql, values):
            return db.execute(sql, values).fetchall()

        query = search.parse_query(words)
        found = search.run_search(query, sort=sort, cursor=cursor, read=read)
        db.set_progress_handler(None, 0)
        return 100 * len(steps), found

    yield steps_of
    for db in libraries.values():
        db.close()


@pytest.mark.parametrize("sort", results.SORTS)
def test_first_page_without_results_costs_no_more_for_each_image_of_a_larger_library(
    steps_of, sort
):
    for words in _CONTRADICTIONS:
        few, found = steps_of(words, sort, 10_000)
        many, _ = steps_of(words, sort, 40_000)
        assert found.ids == () and found.cursor is None, words
        assert many < 4.4 * few + 1_000, words


@pytest.mark.parametrize("sort", results.SORTS)
def test_page_of_common_images_compares_the_texts_of_that_page_alone(steps_of, sort):
    for words in ("1girl", "-zzz", "1girl -zzz steps>1", "base:pony -dawn"):
        steps, found = steps_of(words, sort, 40_000)
        assert len(found.ids) == 100
        assert steps < 40_000 * 20, words  # a third of what comparing each text takes


_V1 = """
CREATE TABLE images (
    id INTEGER PRIMARY KEY, read_at REAL NOT NULL, is_whole INTEGER NOT NULL,
    author TEXT NOT NULL, base_model TEXT NOT NULL, words TEXT NOT NULL, record BLOB NOT NULL
);
CREATE INDEX images_by_age ON images (read_at);
CREATE TABLE models (
    id INTEGER PRIMARY KEY, read_at REAL NOT NULL, base_models TEXT NOT NULL, record BLOB NOT NULL
);
CREATE TABLE versions (
    id INTEGER PRIMARY KEY, model_id INTEGER NOT NULL, model_name TEXT NOT NULL, name TEXT NOT NULL
);
CREATE TABLE pages (
    query TEXT NOT NULL, cursor TEXT NOT NULL, read_at REAL NOT NULL, next_cursor TEXT,
    ids TEXT NOT NULL, PRIMARY KEY (query, cursor)
);
CREATE INDEX pages_by_age ON pages (read_at);
PRAGMA user_version = 1
"""


def _write_v1(images):
    path = setting.library_file()
    os.makedirs(os.path.dirname(path))
    db = sqlite3.connect(path)
    db.executescript(_V1)
    for image in images:
        record = {**image.record, "id": image.id, "browsingLevel": image.level}
        row = (image.id, time.time(), 1, "", "", "", database.compress_record(record)[0])
        db.execute("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    db.execute("INSERT INTO pages VALUES ('q', '', 1.0, NULL, '[1]')")
    db.commit()
    db.close()


def test_library_of_version_1_keeps_its_records_and_becomes_searchable(library, monkeypatch):
    monkeypatch.setattr(image_records, "_AT_ONCE", 3)
    _write_v1([_image(n) for n in range(1, 9)])
    assert set(image_records.find_images(range(1, 9))) == set(range(1, 9))
    assert _ids("dawn") == []
    image_records.index_remaining()
    library.forget()
    assert _ids("dawn") == [1, 3] and len(_ids("")) == 8
    with database.open_library() as db:
        assert db.recovery_notice == "" and db.rows("PRAGMA user_version") == [
            (len(schema.CHANGES) + 1,)
        ]
        assert db.rows("SELECT count(*) FROM pages") == [(1,)]
        names = "SELECT type, name FROM sqlite_master ORDER BY type, name"
        with closing(sqlite3.connect(":memory:")) as new:
            new.executescript(f"{schema.TABLES};{schema.TRIGRAMS}")
            assert db.rows(names) == new.execute(names).fetchall()


_V5_FACTS = """
ALTER TABLE facts RENAME TO facts_of_6;
{facts};
INSERT INTO facts SELECT id, level, type, created, width, height, reactions, has_data, steps, cfg,
    clip_skip, hires FROM facts_of_6;
DROP TABLE facts_of_6;
ALTER TABLE watched DROP COLUMN known;
ALTER TABLE watched DROP COLUMN fresh_ids;
ALTER TABLE watched DROP COLUMN news;
CREATE INDEX facts_in_order ON facts (reactions, id);
PRAGMA user_version = 5
"""
_V11 = """
CREATE INDEX facts_by_date ON facts (created);
CREATE INDEX facts_by_steps ON facts (steps);
CREATE INDEX facts_by_hires ON facts (hires) WHERE hires IS NOT NULL;
UPDATE facts SET has_negative = NULL WHERE id < 4;
PRAGMA user_version = 11
"""


@pytest.mark.parametrize("version", [5, 11, 16])
def test_library_of_an_older_version_finds_the_same_after_its_upgrade(marked, make_older, version):
    looked_for = ("has:negative", "-has:negative", "steps>20", "", "before:2025", "stars>0")
    before = [_ids(words) for words in looked_for]
    assert before[0] == [1, 4] and before[2] == [3, 4] and before[-1] == [2, 6]
    facts = schema.TEXTS_OF_3.split(";")[0].replace("search_fields", "facts")
    make_older(
        {5: _V5_FACTS.format(facts=facts), 11: _V11, 16: "PRAGMA user_version = 16"}[version]
    )
    assert [_ids(words) for words in looked_for] == before
    made = {name for (name,) in select_rows("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert not {name for name in made if name.startswith("facts_")}
    assert select_rows("SELECT count(*) FROM search_fields WHERE has_negative IS NULL") == [(0,)]
    with database.open_library() as opened:
        assert opened.recovery_notice == ""
        assert opened.rows("PRAGMA user_version") == [(len(schema.CHANGES) + 1,)]


def test_library_without_fts5_is_searchable_and_indexed_once_there_is_fts5(library, monkeypatch):
    with monkeypatch.context() as patch:
        for module in (database, indexer, conditions):
            patch.setattr(module, "has_trigrams", lambda: False)
        image_records.store_images([_image(n) for n in range(1, 9)])
        library.forget()
        assert _ids("dawn") == [1, 3] and _ids("海") == [4, 5]
        library.forget()
    image_records.index_remaining()
    image_records.store_images([_image(9, meta={"prompt": "a dawn again"})])
    library.forget()
    assert _ids("dawn") == [1, 3, 9] and _ids("海") == [4, 5]


def test_random_order_has_each_image_once_and_differs_each_time(library):
    every = [*range(1, 120), 2**31 - 1]
    image_records.store_images([_image(n) for n in every], galleries=["model 9"])
    library.finish()
    scopes = [search.SearchScope(), search.SearchScope(), search.SearchScope(gallery="model 9")]
    orders = [_all_pages("", search.RANDOM, scope, limit=7) for scope in scopes]
    assert all(sorted(ids) == every for ids in orders)
    assert len({tuple(ids[:10]) for ids in orders}) == 3


def test_random_order_is_not_changed_by_new_images(library):
    image_records.store_images([_image(n) for n in range(1, 100)])
    library.finish()
    query = search.parse_query("")
    first = search.run_search(query, sort=search.RANDOM, limit=20)
    image_records.store_images([_image(n) for n in range(1000, 1100)])
    library.finish()
    rest, cursor = [], first.cursor
    while cursor is not None:
        found = search.run_search(query, sort=search.RANDOM, cursor=cursor, limit=20)
        rest, cursor = [*rest, *found.ids], found.cursor
    assert len(rest) == len(set(rest)) and not set(rest) & set(first.ids)
    assert set(range(1, 100)) <= {*first.ids, *rest}


@settings(max_examples=50)
@given(seed=st.integers(1, 2**31 - 1))
def test_random_order_has_a_different_key_for_each_id(seed):
    db = sqlite3.connect(":memory:")
    key = results.make_random_order(seed).key
    ids = [*range(1, 200), *range(90_000_000, 90_000_200), 2**31 - 1]
    given = "(SELECT value AS id FROM json_each(?)) f"
    rows = db.execute(f"SELECT f.id, {key} FROM {given}", (str(ids),)).fetchall()
    db.close()
    assert len({place for _, place in rows}) == len(ids)
    assert all(0 <= place < 2**31 for _, place in rows)
    mixed = [image_id for image_id, _ in sorted(rows, key=lambda row: row[1])]
    assert mixed != sorted(ids) and mixed != sorted(ids, reverse=True)


def test_images_with_a_date_are_counted_by_month(filled):
    assert search.count_by_month(search.SearchScope()) == [("2025-01", 1), ("2024-12", 1)]
    hidden_rules.add_rule("author", "海豚")
    hidden = search.count_by_month(search.SearchScope(), leaves_out_hidden=True)
    assert hidden == [("2024-12", 1)]
    dated = [_image(n, createdAt=f"2023-0{n}-10T00:00:00.000Z") for n in (1, 2)]
    image_records.store_images(dated, galleries=["model 9"])
    filled.finish()
    scope = search.SearchScope(gallery="model 9")
    assert search.count_by_month(scope) == [("2023-02", 1), ("2023-01", 1)]
    assert search.count_by_month(search.SearchScope(type="video")) == []


_DIFFERENT_KEYS = [key for key in search.KEYS if len(key) > 4]


@given(st.sampled_from(_DIFFERENT_KEYS), st.data())
def test_key_with_one_letter_too_many_or_too_few_is_corrected(key, data):
    position = data.draw(st.integers(1, len(key) - 1))
    more = key[:position] + key[position - 1 :]
    fewer = key[:position] + key[position + 1 :]
    for wrong in {more, fewer} - set(search.KEYS):
        assert search.correct_query(f"sea -{wrong}:x") == f"sea -{key}:x"


@given(st.lists(st.sampled_from(search.KEYS)), st.lists(st.text("abc<>=: \"", max_size=12)))
def test_text_whose_keys_are_right_is_not_corrected(keys, words):
    flags = {key: flags[0] for key, flags in search.FLAGS.items()}
    right = [f"{key}:{flags.get(key, 5)}" for key in keys][:9]
    assert search.correct_query(" ".join(right)) == ""
    assert search.correct_query(" ".join(f"q{word}" for word in words)) == ""


@pytest.mark.parametrize(
    "typed, corrected",
    [
        ("is:favorite", "is:favourite"),
        ("is:foo", ""),
        ("is:here set:x", ""),  # former words, still understood
        ("light:1.3 night:city weight:2 scale:2 (Sea:1.2) http://a", ""),  # parts of a prompt
        (f"Sea sampelr:Euler {'Word ' * 50}x", f"Sea sampler:euler {'Word ' * 50}x"),
    ],
)
def test_misspelled_key_or_flag_is_corrected_and_nothing_else(typed, corrected):
    assert search.correct_query(typed) == corrected
