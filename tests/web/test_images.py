"""Galleries page by page, by words, and all that is known of one picture."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3

import image_files
import pytest
from api_server import MODEL_ID, reset, status, VERSION_ID
from civitai_manager_libs import library, setting
from civitai_manager_libs.core import sqlite
from civitai_manager_libs.library import database, image_records
from civitai_manager_libs.web.routes import dependencies
from fault_responses import png
from PIL import Image as PilImage, PngImagePlugin

_MODEL = f"images?model={MODEL_ID}"


def _ids(answer):
    return [image["id"] for image in answer["images"]]


def _rows(civitai, *rows, **metadata):
    """Return a response of Civitai's with these rows, each another image unless the row says so."""
    first = civitai._row(civitai.ids[0])
    body = {"items": [{**first, **row} if isinstance(row, dict) else row for row in rows]}
    return status(200, json.dumps({**body, "metadata": metadata}).encode())


# Pages


def test_gallery_is_paged_with_each_image_once(api, civitai):
    found, cursor = [], ""
    for _ in range(3):
        page = api.get(f"images?version={VERSION_ID}&limit=10&cursor={cursor}")
        found += _ids(page)
        cursor = page["cursor"]
    assert found == civitai.ids and cursor is None
    assert (page["notes"], page["from_library"]) == ([], False)


@pytest.mark.parametrize(
    "asked,sent",
    [
        ("model=101&version=1001", {"modelVersionId": "1001"}),
        ("post=7", {"postId": "7"}),
        ("user=anna_2", {"username": "anna_2"}),
        ("model=101&level=Mature", {"browsingLevel": "7"}),
        ("post=7&period=Week", {"period": "Week"}),
        ("post=7&sort=Most%20Reactions", {"sort": "Most Reactions"}),
        ("post=7&base=SD%201.5,Pony", {"baseModels": "SD 1.5,Pony"}),
        ("model=101", {"limit": "100", "browsingLevel": "1", "withMeta": "true"}),
        ("post=7&cursor=10%7C99", {"cursor": "10|99"}),
        ("model=101&cursor=5000", {"cursor": "5001"}),
    ],
)
def test_parameters_of_the_page_are_sent_to_civitai(api, civitai, asked, sent):
    api.get(f"images?{asked}")
    assert {name: civitai.pages[-1].get(name) for name in sent} == sent


@pytest.mark.parametrize(
    "asked",
    ["model=101&sort=Best", "model=101&level=Q", "model=101&limit=999", "model=101&type=gif"],
)
def test_unknown_choice_is_replaced_by_the_default(api, civitai, asked):
    api.get(f"images?{asked}")
    sent = civitai.pages[-1]
    assert (sent["sort"], sent["browsingLevel"], sent["limit"]) == ("Newest", "1", "100")
    assert "type" not in sent


def test_highest_rating_defaults_to_the_setting(api, civitai):
    setting.change("gallery_level", "X")
    api.get(_MODEL)
    assert civitai.pages[-1]["browsingLevel"] == "15"


@pytest.mark.parametrize("asked", ["", "sort=Newest", "model=x", "user=a%20b", "model=-1"])
def test_request_that_names_no_gallery_is_refused(api, civitai, asked):
    assert api.error(f"images?{asked}")[:2] == (400, "bad_input")
    assert not civitai.requests


def test_only_images_with_data_are_returned_if_requested(api, civitai):
    rows = [{"id": 1}, {"id": 2, "meta": None}, {"id": 3, "meta": {}}]
    civitai.always("page", _rows(civitai, *rows))
    assert _ids(api.get(f"{_MODEL}&meta=1")) == [1]
    assert _ids(api.get(_MODEL)) == [1, 2, 3]


@pytest.mark.parametrize("language,said", [("en", "choose one version"), ("zh-TW", "選擇一個版本")])
def test_sort_that_civitai_ignores_is_reported_and_not_sent(api, civitai, language, said):
    page = api.get(f"{_MODEL}&sort=Most%20Reactions", language)
    [note] = page["notes"]
    assert note["code"] == "sort_dropped" and said in note["message"].replace("Choose", "choose")
    assert civitai.pages[-1]["sort"] == "Newest"
    assert api.get(f"{_MODEL}&version={VERSION_ID}&sort=Most%20Reactions")["notes"] == []


