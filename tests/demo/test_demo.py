from __future__ import annotations

import io
import json
import math
import socket
import threading

import pytest
import requests
from civitai_manager_libs import errors, util
from civitai_manager_libs.demo import server
from civitai_manager_libs.demo.canvas import blurhash
from civitai_manager_libs.demo.gallery import catalogue, rows
from civitai_manager_libs.demo.scenes import drawing
from PIL import Image

SHOWPIECE, SHOWN_VERSION = 900_001, 910_103
HUGE, VIDEOS, HOSTILE, EMPTY = 900_002, 900_007, 900_008, 900_009
TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


@pytest.fixture(scope="module")
def demo():
    running = server.start_demo()
    yield running
    running.close()


@pytest.fixture(scope="module")
def http():
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def ask(demo, http):
    """One page of /images as (items, metadata)."""

    def _ask(**params: object) -> tuple[list, dict]:
        answer = http.get(f"{demo.url}/api/v1/images", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"], answer.json()["metadata"]

    return _ask


@pytest.fixture
def walk(ask):
    """All pages, by cursor."""

    def _walk(**params: object) -> list[list[dict]]:
        pages, metadata = [], {"nextCursor": None}
        while "nextCursor" in metadata:
            items, metadata = ask(**params, cursor=metadata["nextCursor"])
            pages.append(items)
        return pages

    return _walk


@pytest.fixture
def some(ask):
    """Return the newest images of the showpiece, with their generation data."""
    return ask(modelId=SHOWPIECE, limit=120, nsfw="X", withMeta="true", flatMeta="true")[0]


def _sized(url: str, segment: str) -> str:
    return url.replace("original=true", segment)


def _first(items: list[dict], **wanted: object) -> dict:
    return next(i for i in items if all(i[key] == value for key, value in wanted.items()))


# The database's path


def test_a_model_alone_is_shown_newest_id_first_whatever_the_sort(ask):
    for sort in ("Most Reactions", "Newest", "Most Collected"):
        ids = [item["id"] for item in ask(modelId=SHOWPIECE, limit=20, sort=sort)[0]]
        assert ids == sorted(ids, reverse=True)


def test_the_row_at_each_boundary_is_lost_going_down(walk):
    pages = walk(modelId=HUGE, limit=200, period="Week", nsfw="X")
    seen = {item["id"] for page in pages for item in page}
    model = catalogue.find_model(HUGE)
    there = {r.id for r in rows.list_gallery(model) if r.uploaded >= rows.NOW - 7 * 86_400_000}
    assert len(pages) > 2
    assert len(there - seen) == len(pages) - 1 and seen < there


def test_a_cursor_one_higher_shows_the_lost_row(ask):
    _, metadata = ask(modelId=SHOWPIECE, limit=5)
    cursor = int(metadata["nextCursor"])
    assert ask(modelId=SHOWPIECE, limit=5, cursor=cursor)[0][0]["id"] < cursor
    assert ask(modelId=SHOWPIECE, limit=5, cursor=cursor + 1)[0][0]["id"] == cursor


def test_oldest_first_loses_nothing(walk):
    ids = [
        i["id"] for page in walk(modelId=900_003, limit=50, sort="Oldest", nsfw="X") for i in page
    ]
    assert ids == [row.id for row in rows.list_gallery(catalogue.find_model(900_003))]


def test_the_end_has_no_next_cursor_and_no_next_page(ask):
    assert ask(modelId=EMPTY) == ([], {})
    assert ask(modelId=HOSTILE, limit=200, nsfw="X")[1] == {}


def test_page_numbers_work_on_the_database_only(ask):
    second, metadata = ask(modelId=SHOWPIECE, limit=10, page=2)
    assert [i["id"] for i in second] == [i["id"] for i in ask(modelId=SHOWPIECE, limit=20)[0]][10:]
    assert (metadata["currentPage"], metadata["pageSize"]) == (2, 10)
    assert "page=3" in metadata["nextPage"]
    first, again = (ask(modelVersionId=SHOWN_VERSION, limit=10, page=n)[0] for n in (1, 2))
    assert first == again


def test_meta_is_wrapped_unless_flat_is_asked_for(ask):
    wrapped = ask(modelId=SHOWPIECE, limit=60, withMeta="true")[0]
    assert all(item["meta"].keys() == {"id", "meta"} for item in wrapped)
    assert any(item["meta"]["meta"] is None for item in wrapped)
    flat = ask(modelId=SHOWPIECE, limit=60, withMeta="true", flatMeta="true")[0]
    assert [item["meta"]["meta"] for item in wrapped] == [item["meta"] for item in flat]


def test_meta_is_null_unless_asked_for(ask):
    assert {item["meta"] is None for item in ask(modelId=SHOWPIECE, limit=50)[0]} == {True}


# The index's path


def test_a_version_is_walked_whole_by_offset_cursors(walk, ask):
    cursor = ask(modelVersionId=SHOWN_VERSION, limit=7)[1]["nextCursor"]
    assert cursor == f"7|{rows.NOW}"
    pages = walk(modelVersionId=SHOWN_VERSION, limit=200, nsfw="X")
    ids = [item["id"] for page in pages for item in page]
    model = catalogue.find_model(SHOWPIECE)
    assert len(ids) == len(set(ids))
    assert set(ids) == {
        row.id for row in rows.list_gallery(model) if row.version.id == SHOWN_VERSION
    }


def test_reactions_sort_a_version(ask):
    def total(item: dict) -> int:
        return sum(item["stats"][f"{kind}Count"] for kind in ("like", "heart", "laugh", "cry"))

    by_reactions = [total(i) for i in ask(modelVersionId=SHOWN_VERSION, modelId=5, limit=50)[0]]
    assert by_reactions == sorted(by_reactions, reverse=True) and by_reactions[0] > by_reactions[-1]
    newest = [i["createdAt"] for i in ask(modelVersionId=SHOWN_VERSION, limit=50, sort="Newest")[0]]
    assert newest == sorted(newest, reverse=True)


def test_index_meta_is_flat_unless_wrapped_is_asked_for(ask):
    flat = ask(modelVersionId=SHOWN_VERSION, limit=20, withMeta="true")[0]
    assert any("prompt" in (item["meta"] or {}) for item in flat)
    wrapped = ask(modelVersionId=SHOWN_VERSION, limit=20, withMeta="true", flatMeta="false")[0]
    assert all(item["meta"].keys() == {"id", "meta"} for item in wrapped)


def test_nonsense_in_an_index_cursor_is_the_first_page(ask):
    first = ask(modelVersionId=SHOWN_VERSION, limit=5)
    assert ask(modelVersionId=SHOWN_VERSION, limit=5, cursor="nonsense")[0] == first[0]


def test_the_next_page_repeats_the_parameters_and_the_host(ask, demo, http):
    metadata = ask(modelVersionId=SHOWN_VERSION, limit=3, sort="Most Comments", token="secret")[1]
    assert metadata["nextPage"].startswith(
        f"{demo.url}/api/v1/images?modelVersionId=910103&limit=3"
    )
    assert "token=secret" in metadata["nextPage"] and "%7C" in metadata["nextPage"]
    following = http.get(metadata["nextPage"]).json()["items"]
    again = ask(modelVersionId=SHOWN_VERSION, limit=3, sort="Most Comments", cursor="3|1")[0]
    assert following == again
    local = http.get(metadata["nextPage"], headers={"Host": "localhost:1"}).json()
    assert local["metadata"]["nextPage"].startswith("http://localhost:1/api/v1/images?")


def test_filters_of_the_index(ask, some):
    chosen = _first(some, username="lumen")
    for name, key in (("postId", "postId"), ("username", "username"), ("type", "type")):
        found = ask(**{name: chosen[key]}, limit=20, nsfw="X")[0]
        assert found and {item[key] for item in found} == {chosen[key]}
    assert {i.get("baseModel") for i in ask(baseModels="Flux.1 D", limit=20)[0]} == {
        "Flux.1 D",
        "",
        None,
    }
    tagged = ask(modelVersionId=SHOWN_VERSION, limit=5, withTags="true", tags="5001")[0]
    assert [item["tags"] for item in tagged] == [[{"id": 5001, "name": "sea"}]] * 5
    assert ask(username="nobody_at_all") == ([], {}) and ask(type="audio") == ([], {})


def test_times_and_missing_names_differ_between_the_paths(ask, some):
    nameless = _first(some, username=None)
    from_index = _first(ask(postId=nameless["postId"], nsfw="X")[0], id=nameless["id"])
    assert from_index["username"] == "unknown"
    assert from_index["createdAt"] != nameless["createdAt"]


# Filters of both


@pytest.mark.parametrize(
    ("asked", "levels"),
    [
        ({}, {1}),
        ({"nsfw": "false"}, {1}),
        ({"nsfw": "Soft"}, {1, 2}),
        ({"nsfw": "Mature"}, {1, 2, 4}),
        ({"nsfw": "X"}, {1, 2, 4, 8, 16}),
        ({"nsfw": "true"}, {4, 8, 16}),
        ({"browsingLevel": 18, "nsfw": "X"}, {2, 16}),
        ({"browsingLevel": 32}, {1}),
        ({"browsingLevel": 0}, {1}),
    ],
    ids=lambda value: str(value),
)
def test_ratings(ask, asked, levels):
    for where in ({"modelId": SHOWPIECE}, {"modelVersionId": SHOWN_VERSION}):
        items = ask(**where, **asked, limit=150)[0]
        assert {item["browsingLevel"] for item in items} == levels
        assert all(item["nsfw"] == (item["nsfwLevel"] != "None") for item in items)


def test_a_period_ends_at_its_first_day(ask):
    def count(period: str) -> int:
        return len(ask(modelId=900_004, period=period, nsfw="X", limit=200)[0])

    counts = [count(period) for period in ("AllTime", "Year", "Month", "Week", "Day")]
    assert counts == sorted(counts, reverse=True) and counts[0] == 96 and 0 < counts[3] < counts[1]


def test_one_image_by_its_id(ask, some):
    assert [i["id"] for i in ask(imageId=some[0]["id"], nsfw="X")[0]] == [some[0]["id"]]
    assert ask(imageId=12345, nsfw="X") == ([], {})


# Errors


@pytest.mark.parametrize(
    ("query", "code", "path"),
    [
        ("limit=500", "too_big", "limit"),
        ("limit=-1", "too_small", "limit"),
        ("limit=many", "invalid_type", "limit"),
        ("limit=1&limit=2", "invalid_type", "limit"),
        ("nsfw=Safe", "invalid_value", "nsfw"),
        ("sort=newest", "invalid_value", "sort"),
        ("period=Hour", "invalid_value", "period"),
        ("type=gif", "invalid_value", "type"),
        ("withMeta=perhaps", "invalid_value", "withMeta"),
        ("browsingLevel=PG", "invalid_type", "browsingLevel"),
        ("username=a-b", "invalid_format", "username"),
        ("tags=1,two", "invalid_type", "tags"),
        ("baseModels=SD%209", "invalid_value", "baseModels"),
    ],
)
def test_what_makes_no_sense_is_400_with_issues_as_text(demo, http, query, code, path):
    answer = http.get(f"{demo.url}/api/v1/images?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["name"] == "ZodError"
    issue = json.loads(answer.json()["error"]["message"])[0]
    assert (issue["code"], issue["path"]) == (code, [path])


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("images?modelId=1&cursor=1%7C2", 400, "Invalid cursor: expected 1 value(s)"),
        ("images?modelId=900001&cursor=x", 400, "Invalid cursor"),
        ("images?modelId=900001&sort=Random", 400, "Random"),
        ("images?modelId=900001&username=nobody_here", 404, "User not found"),
        ("images?page=11&limit=100", 429, "You've requested too many pages"),
        ("models?page=11&limit=100", 429, "You've requested too many pages"),
        ("models?page=2&query=x", 400, "page"),
        ("models/1", 404, "No model with id 1"),
        ("models/0", 400, "→ at id"),
        ("models/abc", 400, "→ at id"),
        ("model-versions/1", 404, "Model not found"),
        ("me", 401, "Unauthorized"),
    ],
)
def test_other_errors_are_a_text(demo, http, path, status, error):
    answer = http.get(f"{demo.url}/api/v1/{path}")
    assert answer.status_code == status
    assert error in answer.json()["error"]


