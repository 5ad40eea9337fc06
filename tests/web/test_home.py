"""The home page's data: what was opened last, the models on this machine, what the user has."""

from __future__ import annotations

import hashlib
import io
import json
import os

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.model_files import index
from civitai_demo import gallery
from civitai_demo.gallery import model_files
from PIL import Image

_MODEL, _VERSION = 900001, 900101


@pytest.fixture
def loras(tmp_path, monkeypatch):
    """Return a folder of LoRAs that the settings name."""
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())
    monkeypatch.setattr(index, "_CHECK_INTERVAL", 0)
    folder = tmp_path / "models" / "Lora"
    folder.mkdir(parents=True)
    setting.change("model_folders", str(tmp_path / "models"))
    return folder


def _add_model(folder, name, sidecar=None, has_preview=False):
    (folder / f"{name}.safetensors").write_bytes(b"1")
    if sidecar is not None:
        (folder / f"{name}.civitai.info").write_text(json.dumps(sidecar))
    if has_preview:
        Image.new("RGB", (900, 1200), "teal").save(folder / f"{name}.preview.png")


def _only_model(api):
    [model] = api.get("home")["local_models"]["models"]
    return model


def _version():
    [first, *_] = gallery.find_demo_model(_MODEL).versions
    return first


def test_home_of_a_new_user_is_empty_without_a_request_to_civitai(api, on_demo):
    home = api.get("home")
    assert home["recent"] == home["collections"] == [] and home["watch_covers"] == {}
    assert home["local_models"] == {"models": [], "count": 0}
    assert home["favourites"] == home["library"] == {"count": 0, "covers": []}
    assert home["download_count"] == 0
    assert not on_demo.requests


def test_unreadable_library_is_reported_and_not_shown_as_a_new_one(
    api, on_demo, library, break_library
):
    api.get("home")
    library.finish()
    break_library()
    status, code, message = api.error("home")
    assert (status, code) == (507, "disk") and "cannot be used" in message


def test_opened_models_and_authors_have_their_newest_image(api, on_demo, fresh):
    api.get(f"models/{_MODEL}")
    images = api.get(f"images?model={_MODEL}&level=None")["images"]
    author = images[0]["user"]
    api.get(f"images?user={author}&level=None")
    fresh.finish()
    setting.change("gallery_level", "None")
    by_author, by_model = api.get("home")["recent"]
    assert (by_author["user"], by_author["model"], by_author["name"]) == (author, None, author)
    assert (by_model["model"], by_model["user"]) == (_MODEL, "")
    assert by_model["cover"] == max(image["id"] for image in images)


def test_images_above_the_rating_are_no_covers(api, on_demo, fresh):
    images = api.get(f"images?model={_MODEL}&level=XXX")["images"]
    fresh.finish()
    ids = [image["id"] for image in images]
    api.post("annotations", {"ids": ids, "favourite": True})
    setting.change("gallery_level", "None")
    home = api.get("home")
    levels = {image["id"]: image["level"] for image in images}
    assert home["favourites"]["count"] == home["library"]["count"] == len(ids)
    covers = home["favourites"]["covers"] + home["library"]["covers"]
    assert covers and {levels[cover] for cover in covers} == {"None"}


def test_model_file_has_the_ids_of_its_sidecar_and_the_image_beside_it(api, on_demo, loras):
    _add_model(loras, "paper", {"id": _VERSION, "modelId": _MODEL}, has_preview=True)
    model = _only_model(api)
    assert (model["file"], model["kind"], model["model"]) == ("paper", "lora", _MODEL)
    assert not model["can_resolve"] and model["cover"] is None
    answer = api.ask(f"api/local_models/{model['key']}/preview?v={model['preview']}")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert max(Image.open(io.BytesIO(answer.content)).size) == 512
    assert not on_demo.requests


def test_model_file_is_found_on_civitai_by_its_hash(api, on_demo, loras, monkeypatch):
    sha = model_files.make_hashes(
        model_files.list_demo_files(gallery.find_demo_model(_MODEL), _version())[0]
    )
    _add_model(loras, "renamed", {"files": [{"hashes": sha}]})
    model = _only_model(api)
    assert model["model"] is None and model["can_resolve"]
    found = api.get(f"local_models/{model['key']}")
    assert found["model"] == _MODEL and found["name"] == gallery.find_demo_model(_MODEL).name
    assert not found["can_resolve"] and found["cover"]
    assert api.ask(f"api/thumb/{found['cover']}?w=320").status_code == 200
    assert _only_model(api) == found


