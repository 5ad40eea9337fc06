from __future__ import annotations

import io
import json
import math
import socket

import pytest
import requests
from civitai_manager_libs import errors, util
from civitai_manager_libs.demo import server
from civitai_manager_libs.demo.canvas import blurhash
from civitai_manager_libs.demo.gallery import catalogue, images
from civitai_manager_libs.demo.scenes import drawing
from PIL import Image

SHOWPIECE, SHOWN_VERSION = 900_001, 910_103
HUGE, VIDEOS, HOSTILE, EMPTY = 900_002, 900_007, 900_008, 900_009
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
def fetch_pages(fetch_page):
    """Return a function that follows the cursors and returns the items of each page."""

    def fetch(**params: object) -> list[list[dict]]:
        pages, metadata = [], {"nextCursor": None}
        while "nextCursor" in metadata:
            items, metadata = fetch_page(**params, cursor=metadata["nextCursor"])
            pages.append(items)
        return pages

    return fetch


@pytest.fixture
def newest(fetch_page):
    """Return the newest images of the showpiece, with their generation data."""
    return fetch_page(modelId=SHOWPIECE, limit=120, browsingLevel=31)[0]


def _resize_url(url: str, segment: str) -> str:
    return url.replace("original=true", segment)


# The database's path


def test_gallery_of_a_model_is_sorted_by_id_whatever_the_sort(fetch_page):
    for sort in ("Most Reactions", "Newest", "Most Collected"):
        ids = [item["id"] for item in fetch_page(modelId=SHOWPIECE, limit=20, sort=sort)[0]]
        assert ids == sorted(ids, reverse=True)


def test_image_at_each_page_boundary_is_left_out_in_descending_order(fetch_pages):
    pages = fetch_pages(modelId=HUGE, limit=200, period="Week", browsingLevel=31)
    seen = {item["id"] for page in pages for item in page}
    model = catalogue.find_demo_model(HUGE)
    there = {r.id for r in images.list_gallery(model) if r.uploaded >= images.NOW - 7 * 86_400_000}
    assert len(pages) > 2
    assert len(there - seen) == len(pages) - 1 and seen < there


def test_cursor_one_higher_includes_the_image_that_was_left_out(fetch_page):
    _, metadata = fetch_page(modelId=SHOWPIECE, limit=5)
    cursor = int(metadata["nextCursor"])
    assert fetch_page(modelId=SHOWPIECE, limit=5, cursor=cursor)[0][0]["id"] < cursor
    assert fetch_page(modelId=SHOWPIECE, limit=5, cursor=cursor + 1)[0][0]["id"] == cursor


def test_last_page_has_no_next_cursor_and_no_next_page(fetch_page):
    assert fetch_page(modelId=EMPTY) == ([], {})
    assert fetch_page(modelId=HOSTILE, limit=200, browsingLevel=31)[1] == {}


# The index's path


def test_gallery_of_a_version_is_read_completely_by_offset_cursors(fetch_pages, fetch_page):
    cursor = fetch_page(modelVersionId=SHOWN_VERSION, limit=7)[1]["nextCursor"]
    assert cursor == f"7|{images.NOW}"
    pages = fetch_pages(modelVersionId=SHOWN_VERSION, limit=200, browsingLevel=31)
    ids = [item["id"] for page in pages for item in page]
    model = catalogue.find_demo_model(SHOWPIECE)
    assert len(ids) == len(set(ids))
    assert set(ids) == {
        row.id for row in images.list_gallery(model) if row.version.id == SHOWN_VERSION
    }


# Ratings


@pytest.mark.parametrize(
    ("mask", "levels"), [(None, {1}), (3, {1, 2}), (18, {2, 16}), (31, {1, 2, 4, 8, 16})]
)
def test_images_have_only_the_requested_ratings(fetch_page, mask, levels):
    for where in ({"modelId": SHOWPIECE}, {"modelVersionId": SHOWN_VERSION}):
        items = fetch_page(**where, browsingLevel=mask, limit=150)[0]
        assert {item["browsingLevel"] for item in items} == levels
        assert all(item["nsfw"] == (item["nsfwLevel"] != "None") for item in items)


# Models


def test_galleries_have_the_stated_number_of_images(fetch_pages):
    assert catalogue.MODELS[0].id == SHOWPIECE
    pictures = sum(len(page) + 1 for page in fetch_pages(modelId=SHOWPIECE, limit=200)) - 1
    assert pictures >= 1200  # of PG alone
    assert catalogue.find_demo_model(HUGE).size == 10_000
    assert {model.type for model in catalogue.MODELS} >= {"Checkpoint", "LORA", "TextualInversion"}
    bases = {version.base_model for model in catalogue.MODELS for version in model.versions}
    assert bases > {"SD 1.5", "SDXL 1.0", "Pony", "Flux.1 D", "Wan Video 2.2 T2V-A14B"}