def test_limit_nothing_is_nothing_and_unknown_parameters_are_ignored(ask):
    assert ask(modelId=SHOWPIECE, limit="", whatever="x")[0] == []


def test_unknown_routes_are_html_and_other_methods_are_refused(demo, http):
    answer = http.get(f"{demo.url}/api/v1/nothing")
    assert answer.status_code == 404 and "<!DOCTYPE html>" in answer.text
    refused = http.post(f"{demo.url}/api/v1/images", data="x" * 100)
    assert (refused.status_code, refused.json()) == (405, {"error": "Method not allowed"})


def test_me_knows_its_key(demo, http):
    url = f"{demo.url}/api/v1/me"
    assert http.get(url, headers={"Authorization": "Bearer demo-key"}).json()["id"] == 1
    assert http.get(url, params={"token": "demo-key"}).status_code == 200
    wrong = http.get(url, params={"token": "demo-key"}, headers={"Authorization": "Bearer x"})
    assert wrong.status_code == 401


# Models


def test_models_are_listed_by_cursor_and_searched(demo, http):
    url, seen = f"{demo.url}/api/v1/models?limit=3", []
    while url:
        body = http.get(url).json()
        seen += [item["id"] for item in body["items"]]
        url = body["metadata"].get("nextPage")
    assert sorted(seen) == [model.id for model in catalogue.MODELS]
    found = http.get(f"{demo.url}/api/v1/models", params={"query": "quiet PLACES"}).json()["items"]
    assert [item["name"] for item in found] == ["Quiet Places"]
    loras = http.get(f"{demo.url}/api/v1/models?types=LORA&types=LoCon").json()["items"]
    assert {item["type"] for item in loras} == {"LORA", "LoCon"}


