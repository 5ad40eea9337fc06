"""The files beside a model file: those of other programs read, ours written."""

import json
import os
import types

import pytest
from cases import any_json, SCALARS
from civitai_manager_libs import setting
from civitai_manager_libs.core import Cancellation
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.library import models
from civitai_manager_libs.model_files import ModelFile, ModelFileRequest
from civitai_manager_libs.model_files.sidecars import read_sidecar, write_companions
from fault_responses import page, png, status, whole
from fault_server import FaultServer
from hypothesis import given, strategies as st

_SHA = "AB" * 32
_VERSION = {"id": 7, "modelId": 3, "name": "v2", "files": [{"hashes": {"AutoV3": "AB" * 6}}]}
_FILES = [{"name": "x.safetensors", "hashes": {"SHA256": _SHA}}]
_WITH_VAE = [*_FILES, {"name": "v.pt", "type": "VAE", "hashes": {"AutoV3": "CD" * 6}}]
_VERSIONS = [{"id": 8, "name": "v3", "files": [{"name": "x3.safetensors"}]}]
_PAGE = {"id": 3, "modelVersions": [*_VERSIONS, {"id": 7, "name": "v2", "files": _FILES}]}
_CM_INFO = {"VersionId": 7, "ModelId": 3, "VersionName": "v2", "Hashes": {"SHA256": _SHA}}
_OTHER_JSON = [{"id": 3}, {"id": 3, "modelVersions": {}}, {"sd version": "SD1"}]


def _sidecar(*hashes):
    return ModelFile(version_id=7, model_id=3, version_name="v2", hashes=frozenset(hashes))


@pytest.mark.parametrize(
    "name,data,sidecar",
    [
        ("x.civitai.info", _VERSION, _sidecar("ab" * 6)),
        *[
            (f"{name}.civitai.info", {**_VERSION, "files": _WITH_VAE}, _sidecar(*hashes))
            for name, hashes in (("renamed", {"ab" * 32}), ("v", {"cd" * 6}))
        ],
        (
            *("x.metadata.json", {"sha256": _SHA, "civitai": _VERSION}),
            _sidecar("ab" * 6, "ab" * 32),
        ),
        ("x.cm-info.json", _CM_INFO, _sidecar("ab" * 32)),
        ("x.json", _PAGE, _sidecar("ab" * 32)),
        ("renamed.json", _PAGE, ModelFile(model_id=3)),
        *[("x.json", data, ModelFile()) for data in _OTHER_JSON],
    ],
)
def test_sidecar_of_each_program_gives_the_version_and_its_hashes(tmp_path, name, data, sidecar):
    (tmp_path / name).write_text(json.dumps(data), encoding="utf-8-sig")
    assert read_sidecar(str(tmp_path / name)) == sidecar


_NAMES = "id modelId name files hashes modelVersions civitai sha256 VersionId Hashes".split()
_JSON = any_json(st.sampled_from(_NAMES), 20, SCALARS | st.text(max_size=70))


@given(_JSON, st.sampled_from([".civitai.info", ".metadata.json", ".cm-info.json", ".json"]))
def test_sidecar_with_any_json_can_be_read(tmp_path, data, end):
    path = tmp_path / f"x{end}"
    path.write_text(json.dumps(data))
    assert isinstance(read_sidecar(str(path)), ModelFile)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"id": 1e999}'])
def test_damaged_sidecar_is_ignored(tmp_path, data):
    path = tmp_path / "x.civitai.info"
    path.write_bytes(data)
    assert read_sidecar(str(path)) == ModelFile() == read_sidecar(str(tmp_path / "no.civitai.info"))


_UUIDS = [f"aaaaaaaa-1111-4222-8333-00000000000{i}" for i in range(4)]
_WRITTEN = {
    "id": 7,
    "name": "v2",
    "baseModel": "Illustrious",
    "description": "<p>Trained on <b>paper</b>.</p>",
    "trainedWords": ["paper cut", "origami"],
    "model": {"name": "Paper", "type": "LORA"},
    "files": [
        {"id": 9, "name": "paper.safetensors", "type": "Model"},
        {"id": 10, "name": "vae.safetensors", "type": "VAE"},
    ],
}


@pytest.fixture
def server(monkeypatch):
    with FaultServer() as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url("/").rstrip("/"))
        yield server


def _image(server, number, level=1, kind="image"):
    end = "mp4" if kind == "video" else "jpeg"
    url = server.url(f"/account/{_UUIDS[number]}/original=true/{number}.{end}")
    return {"url": url, "nsfwLevel": level, "type": kind, "width": 832, "height": 1216}


def _plays(server, number, answer, size="width=450", end="jpeg"):
    path = f"/account/{_UUIDS[number]}/{size}/{number}.{end}"
    server.play(path, [answer])
    return path


def _write(folder, images=(), file_id=9, kind="lora", name="paper.safetensors", **changes):
    record = {**_WRITTEN, "images": list(images), **changes}
    path = str(folder / name)
    request = ModelFileRequest(file_id, 7, 5, "", path, name, kind, record=record)
    return write_companions(CivitaiHttpClient(max_retries=0), request)


def test_all_three_companions_are_written(server, tmp_path):
    _plays(server, 1, whole(png(), "image/jpeg"))
    assert _write(tmp_path, [_image(server, 1)]) == []
    assert sorted(os.listdir(tmp_path)) == ["paper.civitai.info", "paper.json", "paper.preview.png"]
    info = json.loads((tmp_path / "paper.civitai.info").read_text("utf-8"))
    assert (info["id"], info["modelId"], info["trainedWords"]) == (7, 5, ["paper cut", "origami"])
    card = json.loads((tmp_path / "paper.json").read_text("utf-8"))
    assert card["description"] == "Trained on paper." and card["sd version"] == "SDXL"
    assert card["activation text"] == "paper cut, origami" and card["preferred weight"] == 0
    assert (tmp_path / "paper.preview.png").read_bytes() == png()