def test_unreadable_rows_are_counted(api, civitai):
    foreign = {"id": 2, "url": "https://evil.example/2.png"}
    civitai.script("page", _rows(civitai, {"id": 1}, foreign, None, 5, {"id": "x", "url": 5}))
    page = api.get(_MODEL)
    [note] = page["notes"]
    assert (_ids(page), note["code"]) == ([1], "unreadable_rows")
    assert note["message"].startswith("4 pictures are not shown")
    assert api.get(_MODEL)["notes"] == [note] and len(civitai.pages) == 1  # from memory


def test_page_without_fitting_images_is_skipped(api, civitai):
    nothing = {"id": 9, "type": "audio"}
    pages = [_rows(civitai, nothing, nextCursor="0|b"), _rows(civitai, nextCursor="0|c")]
    civitai.script("page", *pages)
    page = api.get("images?post=7")
    assert _ids(page) == civitai.ids[:10]
    assert [asked.get("cursor") for asked in civitai.pages] == [None, "0|b", "0|c"]


def test_cursor_is_returned_though_no_page_has_fitting_images(api, civitai):
    for n in range(4):
        nothing = {"id": n + 1, "type": "audio"}
        civitai.script("page", _rows(civitai, nothing, nextCursor=f"{n}|c"))
    page = api.get("images?post=7")
    assert (page["images"], page["cursor"], len(civitai.pages)) == ([], "2|c", 3)


@pytest.mark.parametrize(
    "asked,noted",
    [
        ("post=7&cursor=10", ["empty_end"]),
        ("model=101&cursor=9", ["empty_end"]),
        ("model=101", ["empty_end"]),  # the path that has a time limit
        ("post=7", []),
        ("user=anna", ["no_author"]),
    ],
)
def test_empty_end_is_reported_as_a_possible_time_limit(api, civitai, asked, noted):
    civitai.script("page", _rows(civitai))
    page = api.get(f"images?{asked}")
    assert page["images"] == [] and page["cursor"] is None
    assert [note["code"] for note in page["notes"]] == noted
    assert len(api.get(f"images?{asked}")["images"]) > 0, "it can be asked for again at once"


def test_unknown_author_is_reported_the_same_if_civitai_says_404(api, civitai):
    civitai.script("page", _rows(civitai), status(404, b'{"error": "User not found"}'))
    answers = [api.get("images?user=nobody&fresh=1") for _ in range(2)]
    assert answers[0]["notes"] == answers[1]["notes"]
    assert "no pictures by nobody" in answers[1]["notes"][0]["message"]


@pytest.mark.parametrize("related,noted", [(0, ["unrelated"]), (3, [])])
def test_images_that_name_other_models_are_reported(api, civitai, related, noted):
    rows = [{"id": n + 1, "modelVersionIds": [1001 if n < related else 9]} for n in range(12)]
    civitai.script("page", _rows(civitai, *rows, {"id": 99}))
    page = api.get("images?version=1001")
    assert [note["code"] for note in page["notes"]] == noted


def test_gallery_is_shown_without_the_jobs_database(api, civitai, monkeypatch):
    os.makedirs(setting.data_folder(), exist_ok=True)
    path = os.path.join(setting.data_folder(), "in-the-way")
    with open(path, "w", encoding="utf-8") as file:
        file.write("x")
    monkeypatch.setattr(setting, "database_file", lambda: os.path.join(path, "gallery.db"))
    image_id = _ids(api.get(_MODEL))[0]
    assert api.get(f"images/{image_id}")["saved"] is False
    assert api.ask(f"api/file/{image_id}").status_code == 200


# Where Civitai does not answer


def test_stored_page_is_returned_at_once_on_request(api, civitai, fresh):
    seen = api.get(_MODEL)
    fresh.forget()
    before = len(civitai.requests)
    page = api.get(f"{_MODEL}&from_library=1")
    assert page["from_library"] and page["images"] == seen["images"]
    assert len(civitai.requests) == before
    assert api.error("images?post=9&from_library=1")[:2] == (404, "not_known")


def test_stored_page_is_shown_while_a_web_page_comes_in_place_of_data(api, civitai, fresh):
    seen = api.get(_MODEL)
    fresh.forget()
    civitai.always("page", status(200, b"<!DOCTYPE html><html><body>Sign in</body></html>"))
    page = api.get(_MODEL)
    assert page["from_library"] and page["images"] == seen["images"]


