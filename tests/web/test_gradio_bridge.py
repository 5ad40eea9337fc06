"""What the door gives a host: a picture's infotext and the picture, for one question at a time."""

from __future__ import annotations

import io
import json
import types

import image_files
import pytest
from api_server import MODEL_ID, status
from civitai_manager_libs import civitai_gallery_action
from civitai_manager_libs.civitai.pagination import ImageQuery
from civitai_manager_libs.library import pages
from civitai_manager_libs.library.reproductions import receive, sends
from fault_responses import png
from PIL import Image
from PIL.PngImagePlugin import PngInfo

pytest.importorskip("gradio")
from civitai_manager_libs.web import gradio_bridge  # noqa: E402

_REQUEST = types.SimpleNamespace(headers={"accept-language": "en"})
_CHINESE = types.SimpleNamespace(headers={"accept-language": "zh-TW"})
_NONCE = "1-2-3"


@pytest.fixture
def ids(civitai):
    client = civitai_gallery_action.get_http_client()
    read = pages.load_page(client, ImageQuery(MODEL_ID), None, 10)
    return [image.id for image in read.page.images]


def _asked(image_id, text=None, request=_REQUEST, tab="txt2img"):
    asked = json.dumps({"tab": tab, "id": image_id, "text": text, "nonce": _NONCE})
    return gradio_bridge._answer_send(asked, request)


def test_answer_is_the_infotext_the_image_and_what_it_was_asked_with(civitai, ids):
    text, image_id, nonce = _asked(ids[0])
    assert text.startswith(f"picture {ids[0]}")
    assert (image_id, nonce) == (str(ids[0]), _NONCE) and len(civitai.fetched) == 1


def test_image_is_sent_upright_in_rgb_and_with_its_texts(civitai, ids):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    data, texts = io.BytesIO(), PngInfo()
    texts.add_text("parameters", "a harbor")
    Image.new("RGBA", (40, 20)).save(data, "PNG", exif=exif, pnginfo=texts)
    civitai.always(ids[0], status(200, data.getvalue()))
    assert gradio_bridge._open_image(str(ids[0])) is None and not civitai.fetched
    sent = gradio_bridge._open_image(_asked(ids[0])[1])
    assert (sent.size, sent.mode, sent.info["parameters"]) == ((20, 40), "RGB", "a harbor")


def test_text_that_the_user_changed_is_what_is_given(civitai, ids):
    assert _asked(ids[0], "my own words")[0] == "my own words"
    assert _asked(ids[0], "")[0] == ""


def test_text_of_no_picture_is_given_as_it_is(civitai):
    assert _asked(None, "a recipe") == ("a recipe", "", _NONCE)
    assert _asked(0, "a recipe")[0] == "" and not civitai.requests


def test_video_gives_its_text_only(civitai, ids):
    video = next(i for i in ids if civitai.kinds[i] == "mp4")
    text, image_id, nonce = _asked(video)
    assert text and not image_id and nonce == _NONCE and not civitai.fetched
    assert gradio_bridge._open_image(str(video)) is None


@pytest.mark.parametrize("image_id", [1, 0, -5, None, "x", 2**70, [], {"a": 1}])
def test_picture_that_was_not_read_is_told(civitai, image_id):
    text, sent, said = _asked(image_id)
    assert (text, sent) == ("", "") and not civitai.requests
    assert gradio_bridge._open_image(image_id) is None
    assert json.loads(said)["nonce"] == _NONCE and "not read" in json.loads(said)["error"]


@pytest.mark.parametrize("request_,said", [(_REQUEST, "no longer there"), (_CHINESE, "已")])
def test_failure_is_told_in_the_users_language(civitai, ids, request_, said):
    civitai.always(ids[0], status(404))
    told = json.loads(_asked(ids[0], request=request_)[2])
    assert told["nonce"] == _NONCE and said in told["error"]


@pytest.mark.parametrize("asked", [None, "", "{", "[]", "5", '"x"', "[" * 100_000])
def test_question_that_makes_no_sense_is_no_crash(civitai, asked):
    assert "error" in json.loads(gradio_bridge._answer_send(asked, _REQUEST)[2])


def test_file_itself_says_how_it_was_made_where_the_record_does_not(civitai, ids, fresh):
    row = {**civitai._row(ids[0]), "meta": None}
    body = json.dumps({"items": [row], "metadata": {}}).encode()
    civitai.script("page", status(200, body))
    client = civitai_gallery_action.get_http_client()
    pages.load_page(client, ImageQuery(MODEL_ID), None, 10, fresh=True)
    text = "a harbor\nSteps: 20, Sampler: Euler a, CFG scale: 7"
    civitai.always(ids[0], status(200, png(text=text)))
    assert _asked(ids[0])[0] == text


def test_picture_whose_exif_would_take_the_hosts_memory_stays_here(civitai, ids, fresh):
    exif = image_files.overlapping_exif(500_000, 40_000)
    data = image_files.png(image_files.chunk(b"eXIf", exif))
    civitai.always(ids[0], status(200, data))
    text, image_id, nonce = _asked(ids[0])
    assert (image_id, nonce) == ("", _NONCE) and text
    assert gradio_bridge._open_image(str(ids[0])) is None


def test_picture_keeps_its_real_size(on_demo):
    client = civitai_gallery_action.get_http_client()
    image = pages.load_page(client, ImageQuery(900003), None, 5).page.images[0]
    sent = gradio_bridge._open_image(_asked(image.id)[1])
    assert sent.size == (image.width, image.height)


@pytest.mark.parametrize("tab", ["txt2img", "control", "img2img", "extras", None])
def test_send_to_a_tab_that_makes_images_anew_is_remembered(civitai, ids, tab, monkeypatch):
    monkeypatch.setattr(receive, "_sends", sends.SendMemory())
    text = "a sea\nSteps: 20, Sampler: Euler, Seed: 123456789"
    _asked(ids[0], text, tab=tab)
    match = receive._sends.find(text)
    assert match == ((ids[0], False) if tab in ("txt2img", "control") else None)