def test_lists_show_pg_pictures_and_a_model_shows_all(demo, http):
    def levels(path: str) -> set[int]:
        body = http.get(f"{demo.url}/api/v1/{path}").json()
        models = body["items"] if "items" in body else [body]
        versions = [version for model in models for version in model["modelVersions"]]
        return {image["nsfwLevel"] for version in versions for image in version["images"]}

    assert levels("models") == {1}
    assert levels("models?nsfw=true") == {1, 2, 4, 8, 16}
    assert len(levels(f"models/{SHOWPIECE}")) > 1


def test_model_and_version_name_each_other(demo, http):
    model = http.get(f"{demo.url}/api/v1/models/{SHOWPIECE}").json()
    assert [v["index"] for v in model["modelVersions"]] == [0, 1, 2]
    shown = model["modelVersions"][0]
    assert "id" not in shown["images"][0] and shown["images"][0]["nsfwLevel"] == 1
    version = http.get(f"{demo.url}/api/v1/model-versions/{shown['id']}").json()
    assert (version["modelId"], version["model"]["name"]) == (SHOWPIECE, "Quiet Places")
    assert len(version["images"]) == 8 and "meta" in version["images"][0]
    assert http.get(shown["images"][0]["url"]).headers["Content-Type"].startswith("image/")


