"""Which model files images need, as the page is told, and how their download starts."""

from __future__ import annotations

import json

import pytest
from api_server import MODEL_ID, status
from civitai_manager_libs import setting
from civitai_manager_libs.library import bookmarks, image_records
from stored_images import make_image

_SHA = "0123456789" * 6 + "abcd"
_ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}
_OURS = {"X-Civitai-Shortcut": "1", "Accept-Language": "en"}
_MB = 1024 * 1024


def _file(file_id, name="style.safetensors", kilobytes=1024, **more):
    return {
        "id": file_id,
        "name": name,
        "type": "Model",
        "sizeKB": kilobytes,
        "metadata": {"format": "SafeTensor", "size": "pruned", "fp": "fp16"},
        "pickleScanResult": "Success",
        "virusScanResult": "Success",
        "hashes": {"SHA256": _SHA, "AutoV2": _SHA[:10]},
        **more,
    }


def _version(version_id, *files, kind="LORA", **more):
    return {
        "id": version_id,
        "name": "v1",
        "modelId": 7000 + version_id,
        "model": {"name": f"Model {version_id}", "type": kind},
        "files": list(files or [_file(version_id * 10)]),
        "images": [],
        **more,
    }


def _store_image(image_id, *version_ids):
    resources = [{"modelVersionId": each} for each in version_ids]
    meta = {"prompt": "x", "civitaiResources": resources}
    image_records.store_images([make_image(image_id, meta=meta)])


@pytest.fixture
def needs(api, civitai, folder):
    """Return a function that lists what an image needs that was made with a version."""

    def needs(version, image_id=1):
        civitai.versions[version["id"]] = version
        _store_image(image_id, version["id"])
        [entry] = api.get(f"model_files?image={image_id}")["files"]
        return entry

    return needs


def _start(api, *files, headers=_OURS, **more):
    body = {"files": [{"version_id": v, "file_id": f, **more} for v, f in files]}
    return api.ask("api/model_files", "POST", headers=headers, json=body)


def test_missing_file_is_listed_with_its_size_folder_and_free_space(api, civitai, folder):
    civitai.versions[5] = _version(5)
    _store_image(1, 5)
    told = api.get("model_files?image=1")
    [entry], [disk] = told["files"], told["disks"]
    assert (entry["name"], entry["availability_label"]) == ("Model 5 v1", "Missing")
    assert entry["folder"] == str(folder / "loras") and entry["disk"] == 0
    [choice] = entry["choices"]
    assert (choice["id"], choice["size"], choice["form"]) == (50, _MB, "SafeTensor fp16 pruned")
    assert entry["file"] == 50 and not entry["refusal"]
    assert 0 < disk["usable"] <= disk["free"] and told["locked"] == ""


def test_version_is_requested_once_and_the_list_of_many_images_has_each_file_once(
    api, civitai, folder
):
    for version_id in range(1, 41):
        civitai.versions[version_id] = _version(version_id)
    for image_id in range(1, 201):
        _store_image(image_id, image_id % 40 + 1, (image_id + 1) % 40 + 1)
    asked = {"ids": list(range(1, 201))}
    told = api.post("needed_files", asked)
    assert told["image_count"] == 200 and len(told["files"]) == 40
    assert {entry["image_count"] for entry in told["files"]} == {10}
    paths = [path for path in civitai.requests if "/model-versions/" in path]
    assert len(paths) == len(set(paths)) == 40 and civitai.most_at_once == 1
    api.post("needed_files", asked)
    assert len([path for path in civitai.requests if "/model-versions/" in path]) == 40


def test_collection_and_version_of_a_model_are_listed_too(api, civitai, folder):
    civitai.versions[5] = _version(5)
    _store_image(1, 5)
    bookmarks.add_to_collection([image_records.find_image(1)], "Nice")
    assert api.get("model_files?collection=nice")["files"][0]["version_id"] == 5
    versions = [_version(9, _file(90)), _version(8, _file(80))]
    model = {"id": MODEL_ID, "name": "m", "type": "Checkpoint", "modelVersions": versions}
    civitai.script("model", status(200, json.dumps(model).encode()))
    [newest] = api.get(f"model_files?model={MODEL_ID}")["files"]
    [other] = api.get(f"model_files?model={MODEL_ID}&version=8")["files"]
    assert (newest["file"], other["file"]) == (90, 80)
    assert newest["folder"] == str(folder / "checkpoints")
    assert api.error(f"model_files?model={MODEL_ID}&version=7")[:2] == (404, "gone")