def test_stored_page_opens_the_library_alone_and_the_next_finds_it_open(
    api, civitai, fresh, monkeypatch
):
    api.get(_MODEL)
    fresh.forget()
    monkeypatch.setattr(sqlite, "_IDLE", 60)
    paths, connect = [], sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda p, **o: paths.append(p) or connect(p, **o))

    def opened(address):
        paths.clear()
        assert len(api.get(address)["images"]) == 10 and library.wait_for_writes(60)
        return sorted(map(os.path.basename, paths))

    assert opened(f"{_MODEL}&from_library=1") == ["library.db", "library.lock"]
    assert opened(f"{_MODEL}&from_library=1") == []
    fresh.forget()
    assert opened(_MODEL).count("library.db") <= 2  # one may be the writer's


def test_fetched_page_is_whole_though_memory_cannot_hold_it(api, civitai, monkeypatch):
    monkeypatch.setattr(image_records, "_memory", database.MemoryCache(1))
    monkeypatch.setattr(image_records, "write_later", lambda *_: None)
    assert len(api.get(_MODEL)["images"]) == 10


def test_stored_page_is_read_and_not_made_again(api, civitai, fresh, monkeypatch):
    seen = api.get(_MODEL)
    fresh.forget()
    for reader in ("summarize", "read_generation", "image_from_json", "decompress_record"):
        monkeypatch.delattr(image_records, reader)
    assert api.get(f"{_MODEL}&from_library=1")["images"] == seen["images"]


@pytest.mark.parametrize("damage", ["absent", "unreadable", "locked"])
def test_stored_page_does_not_need_the_database_of_jobs(api, civitai, fresh, damage):
    seen = api.get(_MODEL)
    assert library.wait_for_writes(60)
    path = setting.database_file()
    dependencies.get_job_service().open_store().__exit__()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        if damage == "locked":
            other.execute("BEGIN EXCLUSIVE")
        else:
            os.unlink(path)
        if damage == "unreadable":
            os.mkdir(path)
        assert api.get(f"{_MODEL}&from_library=1")["images"] == seen["images"]


def test_silence_without_a_stored_page_is_reported(api, civitai):
    civitai.always("page", reset)
    status_, code, message = api.error("images?post=9")
    assert (status_, code) == (502, "network") and "could not be reached" in message
    assert api.error("images?post=9", "zh-TW")[2].isascii() is False


@pytest.mark.parametrize(
    "answer,code",
    [
        (status(400, b'{"error": "Invalid cursor"}'), "http_400"),
        (status(404), "gone"),
        (status(451), "region"),
        (status(200, b"nonsense"), "bad_answer"),
    ],
)
def test_refusal_of_civitai_is_reported_as_such(api, civitai, answer, code):
    civitai.script("page", answer)
    assert api.error(_MODEL)[1] == code


def test_unknown_base_model_is_reported(api, civitai):
    refusal = status(400, b'{"error": {"name": "ZodError", "message": "Invalid option"}}')
    civitai.script("page", refusal, refusal)
    code, reason, message = api.error(f"{_MODEL}&base=Ponny,SD%201.5")
    assert (code, reason) == (400, "bad_input") and "Ponny, SD 1.5" in message
    assert api.error(_MODEL)[1] == "http_400"


# By words


def test_words_are_searched_in_pages_read_just_before(api, civitai):
    ids = _ids(api.get(_MODEL))
    found = api.post("loaded_filter", {"ids": ids, "words": f"picture {ids[3]}"})
    assert found == {"ids": [ids[3]], "message": ""}
    given = {"ids": [*ids, 1, 0, -1, 2**62], "words": "PICTURE"}
    assert api.post("loaded_filter", given)["ids"] == ids
    assert api.post("loaded_filter", {"ids": ids, "words": "lighthouse"})["ids"] == []
    assert len(civitai.pages) == 1


# One picture


def test_details_have_all_that_is_known_of_an_image(api, on_demo):
    view = next(v for v in api.get("images?model=900003&limit=100")["images"] if v["has_data"])
    told = api.get(f"images/{view['id']}?model=900003")
    assert {name: told[name] for name in view} == view
    assert told["infotext_source"] == "record" and told["infotext"].startswith(told["prompt"])
    assert ["Steps", told["parameters"][0][1]] == told["parameters"][0]
    assert told["url"] == f"{on_demo.url}/images/{view['id']}"
    assert told["post_url"] == f"{on_demo.url}/posts/{told['post_id']}"
    assert told["user_url"] == f"{on_demo.url}/user/{view['user']}"
    reactions = sum(told[name] for name in ("likes", "hearts", "laughs", "cries"))
    assert reactions == view["reactions"]
    assert told["resources"] and all(one["name"] for one in told["resources"])


