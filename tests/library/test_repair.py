"""Repair of a library with damaged rows or missing tables, which loses nothing else."""

from __future__ import annotations

import sqlite3

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import ImageQuery, Page
from civitai_manager_libs.civitai.records import image_from_json, model_from_json
from civitai_manager_libs.library import (
    bookmarks,
    deletions,
    gallery_stats,
    models,
    pages,
    records,
    reproductions,
    search,
    watches,
)
from civitai_manager_libs.library.bookmarks.annotations import AnnotationChange
from civitai_manager_libs.library.store import database, schema, select_rows
from PIL import Image
from served_api import ServedApi

_USER_TABLES = ("marks", "own_tags", "sets", "in_sets", "gone", "watched", "reproductions")
_ALL_TABLES = (*_USER_TABLES, "images", "models", "versions", "pages", "figures", "facts", "texts")
_ALL_TABLES += ("names", "uses", "seen", "trigrams", "trigram_list")


def _image(image_id):
    row = {
        "id": image_id,
        "url": f"https://image.civitai.com/x/{image_id}/original=true/{image_id}.jpeg",
        "browsingLevel": 1,
        "meta": {"prompt": f"lighthouse {image_id}", "steps": 20},
    }
    image = image_from_json(row, lambda url: True)
    assert image is not None
    return image


@pytest.fixture(autouse=True)
def filled(library):
    images = [_image(n) for n in (1, 2, 3)]
    models._store_model(
        model_from_json({"id": 5, "name": "M", "modelVersions": [{"id": 7, "name": "v"}]})
    )
    records.store_images(images, galleries=["model 5"])
    key = (setting.base_url(), ImageQuery(5), None, 100)
    pages._store_page(key, pages.DatedPage(Page(tuple(images)), 1.0))
    library.finish()
    bookmarks.annotations.change_annotations(
        images[:2], AnnotationChange(favourite=True, stars=3, note="n", tags=["t"])
    )
    bookmarks.collections.add_to_collection(images[:2], "one")
    bookmarks.collections.add_to_collection(images[:2], "two")
    watches.watch_gallery(ImageQuery(5), "M")
    watches.watch_gallery(ImageQuery(username="anna"), "anna")
    for path in ("a.png", "b.png"):
        one = reproductions.Reproduction(0, 1, path, "infotext", 1.0, False, 8, 8)
        reproductions.store_reproduction(one, Image.new("RGB", (8, 8)))
    deletions.mark_deleted(3)
    library.forget()
    return library


def _damage(library, *statements):
    db = sqlite3.connect(setting.library_file())
    for sql, *values in statements:
        db.execute(sql, values)
    db.commit()
    db.close()
    database._checked_files.clear()  # as the next process begins
    library.forget()


def _use_everything():
    with ServedApi() as api:
        begin = api.get("bootstrap")
        assert "database" not in begin["watches"]["problem"]
        api.get("images?search=lighthouse")
        api.ask("api/images/1/reproductions")
        for path in ("watches", "collections", "export", "stats?model=5"):
            answer = api.ask(f"api/{path}")
            assert answer.status_code == 200, (path, answer.text)
        assert api.post("search_preview", {"text": "lighthouse", "word": "tag:", "ids": [1]})
    search.run_search(search.parse_query("stars>1 tag:t set:one"))
    gallery_stats.compute_gallery_stats(5, None, 31)
    pages.load_stored_page(ImageQuery(5), None, 100)


def _columns():
    """Yield the user's tables with each column that can hold a value of another type."""
    db = sqlite3.connect(":memory:")
    db.executescript(schema.TABLES)
    for table in _USER_TABLES:
        for _, name, kind, _, _, is_key in db.execute(f"PRAGMA table_info({table})"):
            if not (kind == "INTEGER" and is_key):
                yield table, name
    db.close()


@pytest.mark.parametrize("table,column", [*_columns()])
def test_invalid_row_is_moved_and_the_others_stay(filled, table, column, capsys):
    (count,) = select_rows(f"SELECT count(*) FROM {table}")[0]
    kinds = {name: kind for _, name, kind, *_ in select_rows(f"PRAGMA table_info({table})")}
    columns = [*kinds]
    value = "'odd'" if kinds[column] == "BLOB" else "x'ff00'"
    odd = ", ".join(value if name == column else name for name in columns)
    _damage(
        filled,
        (f"CREATE TEMP TABLE odd AS SELECT {odd} FROM {table} LIMIT 1",),
        (f"DELETE FROM {table} WHERE {columns[0]} = (SELECT min({columns[0]}) FROM {table})",),
        (f"INSERT INTO {table} SELECT * FROM odd",),
    )
    left = select_rows(f"SELECT count(*) FROM {table}")[0][0]
    _use_everything()
    assert (
        f"Damaged rows of {table}, set aside in the table odd_rows: 1." in capsys.readouterr().err
    )
    assert select_rows("SELECT of_table FROM odd_rows") == [(table,)]
    assert select_rows(f"SELECT count(*) FROM {table}") == [(left,)] and left < count
    assert set(records.find_images([1, 2, 3])) == {1, 2, 3}


@pytest.mark.parametrize(
    "gallery_name",
    ["version abc", "model ", "post 5", "", "model 5 6", "version 99999999999999999999"],
)
def test_watch_of_an_invalid_gallery_is_moved(filled, gallery_name):
    _damage(filled, ("UPDATE watched SET gallery = ? WHERE gallery = 'model 5'", gallery_name))
    _use_everything()
    assert [one.gallery for one in watches.list_watches()] == ["user anna"]
    [(table, row)] = select_rows("SELECT of_table, row FROM odd_rows")
    assert table == "watched" and gallery_name in row


@pytest.mark.parametrize("table", _ALL_TABLES)
def test_missing_table_is_created_and_the_others_stay(filled, table, capsys):
    _damage(filled, (f"DROP TABLE {table}",))
    _use_everything()
    assert f"The library's table {table} was missing" in capsys.readouterr().err
    search.index_remaining()
    filled.forget()
    assert select_rows(f"SELECT count(*) FROM {table}")
    if table in ("facts", "texts", "trigrams", "trigram_list"):
        assert sorted(search.run_search(search.parse_query("lighthouse")).ids) == [1, 2, 3]
    if table != "sets":
        assert len(bookmarks.collections.list_collections()) == 2
    assert table == "images" or set(records.find_images([1, 2, 3])) == {1, 2, 3}


def test_trigram_index_with_missing_parts_is_created_again(filled):
    _damage(
        filled,
        ("PRAGMA writable_schema = ON",),
        ("DELETE FROM sqlite_master WHERE name = 'trigrams'",),
    )
    search.index_remaining()
    filled.forget()
    assert sorted(search.run_search(search.parse_query("lighthouse")).ids) == [1, 2, 3]
