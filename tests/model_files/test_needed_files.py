"""The list of model files that images need: each once, without requests for known versions."""

import json
import os
import time
from urllib.parse import urlsplit

import pytest
from api_server import ApiServer, reset, status
from civitai_manager_libs import setting
from civitai_manager_libs.core import Cancellation, Image
from civitai_manager_libs.errors import Cancelled
from civitai_manager_libs.library import models
from civitai_manager_libs.library.database import writing
from civitai_manager_libs.model_files import find_needed_file, index, list_needed_files
from civitai_manager_libs.model_files import plan_requests

_SHA = "0123456789abcdef" * 4


def _file(file_id, name, sha="", **more):
    hashes = {"SHA256": sha, "AutoV2": sha[:10]} if sha else {}
    scans = {"pickleScanResult": "Success", "virusScanResult": "Success"}
    row = {"id": file_id, "name": name, "type": "Model", "sizeKB": 1, "hashes": hashes}
    return {**row, **scans, **more}


def _version(version_id, *files, model_type="LORA", **more):
    about = {"name": f"Model {version_id}", "type": model_type}
    files = files or (_file(10 * version_id, f"file{version_id}.safetensors"),)
    return {
        **{"id": version_id, "modelId": 1000 + version_id, "name": "v1", "model": about},
        **{"files": list(files), "usageControl": "Download", **more},
    }


class _Civitai(ApiServer):
    """A Civitai server that has only the versions added by `add`."""

    def __init__(self):
        super().__init__(count=1)
        self.versions = {}
        self.always("other", self._answer)

    def add(self, *rows):
        self.versions |= {row["id"]: row for row in rows}

    def _answer(self, request, _):
        name = urlsplit(request.path).path.rpartition("/")[2]
        found = self.versions.get(int(name)) if "by-hash" not in request.path else None
        for row in self.versions.values() if "by-hash" in request.path else ():
            if any(name in file["hashes"].values() for file in row["files"]):
                found = row
        body = found or {"error": "Model not found"}
        request.reply(200 if found else 404, json.dumps(body).encode(), {})

    @property
    def asked(self):
        return [path.rpartition("/")[2] for path in self.requests if "model-versions" in path]


@pytest.fixture
def civitai(monkeypatch, library):
    setting.change("http_max_retries", 0)
    with _Civitai() as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())
    setting.change("model_folders", str(tmp_path))
    for name in ("checkpoints", "loras", "upscale_models"):
        (tmp_path / name).mkdir()
    return tmp_path


def _image(image_id, *version_ids, **meta):
    return Image(image_id, "", version_ids=version_ids, meta=meta or None)


def _told(needed):
    return [(file.title, file.availability, file.image_count) for file in needed]


def test_each_file_is_listed_once_with_its_number_of_images(civitai, client, folder):
    civitai.add(_version(1), _version(2), _version(3))
    (folder / "loras" / "file3.safetensors").write_bytes(b"12345")
    images = [_image(1, 1, 2), _image(2, 2, 3), _image(3, 2)]
    needed = list_needed_files(client, images)
    assert _told(needed) == [
        ("Model 2 v1", "missing", 3),
        ("Model 1 v1", "missing", 1),
        ("Model 3 v1", "here", 1),
    ]
    found = [file.path for file in needed]
    assert found == [*(str(folder / "loras" / f"file{n}.safetensors") for n in (2, 1)), ""]
    assert [file.size for file in needed] == [1024, 1024, 5]
    assert [file.is_fetchable for file in needed] == [True, True, False]


def test_version_is_requested_only_once(civitai, client, folder, library):
    civitai.add(_version(1))
    images = [_image(1, 1, 2), _image(2, 1, 2)]
    first = list_needed_files(client, images)
    assert sorted(civitai.asked) == ["1", "2"]
    assert list_needed_files(client, images) == first
    library.forget()
    assert list_needed_files(client, images)[1].choice.file.id == 10
    assert len(civitai.asked) == 2


def test_version_that_is_here_by_its_id_is_not_requested(civitai, client, folder):
    (folder / "loras" / "x.safetensors").write_bytes(b"1")
    (folder / "loras" / "x.civitai.info").write_text('{"id": 7, "modelId": 3}')
    assert _told(list_needed_files(client, [_image(1, 7)])) == [("#7", "here", 1)]
    assert civitai.asked == []


def _open_model(civitai, client, version):
    """Let the library read a model whose record says nothing of who may download its version."""
    told = {key: value for key, value in version.items() if key != "usageControl"}
    row = {"id": 50, "name": "Opened", "type": "LORA", "modelVersions": [told]}
    civitai.script("other", status(200, json.dumps(row).encode()))
    return models.load_model(client, 50)