def test_resource_of_the_open_model_has_its_name_and_address(api, on_demo):
    api.get("models/900001")
    for view in api.get("images?model=900001&limit=50")["images"]:
        for one in api.get(f"images/{view['id']}?model=900001")["resources"]:
            if one["version_id"] in (910101, 910102, 910103):
                assert one["url"].endswith(f"/models/900001?modelVersionId={one['version_id']}")
                assert not one["name"].startswith("#")
                return
    pytest.fail("no picture was made with it")


def test_models_here_that_the_record_knows_by_their_numbers_are_named(api, civitai, tmp_path):
    setting.change("model_folders", str(tmp_path))
    hashes = {"SHA256": "AB" * 32}
    for number, kind, name in ((11, "Lora", "Ink"), (13, "Stable-diffusion", "Dream")):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / f"{name}.safetensors").write_bytes(b"1")
        sidecar = {"id": number, "modelId": number, "files": [{"hashes": hashes}]}
        (tmp_path / kind / f"{name}.civitai.info").write_text(json.dumps(sidecar))
        hashes = {"SHA256": "CD" * 32}
    used = [{"weight": 0.7, "modelVersionId": number} for number in (11, 12)]
    used.append({"type": "checkpoint", "modelVersionId": 13})
    meta = {"prompt": "a cat", "steps": 4, "civitaiResources": used}
    civitai.script("page", _rows(civitai, {"id": 1, "meta": meta}))
    api.get(_MODEL)
    told = api.get("images/1")
    assert told["prompt"] == "a cat <lora:Ink:0.7>" and "<lora:Ink:0.7>" in told["problems"][0]
    assert "Model hash: cdcdcdcdcd, Model: Dream" in told["infotext"]
    own, sent = {"X-Civitai-Shortcut": "1"}, png(text=told["infotext"])
    compared = api.ask("api/images/1/comparison", "POST", data=sent, headers=own).json()
    assert compared["differences"][0].startswith("Both have the same data.")
    setting.change("adds_lora_tags", False)
    assert api.get("images/1")["prompt"] == "a cat"


def test_image_without_data_says_so(api, civitai):
    civitai.script("page", _rows(civitai, {"id": 1, "meta": None}))
    api.get(_MODEL)
    told = api.get("images/1")
    assert (told["infotext"], told["infotext_source"], told["parameters"]) == ("", "none", [])
    assert "No generation data" in told["problems"][0]


def test_file_is_read_if_the_record_has_no_data(api, civitai):
    civitai.script("page", _rows(civitai, {"id": civitai.ids[0], "meta": None}))
    text = "a harbor\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5"
    civitai.always(civitai.ids[0], status(200, png(text=text)))
    api.get(_MODEL)
    told = api.get(f"images/{civitai.ids[0]}")
    assert told["infotext_source"] == "none" and not civitai.fetched
    told = api.get(f"images/{civitai.ids[0]}?file=1")
    assert (told["infotext_source"], told["infotext"], told["prompt"]) == ("file", text, "a harbor")
    assert civitai.fetched.total() == 1
    other = _ids(api.get("images?post=7"))[1]
    assert api.get(f"images/{other}?file=1")["infotext_source"] == "record"
    assert civitai.fetched.total() == 1
    assert "the picture's own file" in told["problems"][0]


@pytest.mark.parametrize(
    ("credentials", "language", "said"),
    [
        (b"tclaim_generator_info\xa1dname\x67ChatGPT", "en", "Content Credentials (ChatGPT)"),
        (b"tclaim_generator_info\xa1dname\x67ChatGPT", "zh-TW", "內容憑證"),
        (b"", "en", "The file has no generation data either"),
    ],
    ids=["english", "chinese", "none"],
)
def test_file_that_holds_no_prompt_says_why(api, civitai, credentials, language, said):
    civitai.script("page", _rows(civitai, {"id": civitai.ids[0], "meta": None}))
    signed = [image_files.chunk(b"caBX", credentials)] if credentials else []
    civitai.always(civitai.ids[0], status(200, image_files.png(*signed)))
    api.get(_MODEL)
    told = api.get(f"images/{civitai.ids[0]}?file=1", language)
    assert told["infotext_source"] == "none" and said in told["problems"][0]


# What strangers write