def test_unavailable_file_is_explained_with_what_to_do(needs):
    early = needs(_version(5, earlyAccessEndsAt="2099-12-03T08:00:00.000Z"))
    assert "Early access until 2099-12-03" in early["refusal"]
    assert early["refusal_short"] == "early access until 2099-12-03"
    gone = needs(_version(6, usageControl="Generation"), 2)
    assert "only for generating on the site" in gone["refusal"]


def test_what_is_to_know_of_a_file_is_told_with_it(needs):
    [told] = needs(_version(5, _file(50, hashes={})))["remarks"]
    assert told == "Not verified: Civitai has no hash of this file yet."


def test_file_that_civitai_does_not_have_is_listed_with_the_reason(api, civitai, folder):
    _store_image(1, 5)
    [entry] = api.get("model_files?image=1")["files"]
    assert entry["file"] is None and entry["refusal"]
    image_records.store_images([make_image(2, meta={"prompt": "x <lora:mine:1>"})])
    [entry] = api.get("model_files?image=2")["files"]
    assert "no model with this name" in entry["refusal"] and entry["name"] == "mine"


def test_kind_without_a_folder_is_reported(needs, folder):
    (folder / "loras").rmdir()
    entry = needs(_version(5))
    assert "More folders of models" in entry["refusal"] and entry["folder"] == ""


def test_only_files_that_the_server_has_read_are_downloaded(api, needs):
    needs(_version(5))
    for files in ((6, 60), (5, 51), (5, 0)):
        answer = _start(api, files)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_known")
    assert _start(api).status_code == 400
    assert api.get("jobs")["jobs"] == []


def test_file_that_may_run_code_needs_its_own_permission(api, needs):
    pickle = _file(51, "style.ckpt", metadata={"format": "PickleTensor"})
    entry = needs(_version(5, _file(50), pickle))
    assert [choice["may_run_code"] for choice in entry["choices"]] == [False, True]
    refused = _start(api, (5, 51))
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "unsafe")
    assert "style.ckpt" in refused.json()["error"]["message"]
    assert _start(api, (5, 51), allow_pickle=True).status_code == 200


def test_file_with_a_bad_scan_is_refused_whatever_the_user_says(api, needs):
    bad = _file(51, "style.ckpt", pickleScanResult="Danger")
    entry = needs(_version(5, _file(50), bad))
    assert entry["choices"][1]["refusal"]
    assert _start(api, (5, 51), allow_pickle=True).status_code == 409


def test_user_who_may_not_write_is_shown_no_full_path(api, civitai, folder):
    setting.change("model_folder_template", "{base_model}")
    civitai.versions[5] = _version(5, baseModel="SDXL")
    _store_image(1, 5)
    for headers, place in ((_ELSEWHERE, "loras/SDXL"), ({}, str(folder / "loras" / "SDXL"))):
        told = api.get("model_files?image=1", **headers)
        assert [told["files"][0]["folder"], told["disks"][0]["folder"]] == [place, place]
        assert headers == {} or str(folder.parent) not in json.dumps(told)


def test_download_from_another_machine_is_refused(api, civitai, needs):
    needs(_version(5))
    locked = api.get("model_files?image=1", **_ELSEWHERE)["locked"]
    answer = _start(api, (5, 50), headers={**_OURS, **_ELSEWHERE})
    assert locked and answer.status_code == 403
    assert answer.json()["error"]["code"] == "only_here"
    api.app.auth, api.app.tokens = {"me": "secret"}, {"a-token": "me"}
    let_in = api.ask(
        "api/model_files",
        "POST",
        headers={**_OURS, **_ELSEWHERE},
        cookies={"access-token": "a-token"},
        json={"files": [{"version_id": 5, "file_id": 50}]},
    )
    assert let_in.status_code == 200


def test_repeated_request_starts_one_job(api, needs):
    needs(_version(5))
    body = {"files": [{"version_id": 5, "file_id": 50}], "request": "a-request"}
    first, second = (api.post("model_files", body) for _ in range(2))
    assert first == second and first["job_id"]
    assert first["message"] == "Downloading Model 5 v1"


def test_job_of_a_collections_models_names_the_collection(api, needs):
    needs(_version(5))
    body = {"files": [{"version_id": 5, "file_id": 50}], "collection": "Best of"}
    api.post("model_files", body)
    [job] = api.get("jobs")["jobs"]
    assert (job["group"], job["subject"]) == ("Collection “Best of”", "1 model file")