def test_hostile_names_are_sent_unchanged_and_escaped_in_pages(demo, http, fetch_page):
    assert "<img src=x" in http.get(f"{demo.url}/api/v1/models/{HOSTILE}").json()["name"]
    items = fetch_page(modelId=HOSTILE, limit=50, browsingLevel=31)[0]
    assert any("<script>" in (item["username"] or "") for item in items)
    for path in ("", f"models/{HOSTILE}", f"images/{items[0]['id']}"):
        page = http.get(f"{demo.url}/{path}").text
        assert "<!DOCTYPE html>" in page and "<img src=x" not in page and "<script" not in page


# Generation data


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


def test_loras_have_hashes_and_weights(fetch_page):
    metas = [i["meta"] for i in fetch_page(modelId=900_003, limit=60)[0]]
    meta = next(
        m for m in metas if m and any(key.startswith("lora:") for key in m.get("hashes", {}))
    )
    lora = next(resource for resource in meta["resources"] if resource["type"] == "lora")
    assert f"<lora:{lora['name']}:" in meta["prompt"]
    assert meta["hashes"][f"lora:{lora['name']}"] == lora["hash"]


def _read_infotext(body: bytes) -> str:
    image = Image.open(io.BytesIO(body))
    if image.format == "PNG":
        return image.info.get("parameters", "")
    tags = image.getexif()
    comment = tags.get_ifd(0x8769).get(0x9286, b"UNICODE\0")
    assert comment.startswith(b"UNICODE\0")
    return comment[8:].decode("utf-16-be" if tags.endian == ">" else "utf-16-le")


def test_infotext_in_a_file_equals_the_records_meta(newest, demo):
    formats, seeds = set(), 0
    for item in newest[:24]:
        body, meta = demo.original_bytes(item["id"]), item["meta"]
        formats.add(util.detect_media_extension(body))
        if item["type"] == "video" or not meta or "comfy" in meta:
            continue
        text = _read_infotext(body)
        assert text.startswith(meta["prompt"] + "\n")
        assert f"Steps: {meta['steps']}, Sampler: {meta['sampler']}, " in text
        assert f"Seed: {meta['seed']}, Size: " in text and "None" not in text
        seeds += 1
    assert formats >= {"png", "jpg", "webp"} and seeds > 6


def test_files_of_comfyui_contain_their_graphs(newest, demo):
    item = next(
        i
        for i in newest
        if "comfy" in (i["meta"] or {}) and demo.original_bytes(i["id"])[1:4] == b"PNG"
    )
    image = Image.open(io.BytesIO(demo.original_bytes(item["id"])))
    graph = json.loads(image.info["prompt"])
    assert graph["3"]["inputs"]["seed"] == item["meta"]["seed"]
    assert math.isnan(graph["3"]["is_changed"][0])
    assert image.info["workflow"] in item["meta"]["comfy"] and "parameters" not in image.info


def test_onsite_files_are_signed(newest, demo):
    item = next(i for i in newest if "workflow" in (i["meta"] or {}))
    image = Image.open(io.BytesIO(demo.original_bytes(item["id"])))
    assert image.getexif()[0x013B] == "ai"
    assert "Civitai resources: [{" in _read_infotext(demo.original_bytes(item["id"]))


# Files


def test_content_type_is_the_true_one_although_each_url_ends_with_jpeg(newest, demo, http):
    seen = set()
    for item in newest[:25]:
        if item["type"] == "video":
            continue
        response = http.get(item["url"])
        kind = util.detect_media_extension(response.content)
        assert item["url"].endswith(".jpeg")
        assert response.headers["Content-Type"] == TYPES[kind]
        assert response.content == demo.original_bytes(item["id"])
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


def test_thumbnail_resembles_its_original(newest, demo, http):
    for item in [i for i in newest if i["type"] == "image"][:6]:
        original = Image.open(io.BytesIO(demo.original_bytes(item["id"]))).convert("RGB")
        thumb = Image.open(io.BytesIO(http.get(_resize_url(item["url"], "width=96")).content))
        pairs = zip(original.resize((6, 6), Image.BOX).tobytes(), thumb.resize((6, 6)).tobytes())
        assert sum(abs(a - b) for a, b in pairs) / 108 < 12


def test_rating_is_written_on_each_rated_image():
    art = drawing.make_art(11, ("facets",))
    plain, labelled = drawing.draw_art(art, (208, 304)), drawing.draw_art(art, (208, 304), "PG-13")
    corner, rest = (0, 220, 208, 304), (0, 0, 208, 220)
    assert plain.crop(corner).tobytes() != labelled.crop(corner).tobytes()
    assert plain.crop(rest).tobytes() == labelled.crop(rest).tobytes()
    assert (255, 255, 255) in {color for _, color in labelled.crop(corner).getcolors(100_000)}