def test_the_house_account_has_no_creator(demo, http):
    assert "creator" not in http.get(f"{demo.url}/api/v1/models/{EMPTY}").json()


def test_the_galleries_are_as_large_as_promised(walk):
    assert catalogue.SHOWPIECE.id == SHOWPIECE
    pictures = sum(len(page) + 1 for page in walk(modelId=SHOWPIECE, limit=200)) - 1
    assert pictures >= 1200  # of PG alone
    assert catalogue.find_model(HUGE).size == 10_000
    assert {model.type for model in catalogue.MODELS} >= {"Checkpoint", "LORA", "TextualInversion"}
    bases = {version.base_model for model in catalogue.MODELS for version in model.versions}
    assert bases > {"SD 1.5", "SDXL 1.0", "Pony", "Flux.1 D", "Wan Video 2.2 T2V-A14B"}


def test_hostile_names_reach_the_client_and_pages_escape_them(demo, http, ask):
    assert "<img src=x" in http.get(f"{demo.url}/api/v1/models/{HOSTILE}").json()["name"]
    items = ask(modelId=HOSTILE, limit=50, nsfw="X")[0]
    assert any("<script>" in (item["username"] or "") for item in items)
    for path in ("", f"models/{HOSTILE}", f"images/{items[0]['id']}"):
        page = http.get(f"{demo.url}/{path}").text
        assert "<!DOCTYPE html>" in page and "<img src=x" not in page and "<script" not in page