def test_unknown_model_file_is_requested_once(api, on_demo, loras):
    _add_model(loras, "own", {"files": [{"hashes": {"SHA256": "ab" * 32}}]})
    model = _only_model(api)
    found = api.get(f"local_models/{model['key']}")
    assert found["model"] is None and not found["can_resolve"]
    on_demo.requests.clear()
    assert not _only_model(api)["can_resolve"]
    assert not on_demo.requests


def test_model_file_without_a_hash_has_only_its_name(api, on_demo, loras):
    _add_model(loras, "own")
    model = _only_model(api)
    assert (model["file"], model["model"], model["can_resolve"]) == ("own", None, False)


def test_model_file_is_identified_by_the_hash_of_its_contents_read_once(
    api, on_demo, loras, monkeypatch
):
    weight = model_files.list_demo_files(gallery.find_demo_model(_MODEL), _version())[0]
    (loras / "renamed.safetensors").write_bytes(model_files.make_file_bytes(weight))
    key = _only_model(api)["key"]
    found = api.post(f"local_models/{key}/identify", {})
    assert (found["model"], found["name"]) == (_MODEL, gallery.find_demo_model(_MODEL).name)
    assert found["key"] == key and _only_model(api) == found
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())  # as after a restart
    assert _only_model(api) == found
    (loras / "renamed.safetensors").write_bytes(b"another file")
    os.utime(loras, (5, 5))  # a folder whose time is the same is not listed again at once
    assert _only_model(api)["model"] is None
    assert api.post(f"local_models/{key}/identify", {})["model"] is None


def test_model_file_that_civitai_does_not_know_is_hashed_once(api, on_demo, loras, monkeypatch):
    _add_model(loras, "own")
    key = _only_model(api)["key"]
    for _ in range(2):
        found = api.post(f"local_models/{key}/identify", {})
        assert found["model"] is None and not found["can_resolve"]
        monkeypatch.setattr(index, "compute_sha256", None)  # would fail if called again


def test_model_file_with_an_id_is_identified_without_its_contents(api, on_demo, loras, monkeypatch):
    monkeypatch.setattr(index, "compute_sha256", None)
    _add_model(loras, "own", {"id": _version().id})
    key = _only_model(api)["key"]
    assert api.post(f"local_models/{key}/identify", {})["model"] == _MODEL


def test_unknown_key_of_a_model_file_is_not_identified(api, on_demo, loras):
    assert api.send("POST", "local_models/1/identify", {}).status_code == 404


def test_model_files_are_returned_in_pages(api, on_demo, loras):
    for n in range(30):
        _add_model(loras, f"lora-{n:02}")
    first = api.get("home")["local_models"]
    rest = api.get("local_models?from=24")
    assert (first["count"], len(first["models"]), len(rest["models"])) == (30, 24, 6)
    assert len({model["key"] for model in first["models"] + rest["models"]}) == 30


def test_each_preview_of_a_large_collection_reads_one_file(api, on_demo, loras, monkeypatch):
    monkeypatch.setattr(index, "_CHECK_INTERVAL", 60)
    for n in range(30):
        _add_model(loras, f"lora-{n:02}", has_preview=n == 0)
    models = api.get("home")["local_models"]["models"] + api.get("local_models?from=24")["models"]
    [key] = [model["key"] for model in models if model["preview"]]
    sha256, hashed = hashlib.sha256, []
    monkeypatch.setattr(hashlib, "sha256", lambda *data: hashed.append(data) or sha256(*data))
    assert api.ask(f"api/local_models/{key}/preview").status_code == 200
    assert len(hashed) < 5


@pytest.mark.parametrize("path", ["local_models/5", "local_models/5/preview"])
def test_unknown_model_file_is_refused(api, loras, path):
    assert api.error(path)[:2] == (404, "not_there")


def test_all_models_of_the_demo_are_listed_without_words(api, on_demo):
    from civitai_manager_libs.web.routes import set_demo

    assert api.error("models?q=")[0] == 400
    set_demo(True)
    assert len(api.get("models?q=&level=XXX")["models"]) > 5
