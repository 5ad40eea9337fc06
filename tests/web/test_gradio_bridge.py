"""The image that a tab of the host gets through our hidden button."""

from __future__ import annotations

import io
import json

import image_files
import pytest
from api_server import MODEL_ID, status
from civitai_manager_libs import civitai_gallery_action, host
from civitai_manager_libs.civitai.pagination import ImageQuery
from civitai_manager_libs.library import pages
from fault_responses import png
from PIL import Image
from PIL.PngImagePlugin import PngInfo

gr = pytest.importorskip("gradio")
from civitai_manager_libs.web import gradio_bridge  # noqa: E402

_NONCE = "1-2-3"


@pytest.fixture
def ids(civitai):
    client = civitai_gallery_action.get_http_client()
    read = pages.load_page(client, ImageQuery(MODEL_ID), None, 10)
    return [image.id for image in read.page.images]


def _place(image_id, field_count=1):
    request = json.dumps({"id": image_id, "nonce": _NONCE})
    return gradio_bridge._place_image(field_count, request)


def _fetch(civitai, image_id, data=png()):
    """Put the file into the cache, as the page does before it presses the button."""
    civitai.always(image_id, status(200, data))
    client = civitai_gallery_action.get_http_client()
    image = gradio_bridge.records.find_image(image_id)
    with pages.open_image_file(client, image.url):
        pass


def test_image_is_placed_upright_in_rgb_and_with_its_texts(civitai, ids):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    data, texts = io.BytesIO(), PngInfo()
    texts.add_text("parameters", "a harbor")
    Image.new("RGBA", (40, 20)).save(data, "PNG", exif=exif, pnginfo=texts)
    _fetch(civitai, ids[0], data.getvalue())
    nonce, sent = _place(ids[0])
    assert nonce == _NONCE
    assert (sent.size, sent.mode, sent.info["parameters"]) == ((20, 40), "RGB", "a harbor")


def test_host_says_which_size_its_fields_get(civitai, ids, monkeypatch):
    _fetch(civitai, ids[0])
    monkeypatch.setattr(host, "values_for_image_fields", lambda image, count: [image, 512, count])
    assert _place(ids[0], 3)[2:] == [512, 3]


def test_canvas_without_a_field_learns_only_that_the_file_is_cached(civitai, ids):
    _fetch(civitai, ids[0])
    assert _place(ids[0], 0) == _NONCE


def test_file_that_is_not_cached_is_not_fetched(civitai, ids):
    with pytest.raises(gr.Error):
        _place(ids[0])
    assert not civitai.fetched


def test_video_has_no_image_to_place(civitai, ids):
    with pytest.raises(gr.Error):
        _place(next(i for i in ids if civitai.kinds[i] == "mp4"))


def test_image_whose_exif_would_fill_the_hosts_memory_is_not_placed(civitai, ids):
    exif = image_files.overlapping_exif(500_000, 40_000)
    _fetch(civitai, ids[0], image_files.png(image_files.chunk(b"eXIf", exif)))
    with pytest.raises(gr.Error):
        _place(ids[0])


@pytest.mark.parametrize("image_id", [1, 0, -5, None, "x", 2**70, [], {"a": 1}])
def test_image_outside_the_library_is_refused(civitai, image_id):
    with pytest.raises(gr.Error):
        _place(image_id)
    assert not civitai.requests


@pytest.mark.parametrize("asked", [None, "", "{", "[]", "5", '"x"', "[" * 100_000])
def test_malformed_request_is_refused(civitai, asked):
    with pytest.raises(gr.Error):
        gradio_bridge._place_image(1, asked)


def test_image_keeps_its_real_size(on_demo):
    client = civitai_gallery_action.get_http_client()
    image = pages.load_page(client, ImageQuery(900003), None, 5).page.images[0]
    with pages.open_image_file(client, image.url):
        pass
    assert _place(image.id)[1].size == (image.width, image.height)