@pytest.mark.parametrize("is_late", [False, True], ids=["written", "written-late"])
def test_version_of_an_opened_model_is_requested_once_before_a_download_is_promised(
    civitai, client, folder, monkeypatch, is_late
):
    version, late = _version(5, usageControl="InternalGeneration"), []
    if is_late:
        monkeypatch.setattr(models, "write_later", lambda write, size=0: late.append(write))
    _open_model(civitai, client, version)
    civitai.add(version)
    for _ in range(2):
        [one] = list_needed_files(client, [_image(1, 5)])
        assert (one.choice.refusal, one.is_fetchable) == ("not_offered", False)
        with writing() as db:
            for write in late[:1]:
                write(db)
    assert civitai.asked == ["5"]


@pytest.mark.parametrize("control, refusal", [("Download", ""), ("Generation", "not_offered")])
def test_version_of_a_model_is_requested_before_its_file_is_promised(
    civitai, client, folder, control, refusal
):
    version = _version(5, usageControl=control)
    [named] = _open_model(civitai, client, version).versions
    civitai.always("other", reset)
    assert find_needed_file(client, named).is_fetchable  # as it is known without a network
    civitai.always("other", civitai._answer)
    civitai.add(version)
    del civitai.requests[:]
    for _ in range(2):
        assert find_needed_file(client, named).choice.refusal == refusal
    assert civitai.asked == ["5"]
    civitai.always("other", reset)
    assert find_needed_file(client, named).choice.refusal == refusal


def test_model_with_only_a_hash_is_looked_up_once(civitai, client, folder, library):
    civitai.add(_version(1, _file(11, "a.safetensors", hashes={"AutoV3": "ABCDEF012345"})))
    meta = {"prompt": "x", "hashes": {"lora:a": "abcdef012345", "lora:b": "0123456789"}}
    for _ in range(2):
        needed = list_needed_files(client, [_image(1, **meta)])
        assert _told(needed) == [("Model 1 v1", "missing", 1), ("b", "missing", 1)]
        assert [one.is_unknown for one in needed] == [False, True]
        library.forget()
    assert sorted(civitai.asked) == ["0123456789", "ABCDEF012345"]


def test_name_and_detected_version_are_the_same_model(civitai, client, folder):
    civitai.add(_version(1, _file(11, "paper.safetensors", _SHA)))
    image = _image(1, 1, prompt="x <lora:paper:0.5>", hashes={"lora:paper": _SHA[:10]})
    assert _told(list_needed_files(client, [image])) == [("Model 1 v1", "missing", 1)]


def test_unknown_model_is_listed_once_by_its_name(civitai, client, folder):
    named = {"prompt": "x", "Model": "plainMix"}
    images = [_image(1, **named), _image(2, **named, **{"Model hash": "0123456789"})]
    [one] = list_needed_files(client, images)
    assert one.is_unknown and (one.image_count, one.resource.hash) == (2, "0123456789")


def test_images_that_state_other_files_of_a_version_need_other_files(civitai, client, folder):
    full, pruned = "a" * 64, "b" * 64
    files = [_file(11, "full.safetensors", full), _file(12, "small.safetensors", pruned)]
    civitai.add(_version(1, *files, model_type="Checkpoint"))
    stated = {"Model hash": full[:10], "prompt": "x"}
    images = [_image(1, 1, **stated), _image(2, 1, **stated), _image(3, 1)]
    [one] = list_needed_files(client, images)
    assert (one.key, one.image_count, one.choice.by) == (11, 3, "hash")
    images.append(_image(4, 1, **{"Model hash": pruned[:10], "prompt": "x"}))
    found = [(file.key, file.image_count) for file in list_needed_files(client, images)]
    assert found == [(11, 3), (12, 1)]


def test_unavailable_model_is_listed_with_its_reason(civitai, client, folder):
    civitai.add(_version(1, usageControl="Generation"), _version(2, model_type="Wildcards"))
    needed = list_needed_files(client, [_image(1, 1, 2, 3)])
    told = {file.title: (file.choice.refusal, str(file.error or "")[:26]) for file in needed}
    assert told == {
        "Model 1 v1": ("not_offered", ""),
        "Model 2 v1": ("", "There is no known folder f"),
        "#3": ("gone", ""),
    }
    assert not any(file.is_fetchable for file in needed)


def test_nothing_is_requested_after_a_network_failure(civitai, client, folder):
    civitai.always("other", reset)
    needed = list_needed_files(client, [_image(1, 1, 2, 3)])
    assert {file.choice.refusal for file in needed} == {"network"}
    assert civitai.asked == ["1"]