# Generation data


def test_records_of_every_kind_occur(ask):
    metas = [i["meta"] for i in ask(modelId=HUGE, limit=200, nsfw="X", withMeta=1, flatMeta=1)[0]]
    kept = [meta for meta in metas if meta]
    assert None in metas
    assert any(isinstance(meta.get("seed"), str) and "Clip skip" in meta for meta in kept)
    assert any("civitaiResources" in meta and "Model" not in meta for meta in kept)
    assert any("Hires upscale" in meta and "Size" in meta for meta in kept)
    assert any("ADetailer model" in meta for meta in kept)
    assert any(len(meta["prompt"]) > 300 and "\n" in meta["prompt"] for meta in kept)
    graph = next(meta["comfy"] for meta in kept if "comfy" in meta)
    assert isinstance(graph, str) and "NaN" in graph and "Model" not in json.loads(graph)


def test_loras_have_hashes_and_weights(ask):
    metas = [i["meta"] for i in ask(modelId=900_003, limit=60, withMeta=1, flatMeta=1)[0]]
    meta = next(
        m for m in metas if m and any(key.startswith("lora:") for key in m.get("hashes", {}))
    )
    lora = next(resource for resource in meta["resources"] if resource["type"] == "lora")
    assert f"<lora:{lora['name']}:" in meta["prompt"]
    assert meta["hashes"][f"lora:{lora['name']}"] == lora["hash"]


def _embedded(body: bytes) -> str:
    image = Image.open(io.BytesIO(body))
    if image.format == "PNG":
        return image.info.get("parameters", "")
    tags = image.getexif()
    comment = tags.get_ifd(0x8769).get(0x9286, b"UNICODE\0")
    assert comment.startswith(b"UNICODE\0")
    return comment[8:].decode("utf-16-be" if tags.endian == ">" else "utf-16-le")


def test_the_file_says_what_the_record_says(some, demo):
    formats, seeds = set(), 0
    for item in some[:24]:
        body, meta = demo.original_bytes(item["id"]), item["meta"]
        formats.add(util.extension_of(body))
        if item["type"] == "video" or not meta or "comfy" in meta:
            continue
        text = _embedded(body)
        assert text.startswith(meta["prompt"] + "\n")
        assert f"Steps: {meta['steps']}, Sampler: {meta['sampler']}, " in text
        assert f"Seed: {meta['seed']}, Size: " in text and "None" not in text
        seeds += 1
    assert formats >= {"png", "jpg", "webp"} and seeds > 6


def test_comfy_files_carry_their_graphs(some, demo):
    item = next(
        i
        for i in some
        if "comfy" in (i["meta"] or {}) and demo.original_bytes(i["id"])[1:4] == b"PNG"
    )
    image = Image.open(io.BytesIO(demo.original_bytes(item["id"])))
    graph = json.loads(image.info["prompt"])
    assert graph["3"]["inputs"]["seed"] == item["meta"]["seed"]
    assert math.isnan(graph["3"]["is_changed"][0])
    assert image.info["workflow"] in item["meta"]["comfy"] and "parameters" not in image.info


def test_onsite_files_are_signed(some, demo):
    item = next(i for i in some if "workflow" in (i["meta"] or {}))
    image = Image.open(io.BytesIO(demo.original_bytes(item["id"])))
    assert image.getexif()[0x013B] == "ai"
    assert "Civitai resources: [{" in _embedded(demo.original_bytes(item["id"]))


# Files


def test_bytes_have_their_true_type_though_every_url_says_jpeg(some, demo, http):
    seen = set()
    for item in some[:25]:
        if item["type"] == "video":
            continue
        answer = http.get(item["url"])
        kind = util.extension_of(answer.content)
        assert item["url"].endswith(".jpeg")
        assert answer.headers["Content-Type"] == TYPES[kind]
        assert answer.content == demo.original_bytes(item["id"])
        size = Image.open(io.BytesIO(answer.content)).size
        assert item["width"] is None or size == (item["width"], item["height"])
        seen.add(kind)
    assert seen == set(TYPES)


