import io
import json
import os
import re
import struct
import subprocess
import sys

import pytest
import requests
from civitai_manager_libs.core import detect_media_extension
from civitai_demo import server
from civitai_demo.files import draw_original
from civitai_demo.gallery import catalogue, find_demo_image
from PIL import Image

SHOWPIECE, SHOWN_VERSION = 900_001, 910_103
HUGE, VIDEOS = 900_002, 900_007
TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


@pytest.fixture
def fetch_page(demo, http):
    """Return a function that fetches a page of /images as (items, metadata)."""

    def fetch(**params: object) -> tuple[list, dict]:
        response = http.get(f"{demo.url}/api/v1/images", params=params)
        assert response.status_code == 200, response.text
        return response.json()["items"], response.json()["metadata"]

    return fetch


@pytest.fixture
def newest(fetch_page):
    """Return the newest images of the showpiece, with their generation data."""
    return fetch_page(modelId=SHOWPIECE, limit=120, browsingLevel=31)[0]


def _original(item: dict) -> bytes:
    return draw_original(find_demo_image(item["id"])).body


def _resize_url(url: str, segment: str) -> str:
    return url.replace("original=true", segment)


@pytest.mark.parametrize(("mask", "levels"), [(None, {1}), (18, {2, 16})])
def test_images_have_only_the_requested_ratings(fetch_page, mask, levels):
    for where in ({"modelId": SHOWPIECE}, {"modelVersionId": SHOWN_VERSION}):
        items = fetch_page(**where, browsingLevel=mask, limit=150)[0]
        assert {item["browsingLevel"] for item in items} == levels


def test_images_of_galleries_and_sample_images_are_found_by_their_ids(fetch_page, demo, http):
    model = http.get(f"{demo.url}/api/v1/models/{SHOWPIECE}").json()
    ids = [model["modelVersions"][0]["images"][0]["id"], fetch_page(modelId=SHOWPIECE)[0][0]["id"]]
    found = fetch_page(ids=",".join(map(str, [*ids, 1])), browsingLevel=31)[0]
    assert sorted(item["id"] for item in found) == sorted(ids)
    assert [item["id"] for item in fetch_page(imageId=ids[0], browsingLevel=31)[0]] == ids[:1]


def test_records_of_every_kind_occur(fetch_page):
    metas = [i["meta"] for i in fetch_page(modelId=HUGE, limit=200, browsingLevel=31)[0]]
    kept = [meta for meta in metas if meta]
    assert None in metas
    assert any(isinstance(meta.get("seed"), str) and "Clip skip" in meta for meta in kept)
    assert any("civitaiResources" in meta and "Model" not in meta for meta in kept)
    assert any("Hires upscale" in meta and "Size" in meta for meta in kept)
    assert any("ADetailer model" in meta for meta in kept)
    assert any(len(meta["prompt"]) > 300 and "\n" in meta["prompt"] for meta in kept)
    graph = next(meta["comfy"] for meta in kept if "comfy" in meta)
    assert isinstance(graph, str) and "NaN" in graph and "Model" not in json.loads(graph)


def _read_infotext(body: bytes) -> str:
    image = Image.open(io.BytesIO(body))
    if image.format == "PNG":
        return image.info.get("parameters", "")
    tags = image.getexif()
    comment = tags.get_ifd(0x8769).get(0x9286, b"UNICODE\0")
    assert comment.startswith(b"UNICODE\0")
    _check_kind_of_comment(image.info.get("exif", b""), tags.endian)
    return comment[8:].decode("utf-16-be" if tags.endian == ">" else "utf-16-le")


def _check_kind_of_comment(exif, byte_order):
    """Check that the user comment is of the type "undefined": others end the WebUIs' PNG Info."""
    for entry in re.findall(struct.pack(f"{byte_order}H", 0x9286) + b"..", exif, re.DOTALL):
        assert entry[2:] == struct.pack(f"{byte_order}H", 7)