def test_list_can_be_cancelled_between_two_requests(civitai, client, folder):
    civitai.add(_version(1))
    cancelled = Cancellation()

    def answer(request, body):
        cancelled.set()
        civitai._answer(request, body)

    civitai.always("version", answer)
    with pytest.raises(Cancelled), cancelled.as_current():
        list_needed_files(client, [_image(1, 1, 2)])
    assert civitai.asked == ["1"]


def test_upscaler_is_found_by_its_version_and_a_vae_that_is_no_file_is_not_needed(
    civitai, client, folder
):
    civitai.add(_version(1, model_type="Upscaler"))
    used = [{"type": "upscaler", "modelVersionId": 1}]
    image = _image(1, civitaiResources=used, VAE="Automatic", upscalers=["Latent"])
    needed = list_needed_files(client, [image])
    assert _told(needed) == [("Model 1 v1", "missing", 1)]
    (folder / "upscale_models" / "file1.safetensors").write_bytes(b"1")
    index._model_index = index.ModelIndex()
    assert _told(list_needed_files(client, [image])) == [("Model 1 v1", "here", 1)]


def _make_older(monkeypatch):
    now = time.time
    monkeypatch.setattr(models.time, "time", lambda: now() + 100_000)


def test_refused_version_is_requested_again_after_a_day(
    civitai, client, folder, library, monkeypatch
):
    civitai.add(_version(1, usageControl="Generation"), _version(2))
    for _ in range(2):
        needed = list_needed_files(client, [_image(1, 1, 2)])
        assert sum(file.is_fetchable for file in needed) == 1
        library.forget()
    assert sorted(civitai.asked) == ["1", "2"]
    _make_older(monkeypatch)
    civitai.add(_version(1))
    needed = list_needed_files(client, [_image(1, 1, 2)])
    assert sum(file.is_fetchable for file in needed) == 2
    assert sorted(civitai.asked) == ["1", "1", "2"]


@pytest.mark.parametrize("opened", [False, True], ids=["by-itself", "with-its-model"])
def test_replaced_file_is_fetched_in_its_present_form(
    civitai, client, folder, library, monkeypatch, opened
):
    civitai.add(_version(1, _file(11, "a.safetensors", "a" * 64)))
    if opened:
        row = {"id": 1001, "name": "M", "type": "LORA", "modelVersions": [civitai.versions[1]]}
        civitai.script("other", status(200, json.dumps(row).encode()))
        models.load_model(client, 1001)
    version = models.load_version(client, 1)
    known = [(version.remote_files[0], version)]
    library.forget()
    civitai.add(_version(1, _file(11, "a.safetensors", "b" * 64)))
    if not opened:  # a version that is stored with its model is requested in any case
        assert plan_requests(client, known)[0].sha256 == "a" * 64
    _make_older(monkeypatch)
    assert plan_requests(client, known)[0].sha256 == "b" * 64
    library.forget()
    assert models.find_versions([1])[1].remote_files[0].sha256 == "b" * 64
    civitai.always("other", reset)
    assert plan_requests(client, known)[0].sha256 == "b" * 64


@pytest.mark.parametrize("template,asked", [("{base_model}", 0), ("{author}", 1)])
def test_author_is_requested_only_if_the_template_has_it(civitai, client, folder, template, asked):
    civitai.add(_version(1, baseModel="SDXL"))
    version = models.load_version(client, 1)
    row = {"id": 1001, "name": "M", "type": "LORA", "creator": {"username": "SDXL"}}
    civitai.script("other", status(200, json.dumps(row).encode()))
    setting.change("model_folder_template", template)
    [request] = plan_requests(client, [(version.remote_files[0], version)])
    assert request.path == str(folder / "loras" / "SDXL" / "file1.safetensors")
    assert sum("/models/" in path for path in civitai.requests) == asked


def test_files_fetched_together_get_different_paths(civitai, client, folder):
    civitai.add(*(_version(n, _file(10 * n, "same.safetensors")) for n in (1, 2)))
    needed = list_needed_files(client, [_image(1, 1, 2)])
    names = sorted(os.path.basename(file.path) for file in needed)
    assert names == ["same.safetensors", "same_2.safetensors"]
    versions = [models.load_version(client, n) for n in (1, 2)]
    files = [(version.remote_files[0], version) for version in versions]
    requests = plan_requests(client, files, folder=str(folder))
    assert [os.path.relpath(request.path, folder) for request in requests] == names
    assert requests[0].kind == "lora" and requests[0].url.startswith(civitai.url)