@pytest.mark.parametrize("scene", drawing.SCENES)
def test_every_scene_can_be_drawn_in_every_shape(scene):
    for size in ((30, 44), (44, 30), (96, 96), (16, 24)):
        image = drawing.draw_art(drawing.make_art(3, (scene,)), size)
        assert image.size == size and len(image.getcolors(10_000)) > 30


def test_blurhash_is_that_of_the_image(newest):
    half = Image.new("RGB", (40, 40), (250, 10, 10))
    half.paste((10, 10, 250), (0, 20, 40, 40))
    assert blurhash.encode(Image.new("RGB", (9, 9), (255, 0, 0)))[2:6] == "TI:j"
    assert blurhash.encode(half)[:1] == "L" and len(blurhash.encode(half)) == 28
    assert {len(item["hash"]) for item in newest if item["hash"]} == {28}
    assert len({item["hash"] for item in newest}) > 100


def test_videos_can_be_played_and_have_thumbnails(fetch_page, demo, http):
    kinds = set()
    for item in fetch_page(modelId=VIDEOS, limit=60, browsingLevel=31, type="video")[0][:12]:
        response = http.get(item["url"])
        assert item["url"].endswith(".mp4") and response.content == demo.original_bytes(item["id"])
        kind = util.detect_media_extension(response.content)
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


def test_videos_differ_from_each_other(fetch_page, demo):
    items = fetch_page(modelId=VIDEOS, limit=60, browsingLevel=31, type="video")[0]
    assert len({demo.original_bytes(item["id"]) for item in items}) == len(items)


def test_unknown_files_are_404(newest, demo, http):
    uuid = newest[0]["url"].split("/")[4]
    for wrong in (uuid[:-1] + ("0" if uuid[-1] != "0" else "1"), "1" * 8 + uuid[8:], "nonsense"):
        assert http.get(newest[0]["url"].replace(uuid, wrong)).status_code == 404
    with pytest.raises(KeyError):
        demo.original_bytes(1)


# Conditions and ranges


@pytest.mark.parametrize(
    ("header", "status", "part"),
    [
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-50", 206, slice(-50, None)),
        ("bytes=10-99999999", 206, slice(10, None)),
        ("bytes=99999999-", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
        ("bytes=9-1", 200, slice(None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_range_request_gets_its_status_and_part(newest, demo, http, header, status, part):
    whole = demo.original_bytes(newest[0]["id"])
    response = http.get(newest[0]["url"], headers={"Range": header})
    assert response.status_code == status and response.content == whole[part]
    assert response.headers["Content-Length"] == str(len(whole[part]))
    if status == 206:
        start = part.indices(len(whole))[0]
        end = start + len(response.content) - 1
        assert response.headers["Content-Range"] == f"bytes {start}-{end}/{len(whole)}"
    if status == 416:
        assert response.headers["Content-Range"] == f"bytes */{len(whole)}"


def test_if_range_with_another_version_gets_the_whole_file(newest, http):
    url = newest[0]["url"]
    about = http.head(url).headers
    for validator, status in ((about["ETag"], 206), (about["Last-Modified"], 206), ('"x"', 200)):
        params = {"Range": "bytes=5-9", "If-Range": validator}
        assert http.get(url, headers=params).status_code == status


def test_same_url_has_the_same_bytes_in_another_demo(newest, demo):
    from civitai_manager_libs.demo import files

    urls = [newest[0]["url"], _resize_url(newest[1]["url"], "width=96")]
    before = [requests.get(url).content for url in urls]
    files.draw_original.cache_clear()
    files._draw_thumbnail.cache_clear()
    other = server.start_demo()
    after = [requests.get(url.replace(demo.url, other.url)).content for url in urls]
    other.close()
    assert before == after


# The server


def test_demo_listens_only_locally_and_stops_when_it_is_closed(capfd):
    demo = server.start_demo()
    host, port = demo.url.removeprefix("http://").split(":")
    assert host == "127.0.0.1"
    with requests.Session() as session:
        assert session.get(demo.url).status_code == 200
        demo.close()
        with pytest.raises(requests.ConnectionError):
            session.get(demo.url)
    with pytest.raises(OSError):
        socket.create_connection((host, int(port)), timeout=2)
    assert capfd.readouterr() == ("", "")


def test_port_in_use_is_an_input_error(demo):
    port = int(demo.url.rpartition(":")[2])
    with pytest.raises(errors.InputError, match=str(port)):
        server.start_demo(port)