_BIDI = "\u202egnp.exe\u202c"
_HOSTILE = [
    {"username": "<script>alert(1)</script>", "meta": {"prompt": "<img src=x onerror=alert(1)>"}},
    {"username": _BIDI, "meta": {"prompt": _BIDI, "negativePrompt": "\ud800"}},
    {"meta": {"prompt": "x" * 10_000_000}},
    {"width": 0, "height": 0, "hash": None},
    {"width": 1, "height": 100_000},
    {"width": -5, "height": 1e30, "hash": "<b>", "stats": [], "createdAt": "yesterday"},
    {name: None for name in ("width", "height", "hash", "browsingLevel", "createdAt", "postId")},
    {name: None for name in ("stats", "meta", "username", "baseModel", "modelVersionIds", "type")},
    {"meta": {"resources": [{"name": "<b>", "weight": 1e400, "type": []}], "prompt": {}}},
    {"meta": {"seed": float("inf"), "Steps": "NaN", "Size": "0x0", "prompt": "a"}},
]


@pytest.mark.parametrize("row", _HOSTILE, ids=range(len(_HOSTILE)))
def test_any_text_of_a_stranger_gives_a_valid_response(api, civitai, row, fresh):
    body = json.dumps({"items": [{**civitai._row(civitai.ids[0]), **row}], "metadata": {}})
    civitai.script("page", status(200, body.encode()))
    [view] = api.get(_MODEL)["images"]
    assert 0 <= view["width"] <= 1_000_000 and 0 <= view["height"] <= 1_000_000
    assert isinstance(view["blurhash"], str) and "\u202e" not in view["user"]
    for _ in range(2):
        answer = api.ask(f"api/images/{view['id']}")
        assert answer.status_code == 200, answer.text[:500]
        told = json.loads(answer.content.decode("utf-8"), parse_constant=pytest.fail)
        assert isinstance(told["prompt"], str) and len(told["prompt"]) <= 100_000
        assert api.post("loaded_filter", {"ids": [view["id"]], "words": ""})["ids"] == [view["id"]]
        fresh.forget()


# ComfyUI's workflow

_WORKFLOW = {"nodes": [{"id": 1, "type": "KSampler"}], "links": []}


def test_workflow_of_the_record_is_returned_in_comfyuis_format(api, civitai):
    meta = {"prompt": "x", "comfy": json.dumps({"prompt": {}, "workflow": _WORKFLOW})}
    civitai.script("page", _rows(civitai, {"id": 1, "meta": meta}, {"id": 2}))
    api.get(_MODEL)
    assert api.get("images/1")["has_workflow"] and not api.get("images/2")["has_workflow"]
    assert json.loads(api.get("images/1/workflow")) == _WORKFLOW
    assert api.error("images/2/workflow")[:2] == (404, "not_there")


def test_workflow_of_the_file_is_returned_after_reading_it(api, civitai):
    civitai.script("page", _rows(civitai, {"id": civitai.ids[0], "meta": None}))
    text = json.dumps(_WORKFLOW)
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", text)
    buffer = io.BytesIO()
    PilImage.new("L", (4, 4)).save(buffer, "PNG", pnginfo=info)
    civitai.always(civitai.ids[0], status(200, buffer.getvalue()))
    api.get(_MODEL)
    address = f"images/{civitai.ids[0]}"
    assert api.get(address)["has_workflow"] is False
    assert api.get(f"{address}?file=1")["has_workflow"] is True
    assert api.get(f"{address}/workflow") == text


def test_random_order_shows_stored_images_without_a_request(api, civitai):
    read = [view["id"] for view in api.get("images?model=101&limit=10")["images"]]
    asked = len(civitai.requests)
    random = "images?model=101&sort=Random&limit=4"
    ids, cursor = [], ""
    while cursor is not None:
        page = api.get(f"{random}&cursor={cursor}")
        ids, cursor = [*ids, *(view["id"] for view in page["images"])], page["cursor"]
    assert sorted(ids) == sorted(read) and len(civitai.requests) == asked
    assert api.get("images?model=102&sort=Random")["images"] == []
    pages = [api.get(f"{random}0&seed={seed}")["images"] for seed in (*range(1, 20), *range(1, 20))]
    orders = [tuple(view["id"] for view in images) for images in pages]
    assert orders[:19] == orders[19:] and len({*orders}) > 15
    assert {tuple(sorted(order)) for order in orders} == {tuple(sorted(read))}


def test_months_are_those_of_stored_images(api, on_demo):
    assert api.get("months?model=900003") == []
    read = api.get("images?model=900003&limit=40")["images"]
    asked = len(on_demo.requests)
    months = api.get("months?model=900003")
    assert [one["month"] for one in months] == sorted({v["date"][:7] for v in read}, reverse=True)
    assert sum(one["count"] for one in months) == len(read)
    assert api.get("months?model=900001") == [] and len(on_demo.requests) == asked