def test_record_taken_from_a_model_is_completed(server, tmp_path, library):
    model = {"id": 5, "name": "Paper", "type": "VAE", "modelVersions": [{"id": 7}], "tags": ["x"]}
    client = types.SimpleNamespace(fetch_json=lambda *_, **__: model)
    models.load_model(client, 5)
    version = {"id": 7, "name": "v2", "files": [{"id": 9, "name": "p.pt", "type": "VAE"}]}
    path = str(tmp_path / "p.safetensors")
    request = ModelFileRequest(9, 7, 5, "", path, kind="vae", record=version)
    assert write_companions(CivitaiHttpClient(), request) == []
    info = json.loads((tmp_path / "p.civitai.info").read_text("utf-8"))
    assert (info["modelId"], info["model"]) == (5, {"name": "Paper", "type": "VAE"})
    card = json.loads((tmp_path / "p.json").read_text("utf-8"))
    assert card["description"] == "Paper v2"
    assert card["notes"].endswith("/models/5?modelVersionId=7")


@pytest.mark.parametrize(
    "name, end", [("civitai_info", ".civitai.info"), ("card", ".json"), ("preview", ".preview.png")]
)
def test_setting_turns_a_companion_off(server, tmp_path, name, end):
    setting.change(f"model_{name}", False)
    _plays(server, 1, whole(png(), "image/png"))
    _write(tmp_path, [_image(server, 1)])
    assert len(os.listdir(tmp_path)) == 2 and not os.path.exists(tmp_path / f"paper{end}")
    assert len(server.requests) == (name != "preview")


def test_existing_companions_are_not_changed(server, tmp_path):
    for name in ("paper.civitai.info", "paper.json"):
        (tmp_path / name).write_text("mine")
    _write(tmp_path)
    assert [(tmp_path / n).read_text() for n in ("paper.civitai.info", "paper.json")] == [
        "mine"
    ] * 2


@pytest.mark.parametrize("name", ["paper.preview.webp", "paper.png", "paper.gif"])
def test_existing_preview_of_any_usual_name_is_enough(server, tmp_path, name):
    (tmp_path / name).write_bytes(b"mine")
    _write(tmp_path, [_image(server, 1)])
    assert server.requests == []


def test_preview_is_the_first_image_within_the_rating_that_the_user_sees(server, tmp_path):
    images = [_image(server, 1, 16), _image(server, 2, 1, "video"), _image(server, 3, 1)]
    path = _plays(server, 3, whole(png(), "image/png"))
    _write(tmp_path, [{"url": images[2]["url"]}, *images])
    assert [request.path for request in server.requests] == [path]
    os.remove(tmp_path / "paper.preview.png")
    still = "anim=false,transcode=true,width=450,original=false"
    _plays(server, 2, whole(png(), "image/png"), still, "mp4")
    _write(tmp_path, images[1:2])  # where there are videos only
    assert (tmp_path / "paper.preview.png").is_file()


def test_nothing_is_requested_if_no_image_is_within_the_rating(server, tmp_path):
    assert _write(tmp_path, [_image(server, 1, 4)]) == [] and server.requests == []
    setting.change("gallery_level", "Mature")
    _plays(server, 1, whole(png(), "image/png"))
    assert _write(tmp_path, [_image(server, 1, 4)]) == [] and len(server.requests) == 1


@pytest.mark.parametrize("answer", [status(404), page(200)], ids=["gone", "login-page"])
def test_failed_companion_is_reported_and_the_others_are_written(server, tmp_path, answer):
    _plays(server, 1, answer)
    assert len(_write(tmp_path, [_image(server, 1)])) == 1
    assert sorted(os.listdir(tmp_path)) == ["paper.civitai.info", "paper.json"]
    (error,) = _write(tmp_path / "a\0b")[:1]
    assert error.reason == "disk"
    for record in ({}, {"id": "x"}, {"id": 7, "images": 5, "trainedWords": {"a": 1}}):  # damaged
        request = ModelFileRequest(
            9, 7, 5, "", str(tmp_path / "a.gguf"), kind="lora", record=record
        )
        assert write_companions(CivitaiHttpClient(), request) == []


@pytest.mark.parametrize(
    "base_model, name", [("SD 1.5", "SD1"), ("Pony", "SDXL"), ("Flux.1 D", "Unknown")]
)
def test_card_names_the_base_model_as_the_hosts_do(server, tmp_path, base_model, name):
    _write(tmp_path, baseModel=base_model)
    assert json.loads((tmp_path / "paper.json").read_text("utf-8"))["sd version"] == name


def test_part_of_another_model_gets_no_companions(server, tmp_path):
    """A VAE with its checkpoint's record beside it would count as the checkpoint."""
    _write(tmp_path, file_id=10, kind="vae", name="vae.safetensors")
    _write(tmp_path, name="paper.yaml")
    assert os.listdir(tmp_path) == []
    _write(tmp_path, file_id=10, kind="vae", model={"name": "V", "type": "VAE"})
    assert "paper.civitai.info" in os.listdir(tmp_path)


def test_cancellation_leaves_out_the_rest_and_raises_nothing(tmp_path, library):
    cancelled = Cancellation()
    cancelled.set()
    with cancelled.as_current():
        request = ModelFileRequest(9, 7, 5, "", str(tmp_path / "p.gguf"), record=_WRITTEN)
        assert write_companions(CivitaiHttpClient(), request) == []
