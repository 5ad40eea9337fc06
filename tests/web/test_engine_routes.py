"""The routes that find engines and make images."""

from __future__ import annotations

import json
import time

import pytest
from civitai_manager_libs import engines, setting
from civitai_manager_libs.core import Image
from civitai_manager_libs.engines import comfyui
from civitai_manager_libs.jobs import MakeService
from civitai_manager_libs.library import image_records
from civitai_manager_libs.web.routes import dependencies
from engine_stand_ins import ComfyStandIn

META = {"prompt": "a cat", "steps": 4, "sampler": "Euler", "Schedule type": "Karras", "seed": 5}
META |= {"cfgScale": 7, "Size": "64x64", "Model": "dream_8"}
_OURS = {"X-Civitai-Shortcut": "1"}


@pytest.fixture
def comfy(monkeypatch, tmp_path, library):
    monkeypatch.setattr(comfyui, "_POLL", 0.01)
    monkeypatch.setattr(engines.find, "_USUAL", ())
    monkeypatch.setattr(dependencies, "_make_service", MakeService())
    setting.change("made_images_folder", str(tmp_path / "made"))
    images = [Image(n, f"https://image.civitai.com/x/{n}.jpeg", meta=META) for n in (77, 78)]
    lacking = {**META, "prompt": "a <lora:gone:1>"}
    image_records.store_images([*images, Image(79, images[0].url, meta=lacking)])
    with ComfyStandIn() as server:
        setting.change("engine_addresses", server.url)
        yield server


def find(api):
    answer = api.send("POST", "engines/find", {})
    assert answer.status_code == 200
    return answer.json()


def wait_for(api, *states):
    end = time.monotonic() + 20
    while (found := [one["state"] for one in api.get("made")]) != [*states]:
        assert time.monotonic() < end, found
        time.sleep(0.02)


def test_folders_of_comfyui_are_offered_until_they_are_searched(api, comfy, monkeypatch, tmp_path):
    models, other = tmp_path / "Comfy" / "models", tmp_path / "weights"
    folders = [models / "checkpoints", models / "loras", other]
    for folder in folders:
        folder.mkdir(parents=True)
    checkpoints, *loras = map(str, folders)
    comfy.folders = {"checkpoints": [checkpoints, str(tmp_path / "gone")], "loras": loras}
    for searched, offered in (
        ("", f"{models};{other}"),
        (checkpoints, f"{models};{other}"),
        (str(other), str(models)),
        (f"{models.parent};{other}", ""),
    ):
        setting.change("model_folders", searched)
        assert find(api)[0]["model_folders"] == offered
    setting.change("model_folders", "")
    lock = "civitai_manager_libs.web.http.guard.host.is_frozen"
    monkeypatch.setattr(lock, lambda name: name == "model_folders")
    assert find(api)[0]["model_folders"] == ""
    comfy.folders = {"checkpoints": 5, "loras": [None, "a;b"]}
    assert find(api)[0]["model_folders"] == ""


def test_image_is_planned_then_made_and_listed(api, comfy):
    (engine,) = find(api)
    assert engine["name"] == "ComfyUI 0.33.0" and engine["address"] == comfy.url
    plan = api.send("POST", "images/77/plan", {"engine": engine["id"], "seed": "9"}).json()
    assert plan["seed"] == "9" and not plan["should_match"] and len(plan["cautions"]) == 2
    body = {"engine": engine["id"], "ids": [77, 78, 79], "request": "a" * 12}
    started = [api.send("POST", "made", body).json() for _ in range(2)]
    assert started[0] == started[1] and len(started[0]["jobs"]) == 2
    assert started[0]["refused"] == ["ComfyUI 0.33.0 lacks: LoRA gone."]
    wait_for(api, "done", "done")
    assert {one["name"] for one in api.get("made")} == {"77-5.png", "78-5.png"}
    (kept,) = api.get("images/77/reproductions")
    assert kept["file"] == "here" and "ComfyUI 0.33.0" in kept["infotext"]


def test_missing_file_is_named_in_the_users_language(api, comfy):
    body = {"engine": find(api)[0]["id"]}
    plan = api.send("POST", "images/79/plan", body, language="zh-TW").json()
    assert plan["missing"] == [{"type": "lora", "name": "gone", "text": "LoRA gone"}]


