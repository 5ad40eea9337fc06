"""Stored models are opened again at once, and if Civitai does not respond."""

import json
import time

import pytest
from api_server import MODEL_ID, reset, status, VERSION_ID
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import search_models
from civitai_manager_libs.errors import NetworkError, NotFound
from civitai_manager_libs.library import image_records, models, wait_for_writes
from civitai_manager_libs.library.database import writing


def _asked(civitai):
    return sum("/models/" in path for path in civitai.requests)


def test_model_is_requested_once_and_its_copy_is_for_a_silent_civitai(
    civitai, client, library, monkeypatch
):
    for _ in range(3):
        assert models.load_model(client, MODEL_ID).name == "A model"
    assert _asked(civitai) == 1
    with monkeypatch.context() as patch:
        patch.setattr(models, "_FRESH", 0.0)
        models.load_model(client, MODEL_ID)
    assert _asked(civitai) == 2
    library.forget()
    civitai.always("model", reset)
    assert models.load_model(client, MODEL_ID).name == "A model"
    civitai.always("other", reset)
    with pytest.raises(NetworkError):
        models.load_model(client, 999)
    library.forget()
    civitai.always("model", status(404))  # deleted
    with pytest.raises(NotFound):
        models.load_model(client, MODEL_ID)


def test_version_names_are_found_after_a_restart(civitai, client, library):
    named = {VERSION_ID: (MODEL_ID, "A model v1")}
    assert models.find_version_names([VERSION_ID]) == {}
    models.load_model(client, MODEL_ID)
    assert models.find_version_names([VERSION_ID, 5]) == named
    library.forget()
    assert models.find_version_names([VERSION_ID, 5]) == named


def test_base_models_of_stored_models_are_listed(demo, client, library, monkeypatch, capsys):
    monkeypatch.setenv("CIVITAI_BASE_URL", demo.url)
    assert models.list_base_models() == []
    models.load_model(client, 900001)
    library.finish()
    assert models.list_base_models() == ["SD 1.5", "SDXL 1.0"]
    with writing() as db:
        assert db.execute("UPDATE models SET base_models = '{' WHERE id = 900001").rowcount == 1
    assert models.list_base_models() == []
    assert "cannot be used" not in capsys.readouterr().err  # which it would be for all others


def test_covers_are_found_by_their_ids(demo, client, library, monkeypatch):
    monkeypatch.setenv("CIVITAI_BASE_URL", demo.url)
    found, _ = search_models(client, "o")
    covers = [model.cover for model in found if model.cover is not None]
    image_records.store_images(covers, is_complete=False)
    assert covers and [image_records.find_image(cover.id) for cover in covers] == covers


def test_models_of_a_library_without_versions_are_kept(civitai, client, make_older):
    models.load_model(client, MODEL_ID)
    tables = ("version_records", "version_hashes", "missing_versions")
    make_older("".join(f"DROP TABLE {table};" for table in tables) + "PRAGMA user_version = 7")
    assert models.find_version_names([VERSION_ID]) == {VERSION_ID: (MODEL_ID, "A model v1")}
    assert models.load_version(client, VERSION_ID).name == "v1"
    assert models.find_versions_by_hash(["0123456789"]) == {}


def test_missing_version_is_not_requested_again_for_a_day(civitai, client, library, monkeypatch):
    def ask():
        with pytest.raises(NotFound):
            models.load_version(client, 77)
        return len(civitai.requests)

    assert [ask(), ask()] == [1, 1]
    library.forget()
    assert ask() == 1
    setting.civitai_api_key = "the-key"  # which may show more
    assert [ask(), ask()] == [2, 2]
    with monkeypatch.context() as patch:
        patch.setenv("CIVITAI_BASE_URL", civitai.url.replace("127.0.0.1", "localhost"))
        assert [ask(), ask()] == [3, 3]  # another host may have it
    assert ask() == 3
    now = time.time
    monkeypatch.setattr(models.time, "time", lambda: now() + 100_000)
    assert ask() == 4


def test_model_fetched_later_replaces_its_versions(civitai, client, library):
    version = {"id": VERSION_ID, "modelId": MODEL_ID, "name": "old", "model": {"name": "A model"}}
    civitai.script("version", status(200, json.dumps(version).encode()))
    assert models.load_version(client, VERSION_ID).name == "old"
    models.load_model(client, MODEL_ID)
    assert wait_for_writes()
    assert models.find_versions([VERSION_ID])[VERSION_ID].name == "v1"
    library.forget()
    assert models.find_versions([VERSION_ID])[VERSION_ID].name == "v1"