def test_thumbnails_are_small_plain_and_never_larger_than_the_original(some, http):
    item = next(i for i in some if i["type"] == "image" and i["meta"] and i["width"])
    answer = http.get(_sized(item["url"], "width=450"))
    image = Image.open(io.BytesIO(answer.content))
    assert (image.format, image.width) == ("JPEG", 450) and len(answer.content) < 130_000
    assert abs(image.height - 450 * item["height"] / item["width"]) <= 1
    assert not image.getexif() and "parameters" not in image.info
    small = http.get(_sized(item["url"], "width=96,optimized=true"))
    assert small.headers["Content-Type"] == "image/webp"
    large = http.get(_sized(item["url"], "width=2200"))
    assert Image.open(io.BytesIO(large.content)).size == (item["width"], item["height"])


def test_a_thumbnail_shows_what_the_original_shows(some, demo, http):
    for item in [i for i in some if i["type"] == "image"][:6]:
        original = Image.open(io.BytesIO(demo.original_bytes(item["id"]))).convert("RGB")
        thumb = Image.open(io.BytesIO(http.get(_sized(item["url"], "width=96")).content))
        pairs = zip(original.resize((6, 6), Image.BOX).tobytes(), thumb.resize((6, 6)).tobytes())
        assert sum(abs(a - b) for a, b in pairs) / 108 < 12


def test_the_rating_is_written_on_a_rated_picture():
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


def test_prompts_name_what_is_drawn():
    art = drawing.make_art(5, ("sea",))
    assert art.subject in drawing.describe_art(art) and art.palette.mood in drawing.describe_art(
        art
    )
    assert len(art.details) == len(art.has)
    assert drawing.make_art(5, ("sea",)) == art


def test_blurhash_is_that_of_the_picture(some):
    half = Image.new("RGB", (40, 40), (250, 10, 10))
    half.paste((10, 10, 250), (0, 20, 40, 40))
    assert blurhash.encode(Image.new("RGB", (9, 9), (255, 0, 0)))[2:6] == "TI:j"
    assert blurhash.encode(half)[:1] == "L" and len(blurhash.encode(half)) == 28
    assert {len(item["hash"]) for item in some if item["hash"]} == {28}
    assert len({item["hash"] for item in some}) > 100


def test_videos_are_real_and_have_posters(ask, demo, http):
    kinds = set()
    for item in ask(modelId=VIDEOS, limit=60, nsfw="X", type="video")[0][:12]:
        answer = http.get(item["url"])
        assert item["url"].endswith(".mp4") and answer.content == demo.original_bytes(item["id"])
        kind = util.extension_of(answer.content)
        assert answer.headers["Content-Type"] == f"video/{kind}"
        kinds.add(kind)
        played = http.get(_sized(item["url"], "transcode=true,width=450"))
        assert played.content == answer.content and len(played.content) < 70_000
        still = _sized(item["url"], "anim=false,transcode=true,width=450,original=false")
        poster = Image.open(io.BytesIO(http.get(still).content))
        assert poster.format == "JPEG" and poster.width == min(450, poster.width)
        assert item["width"] is None or poster.width == min(450, item["width"])
        webp = http.get(_sized(item["url"], f"{still.split('/')[-2]},optimized=true"))
        assert webp.headers["Content-Type"] == "image/webp"
    assert kinds == {"mp4", "webm"}


def test_two_videos_are_never_the_same(ask, demo):
    items = ask(modelId=VIDEOS, limit=60, nsfw="X", type="video")[0]
    assert len({demo.original_bytes(item["id"]) for item in items}) == len(items)


def test_unknown_files_are_404(some, demo, http):
    uuid = some[0]["url"].split("/")[4]
    for wrong in (uuid[:-1] + ("0" if uuid[-1] != "0" else "1"), "1" * 8 + uuid[8:], "nonsense"):
        assert http.get(some[0]["url"].replace(uuid, wrong)).status_code == 404
    with pytest.raises(KeyError):
        demo.original_bytes(1)