def test_own_workflow_is_stored_in_comfyui_else_one_of_the_infotext(api, comfy):
    body = {"engine": find(api)[0]["id"]}
    own = {"comfy": {"workflow": {"nodes": [{"id": 1, "type": "Odd"}]}, "prompt": {}}}
    image_records.store_images([Image(80, "https://image.civitai.com/x/80.jpeg", meta=own)])
    for number in (77, 80):
        stored = api.send("POST", f"images/{number}/workflow", body).json()
        assert stored["name"] == f"gallery/{number}"
        path = f"/userdata/workflows/gallery/{number}.json"
        assert comfy.workflows[path] == json.loads(stored["text"])
    assert comfy.workflows[path] == own["comfy"]["workflow"]


def test_unknown_image_is_refused_alone(api, comfy):
    body = {"engine": find(api)[0]["id"], "ids": [5555, 77]}
    started = api.send("POST", "made", body).json()
    assert len(started["refused"]) == len(started["jobs"]) == 1
    wait_for(api, "done")


@pytest.mark.parametrize("path", ["made", "images/77/plan", "engines/find"])
def test_null_is_a_body_without_fields(api, comfy, path):
    answer = api.ask(f"api/{path}", "POST", data=b"null", headers=_OURS)
    assert answer.status_code < 500


def test_making_is_stopped_by_the_owner_and_not_by_a_visitor_through_a_tunnel(api, comfy):
    comfy.seconds = 60.0
    body = {"engine": find(api)[0]["id"], "ids": [77]}
    (job,) = api.send("POST", "made", body).json()["jobs"]
    wait_for(api, "running")
    visitor = {**_OURS, "X-Forwarded-For": "10.0.0.9"}
    for path in ("made", "images/77/plan", "images/77/workflow", f"made/{job}/stop"):
        answer = api.ask(f"api/{path}", "POST", json=body, headers=visitor)
        assert answer.json()["error"]["code"] == "only_here"
    assert api.ask("api/engines/find", "POST", json={}, headers=visitor).json() == []
    assert api.get("made", **visitor) == []
    assert len(comfy.list_asked("/system_stats")) == 2 and comfy.stopped == []
    assert api.send("POST", f"made/{job}/stop").status_code == 200
    wait_for(api, "stopped")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("made", {"engine": "000000000000", "ids": [77]}, 404),
        ("made", {"engine": "http://8.8.8.8", "ids": [77]}, 404),
        ("made", {"ids": [77]}, 404),
        ("made", {"ids": []}, 400),
        ("images/77/plan", {"engine": "x", "seed": "-3"}, 404),
    ],
)
def test_address_that_the_owner_did_not_name_is_never_asked(api, comfy, path, body, status):
    assert api.send("POST", path, body).status_code == status
    assert comfy.asked == []


@pytest.mark.parametrize("path", ["made", "engines/find", "images/77/plan", "made/1/stop"])
def test_foreign_page_makes_nothing(api, comfy, path):
    body = {"engine": "x", "ids": [77]}
    for headers in ({}, {**_OURS, "Origin": "https://evil.example"}):
        assert api.ask(f"api/{path}", "POST", json=body, headers=headers).status_code == 403
    assert comfy.asked == []


def test_engine_that_went_away_is_one_sentence(api, comfy):
    body = {"engine": find(api)[0]["id"]}
    comfy.close()
    answer = api.send("POST", "images/77/plan", body)
    assert answer.status_code == 502
    assert (
        answer.json()["error"]["message"]
        == f"Nothing answers at {comfy.url}: start the program there."
    )


def test_login_is_stored_and_a_bad_address_is_refused(api, comfy):
    body = {"engine": find(api)[0]["id"], "login": "me:secret"}
    assert len(api.send("PUT", "engines/login", body).json()) == 1
    assert comfy.asked[-1][3]["Authorization"].startswith("Basic ")
    answer = api.send("PUT", "settings", {"engine_addresses": "http://me:pw@127.0.0.1:1"})
    assert answer.status_code == 400
