"""A file that Civitai does not have is looked for at the archive in the settings, on a press."""

from __future__ import annotations

import json
import re

from api_server import ApiServer, status
from civitai_manager_libs import setting
from civitai_manager_libs.library import image_records
from civitai_manager_libs.model_files import get_model_index
from gallery_page import with_axe
from page_driver import expect, wait_for
from stored_images import make_image

_SHA = "0123456789abcdef" * 4


def _store_image():
    resources = [{"type": "lora", "name": "lost", "hash": _SHA}]
    image_records.store_images([make_image(1, meta={"prompt": "x", "resources": resources})])


def test_archive_is_offered_and_asked_only_by_a_whole_hash(api, civitai, folder):
    _store_image()
    assert api.get("model_files?image=1")["files"][0]["sha256"] == ""
    file = {"name": "lost.safetensors", "sha256": _SHA, "downloadUrl": "/f"}
    body = {"kind": "lora", "sha256": _SHA}
    with ApiServer(count=1) as archive:
        api.send("PUT", "settings", {"model_archive": archive.url})
        assert api.get("model_files?image=1")["files"][0]["sha256"] == _SHA
        assert archive.requests == []
        missing = api.send("POST", "archived_file", body)
        assert missing.status_code == 404 and "archive does not have" in missing.text
        archive.script("other", status(200, json.dumps({"files": [file]}).encode()))
        started = api.send("POST", "archived_file", body).json()
        assert started["job_id"] and "lost" in started["message"]
        wait_for(lambda: "/f" in archive.requests, "the request for the file")
        assert archive.requests[:2] == [f"/api/sha256/{_SHA}"] * 2
        assert {key for _, key in archive.keys} == {None}
    refused = api.send("PUT", "settings", {"model_archive": "ftp://a"})
    assert refused.status_code == 400 and "https://" in refused.text
    setting.change("model_archive", "")
    assert api.send("POST", "archived_file", body).status_code == 400


def test_archive_is_asked_by_the_hash_in_a_sidecar_whose_model_is_gone(api, civitai, folder):
    setting.change("model_archive", "https://archive.example")
    stated = {"type": "lora", "name": "lost", "hash": _SHA[:10]}
    by_id = {"type": "lora", "modelVersionId": 77, "weight": 1}
    auto_v3 = {"type": "lora", "name": "lost", "hash": "d" * 12}
    stating = [(1, "resources", stated), (2, "civitaiResources", by_id), (3, "resources", auto_v3)]
    for image_id, name, one in stating:
        meta = {"prompt": "x", name: [one]}
        image_records.store_images([make_image(image_id, meta=meta)])
    other = [{"hashes": {"SHA256": "f" * 64, "AutoV2": "f" * 10}}]
    hashes = {"SHA256": _SHA.upper(), "AutoV2": _SHA[:10], "AutoV3": "d" * 12, "BLAKE3": "e" * 64}
    files = [{"hashes": hashes}]
    for name, version in (("lost", {"id": 77, "files": files}), ("b", {"id": 8, "files": other})):
        (folder / f"{name}.civitai.info").write_text(json.dumps(version))
    get_model_index().forget()
    civitai.script("other", status(404, b"{}"))
    for image_id, *_ in stating:
        assert api.get(f"model_files?image={image_id}")["files"][0]["sha256"] == _SHA
    (folder / "lost.safetensors").write_bytes(b"x")
    get_model_index().forget()
    assert api.get("model_files?image=2")["files"][0]["sha256"] == ""


@with_axe
def test_page_asks_the_archive_for_the_file(start, demo, tmp_path, open_gallery):
    (tmp_path / "loras").mkdir()
    server = start(demo.url, model_folders=str(tmp_path))
    page = open_gallery(server, "?model=900003&level=XXX").ready()
    asked = []

    def answer(route):
        response = route.fetch()
        told = response.json()
        for file in told["files"]:
            file |= {"sha256": _SHA, "choices": [], "file": None, "refusal": "It is gone."}
        route.fulfill(response=response, json=told)

    def receive(route):
        asked.append(route.request.post_data_json)
        route.fulfill(json={"job_id": None, "message": "It comes."})

    page.page.route(re.compile(r"/model_files\?"), answer)
    page.page.route(re.compile("/archived_file"), receive)
    page.open()
    button = page.page.locator(".details [data-do='look-in-archive']:visible").first
    button.click()
    expect(page.message("It comes.")).to_be_visible()
    assert asked[0]["sha256"] == _SHA and asked[0]["kind"]
    assert page.axe_findings() == []