def test_old_addresses_without_segment_or_name_are_originals(some, demo, http):
    item = some[0]
    short = "/".join(item["url"].split("/")[:5])
    for url in (short, f"{short}/{item['id']}.jpeg"):
        assert http.get(url).content == demo.original_bytes(item["id"])


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
def test_ranges(some, demo, http, header, status, part):
    whole = demo.original_bytes(some[0]["id"])
    answer = http.get(some[0]["url"], headers={"Range": header})
    assert answer.status_code == status and answer.content == whole[part]
    assert answer.headers["Content-Length"] == str(len(whole[part]))
    if status == 206:
        start = part.indices(len(whole))[0]
        end = start + len(answer.content) - 1
        assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{len(whole)}"
    if status == 416:
        assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"


def test_if_range_of_another_version_sends_everything(some, http):
    url = some[0]["url"]
    about = http.head(url).headers
    for validator, status in ((about["ETag"], 206), (about["Last-Modified"], 206), ('"x"', 200)):
        asked = {"Range": "bytes=5-9", "If-Range": validator}
        assert http.get(url, headers=asked).status_code == status


def test_if_none_match_is_304_and_head_has_no_body(some, http):
    url = some[0]["url"]
    head, whole = http.head(url), http.get(url)
    assert head.content == b"" and head.headers["Content-Length"] == str(len(whole.content))
    assert head.headers["Accept-Ranges"] == "bytes" and not head.headers["ETag"].startswith("W/")
    for tags in (head.headers["ETag"], f'"a", W/{head.headers["ETag"]}', "*"):
        answer = http.get(url, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content) == (304, b"")
    assert http.get(url, headers={"If-None-Match": '"a"'}).status_code == 200


def test_the_same_address_has_the_same_bytes_in_another_demo(some, demo):
    from civitai_manager_libs.demo import files

    urls = [some[0]["url"], _sized(some[1]["url"], "width=96")]
    before = [requests.get(url).content for url in urls]
    files._cache.clear()
    other = server.start_demo()
    after = [requests.get(url.replace(demo.url, other.url)).content for url in urls]
    other.close()
    assert before == after


def test_drawn_files_are_kept_within_a_bound(some, demo, monkeypatch):
    from civitai_manager_libs.demo import files

    monkeypatch.setattr(files, "_CACHE_LIMIT", 3_000_000)
    for item in some[:8]:
        demo.original_bytes(item["id"])
    assert sum(len(file.body) for file in files._cache.values()) <= 3_000_000


# The server


def test_requests_are_counted_and_the_count_is_bounded(demo, http):
    demo.requests.clear()
    http.get(f"{demo.url}/api/v1/models/{SHOWPIECE}?x=1")
    http.head(f"{demo.url}/")
    assert list(demo.requests) == [("GET", f"/api/v1/models/{SHOWPIECE}?x=1"), ("HEAD", "/")]
    assert demo.requests.maxlen == 20_000


def test_many_ask_at_once_and_connections_are_kept(demo, some):
    urls, bodies = [_sized(item["url"], "width=96") for item in some[:12]], {}

    def fetch(part: list[str]) -> None:
        with requests.Session() as session:
            for url in part:
                answer = session.get(url)
                bodies[url] = answer.content if answer.raw.version == 11 else b""

    threads = [threading.Thread(target=fetch, args=(urls[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {util.extension_of(bodies[url]) for url in urls} == {"jpg"}


def test_nobody_but_this_machine_is_served_and_a_closed_demo_is_silent(capfd):
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


def test_a_port_in_use_is_said(demo):
    port = int(demo.url.rpartition(":")[2])
    with pytest.raises(errors.InputError, match=str(port)):
        server.start_demo(port)


def test_garbage_is_survived(demo, http, capfd):
    port = int(demo.url.rpartition(":")[2])
    for garbage in (
        b"\0\r\n\r\n",
        b"GET /%00%ff/../../etc HTTP/1.1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
            wire.sendall(garbage)
            wire.shutdown(socket.SHUT_WR)
            while wire.recv(65536):
                continue
    assert http.get(demo.url).status_code == 200
    assert "Traceback" not in capfd.readouterr().err
