"""The routes behind a send to a tab of the WebUI: the infotext, and the image's file."""

from __future__ import annotations

import io
import json

import image_files
import pytest
from api_server import MODEL_ID, status
from civitai_manager_libs import civitai_gallery_action, host
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.library import pages, reproductions
from fault_responses import png
from PIL import Image

_TABS = ("control", "control_input", "txt2img", "img2img", "inpaint", "extras")


@pytest.fixture(autouse=True)
def in_a_host(monkeypatch):
    monkeypatch.setattr(host, "list_send_targets", lambda: _TABS)


@pytest.fixture
def ids(api, civitai):
    api.get(f"images?model={MODEL_ID}&limit=10")
    civitai.fetched.clear()
    return [image["id"] for image in api.get(f"images?model={MODEL_ID}&limit=10")["images"]]


def _fetch(api, image_id):
    return api.send("GET", f"images/{image_id}/file")


def _send(api, image_id, tab="img2img", text=None, **headers):
    body = {"tab": tab, "text": text}
    return api.send("POST", f"images/{image_id}/send", body, **headers)


@pytest.mark.parametrize("tab", _TABS)
def test_infotext_of_a_record_needs_no_file(api, civitai, ids, tab):
    answer = _send(api, ids[0], tab).json()
    assert answer["infotext"].startswith(f"picture {ids[0]}")
    # SD.Next generates from an image in the input of "control", which reproduces nothing
    assert answer["has_image"] is (tab not in ("txt2img", "control")) and not civitai.fetched


@pytest.mark.parametrize("text", ["my own words", ""])
def test_edited_text_is_sent(api, ids, text):
    assert _send(api, ids[0], text=text).json() == {"infotext": text, "has_image": True}


def test_video_sends_its_text_only(api, civitai, ids):
    video = next(i for i in ids if civitai.kinds[i] == "mp4")
    answer = _send(api, video).json()
    assert answer["infotext"] and not answer["has_image"] and not civitai.fetched


def test_failure_of_civitai_is_returned(api, civitai, ids):
    civitai.always(ids[0], status(404))
    assert _fetch(api, ids[0]).status_code == 404
    assert _send(api, 1).json()["error"]["code"] == "not_known"


def test_file_without_an_infotext_gets_that_of_the_record(api, civitai, ids):
    civitai.always(ids[0], status(200, png()))
    response = _fetch(api, ids[0])
    with Image.open(io.BytesIO(response.content)) as image:
        assert image.info["parameters"] == _send(api, ids[0]).json()["infotext"]
    assert response.headers["Content-Type"] == "image/png"


def test_file_with_an_infotext_stays_as_it_is(api, civitai, ids):
    data = png(text="a harbor\nSteps: 20, Sampler: Euler a, CFG scale: 7")
    civitai.always(ids[0], status(200, data))
    assert _fetch(api, ids[0]).content == data


def test_video_has_no_file_for_an_image_field(api, civitai, ids):
    video = next(i for i in ids if civitai.kinds[i] == "mp4")
    assert _fetch(api, video).status_code == 400 and not civitai.fetched


@pytest.mark.parametrize("tab,text", [("settings", None), (None, None), ("img2img", 5)])
def test_invalid_request_is_refused(api, ids, tab, text):
    assert _send(api, ids[0], tab, text).status_code == 400
    assert _send(api, ids[0], text="x" * 1_000_001).status_code == 400


def test_infotext_that_the_record_lacks_is_read_from_the_file(api, civitai, ids):
    row = {**civitai._row(ids[0]), "meta": None}
    civitai.script("page", status(200, json.dumps({"items": [row], "metadata": {}}).encode()))
    client = civitai_gallery_action.get_http_client()
    pages.load_page(client, ImageQuery(MODEL_ID), None, 10, fresh=True)
    text = "a harbor\nSteps: 20, Sampler: Euler a, CFG scale: 7"
    civitai.always(ids[0], status(200, png(text=text)))
    assert _send(api, ids[0], "txt2img").json() == {"infotext": text, "has_image": False}
    assert _send(api, ids[0]).json() == {"infotext": text, "has_image": True}


def test_image_whose_exif_would_fill_the_hosts_memory_is_not_handed_over(api, civitai, ids):
    exif = image_files.overlapping_exif(500_000, 40_000)
    civitai.always(ids[0], status(200, image_files.png(image_files.chunk(b"eXIf", exif))))
    response = _fetch(api, ids[0])
    assert response.status_code == 422 and "memory" in response.json()["error"]["message"]


@pytest.mark.parametrize("tab", _TABS)
def test_send_to_a_generating_tab_is_remembered(api, ids, tab, monkeypatch):
    monkeypatch.setattr(reproductions, "_sends", reproductions.SendMemory())
    text = "a sea\nSteps: 20, Sampler: Euler, Seed: 123456789"
    _send(api, ids[0], tab, text)
    match = reproductions._sends.find(text)
    assert match == ((ids[0], False) if tab in ("txt2img", "control") else None)


def test_sdnext_gets_its_own_names(api, ids, monkeypatch):
    monkeypatch.setattr(host, "find_host_name", lambda: "SD.Next")
    monkeypatch.setattr(reproductions, "_sends", reproductions.SendMemory())
    text = "a sea\nSteps: 20, Sampler: LMS, Schedule type: Karras, Seed: 123456789"
    sent = _send(api, ids[0], "control", text).json()["infotext"]
    assert sent == "a sea\nSteps: 20, Seed: 123456789, Sampler: LMSD, Sampler sigma: karras"
    assert reproductions._sends.find(sent) == (ids[0], False)