def test_infotext_in_a_file_equals_the_records_meta(newest):
    formats, seeds = set(), 0
    for item in newest[:12]:
        body, meta = _original(item), item["meta"]
        formats.add(detect_media_extension(body))
        if item["type"] == "video" or not meta or "comfy" in meta:
            continue
        text = _read_infotext(body)
        assert text.startswith(meta["prompt"] + "\n")
        assert f"Steps: {meta['steps']}, Sampler: {meta['sampler']}, " in text
        assert f"Seed: {meta['seed']}, Size: " in text and "None" not in text
        seeds += 1
    assert formats >= {"png", "jpg", "webp"} and seeds > 3


def test_content_type_is_the_true_one_although_each_url_ends_with_jpeg(newest, http):
    seen = set()
    for item in newest[:25]:
        if item["type"] == "video":
            continue
        response = http.get(item["url"])
        kind = detect_media_extension(response.content)
        assert item["url"].endswith(".jpeg")
        assert response.headers["Content-Type"] == TYPES[kind]
        assert response.content == _original(item)
        size = Image.open(io.BytesIO(response.content)).size
        assert item["width"] is None or size == (item["width"], item["height"])
        seen.add(kind)
    assert seen == set(TYPES)


def test_thumbnails_have_no_metadata_and_are_never_larger_than_the_original(newest, http):
    item = next(i for i in newest if i["type"] == "image" and i["meta"] and i["width"])
    response = http.get(_resize_url(item["url"], "width=450"))
    image = Image.open(io.BytesIO(response.content))
    assert (image.format, image.width) == ("JPEG", 450) and len(response.content) < 130_000
    assert abs(image.height - 450 * item["height"] / item["width"]) <= 1
    assert not image.getexif() and "parameters" not in image.info
    small = http.get(_resize_url(item["url"], "width=96,optimized=true"))
    assert small.headers["Content-Type"] == "image/webp"
    large = http.get(_resize_url(item["url"], "width=2200"))
    assert Image.open(io.BytesIO(large.content)).size == (item["width"], item["height"])


def test_videos_can_be_played_and_have_thumbnails(fetch_page, http):
    kinds = set()
    for item in fetch_page(modelId=VIDEOS, limit=60, browsingLevel=31, type="video")[0][:12]:
        response = http.get(item["url"])
        assert item["url"].endswith(".mp4") and response.content == _original(item)
        kind = detect_media_extension(response.content)
        assert response.headers["Content-Type"] == f"video/{kind}"
        kinds.add(kind)
        played = http.get(_resize_url(item["url"], "transcode=true,width=450"))
        assert played.content == response.content and len(played.content) < 70_000
        still = _resize_url(item["url"], "anim=false,transcode=true,width=450,original=false")
        poster = Image.open(io.BytesIO(http.get(still).content))
        assert poster.format == "JPEG" and poster.width == min(450, poster.width)
        assert item["width"] is None or poster.width == min(450, item["width"])
        webp = http.get(_resize_url(item["url"], f"{still.split('/')[-2]},optimized=true"))
        assert webp.headers["Content-Type"] == "image/webp"
    assert kinds == {"mp4", "webm"}


def test_demo_listens_only_locally_and_stops_when_it_is_closed(capfd):
    demo = server.start_demo()
    assert demo.url.startswith("http://127.0.0.1:")
    assert requests.get(demo.url).status_code == 200
    demo.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(demo.url)
    assert capfd.readouterr() == ("", "")


def test_port_in_use_is_an_os_error(demo):
    port = int(demo.url.rpartition(":")[2])
    with pytest.raises(OSError):
        server.start_demo(port)


def test_newcomer_sees_no_models_with_hostile_or_endless_names():
    code = (
        "from civitai_demo.gallery import find_demo_image, list_demo_images, MODELS\n"
        "assert all(find_demo_image(image.id) == image for image in list_demo_images()[::97])\n"
        "for model in MODELS: print(model.name, model.creator, *model.versions, *model.tags)"
    )
    scripts = os.path.join(os.path.dirname(__file__), "..", "..", "scripts")
    environment = {**os.environ, "PYTHONPATH": scripts, "PYTHONUTF8": "1"}
    del environment["CIVITAI_SHORTCUT_DEMO_TESTS"]
    command = [sys.executable, "-c", code]
    listed = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
    lines = listed.decode().splitlines()
    assert len(lines) == len(catalogue.MODELS) - 2
    assert b"<" not in listed and max(map(len, lines)) < 600
