"""Which model files images need, and how they are downloaded from the page."""

from __future__ import annotations

import json
import re
import threading

from api_server import MODEL_ID, status
from civitai_demo.gallery import list_gallery, make_meta
from civitai_demo.gallery.catalogue import find_demo_model
from civitai_manager_libs import setting
from civitai_manager_libs.library import bookmarks, image_records
from civitai_manager_libs.model_files import used_models
from engine_stand_ins import make_png
from gallery_page import with_axe
from page_driver import expect, Server, wait_for
import pytest
from stored_images import make_image

_SHA = "0123456789" * 6 + "abcd"
_ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}
_OURS = {"X-Civitai-Shortcut": "1", "Accept-Language": "en"}
_MB = 1024 * 1024


def _file(file_id, name="style.safetensors", kilobytes=1024, **more):
    return {
        "id": file_id,
        "name": name,
        "type": "Model",
        "sizeKB": kilobytes,
        "metadata": {"format": "SafeTensor", "size": "pruned", "fp": "fp16"},
        "pickleScanResult": "Success",
        "virusScanResult": "Success",
        "hashes": {"SHA256": _SHA, "AutoV2": _SHA[:10]},
        **more,
    }


def _version(version_id, *files, kind="LORA", **more):
    return {
        "id": version_id,
        "name": "v1",
        "modelId": 7000 + version_id,
        "model": {"name": f"Model {version_id}", "type": kind},
        "files": list(files or [_file(version_id * 10)]),
        "images": [],
        **more,
    }


def _store_image(image_id, *version_ids):
    resources = [{"modelVersionId": each} for each in version_ids]
    meta = {"prompt": "x", "civitaiResources": resources}
    image_records.store_images([make_image(image_id, meta=meta)])


@pytest.fixture
def needs(api, civitai, folder):
    """Return a function that lists what an image needs that was made with a version."""

    def needs(version, image_id=1):
        civitai.versions[version["id"]] = version
        _store_image(image_id, version["id"])
        [entry] = api.get(f"model_files?image={image_id}")["files"]
        return entry

    return needs


def _start(api, *files, headers=_OURS, **more):
    body = {"files": [{"version_id": v, "file_id": f, **more} for v, f in files]}
    return api.ask("api/model_files", "POST", headers=headers, json=body)


def test_missing_file_is_listed_with_its_size_folder_and_free_space(api, civitai, folder):
    civitai.versions[5] = _version(5)
    _store_image(1, 5)
    told = api.get("model_files?image=1")
    [entry], [disk] = told["files"], told["disks"]
    assert (entry["name"], entry["availability_label"]) == ("Model 5 v1", "Missing")
    assert entry["folder"] == str(folder / "loras") and entry["disk"] == 0
    [choice] = entry["choices"]
    assert (choice["id"], choice["size"], choice["form"]) == (50, _MB, "SafeTensor fp16 pruned")
    assert entry["file"] == 50 and not entry["refusal"]
    assert 0 < disk["usable"] <= disk["free"] and told["locked"] == ""


def test_file_here_that_only_its_sidecar_identifies_has_its_licence(api, civitai, folder):
    (folder / "loras" / "ink.safetensors").write_bytes(b"1")
    (folder / "loras" / "ink.civitai.info").write_text('{"id": 5, "modelId": 7}')
    row = {"id": 7, "name": "Ink", "type": "LORA", "modelVersions": []}
    civitai.models[7] = {**row, "allowNoCredit": False}
    _store_image(1, 5)
    told = api.get("model_files?image=1")
    assert told["files"][0]["licence"] == "Not allowed: Use without crediting the creator"
    assert [one["state"] for one in told["licence"]] == ["unknown", "forbidden"]


def test_collection_and_version_of_a_model_are_listed_too(api, civitai, folder):
    civitai.versions[5] = _version(5)
    _store_image(1, 5)
    bookmarks.add_to_collection([image_records.find_image(1)], "Nice")
    assert api.get("model_files?collection=nice")["files"][0]["version_id"] == 5
    versions = [_version(9, _file(90)), _version(8, _file(80))]
    model = {"id": MODEL_ID, "name": "m", "type": "Checkpoint", "modelVersions": versions}
    civitai.script("model", status(200, json.dumps(model).encode()))
    [newest] = api.get(f"model_files?model={MODEL_ID}")["files"]
    [other] = api.get(f"model_files?model={MODEL_ID}&version=8")["files"]
    assert (newest["file"], other["file"]) == (90, 80)
    assert newest["folder"] == str(folder / "checkpoints")
    assert api.error(f"model_files?model={MODEL_ID}&version=7")[:2] == (404, "gone")


def test_unavailable_file_is_explained_with_what_to_do(needs):
    early = needs(_version(5, earlyAccessEndsAt="2099-12-03T08:00:00.000Z"))
    assert "Early access until 2099-12-03" in early["refusal"]
    assert early["refusal_short"] == "early access until 2099-12-03"
    gone = needs(_version(6, usageControl="Generation"), 2)
    assert "only for generating on the site" in gone["refusal"]


def test_what_is_to_know_of_a_file_is_told_with_it(needs):
    [told] = needs(_version(5, _file(50, hashes={})))["remarks"]
    assert told == "Not verified: Civitai has no hash of this file yet."


def test_file_that_civitai_does_not_have_is_listed_with_the_reason(api, civitai, folder):
    _store_image(1, 5)
    [entry] = api.get("model_files?image=1")["files"]
    assert entry["file"] is None and entry["refusal"]
    image_records.store_images([make_image(2, meta={"prompt": "x <lora:mine:1>"})])
    [entry] = api.get("model_files?image=2")["files"]
    assert "no model with this name" in entry["refusal"] and entry["name"] == "mine"


def test_kind_without_a_folder_is_reported(needs, folder):
    (folder / "loras").rmdir()
    entry = needs(_version(5))
    assert "More folders of models" in entry["refusal"] and entry["folder"] == ""


def test_only_files_that_the_server_has_read_are_downloaded(api, needs):
    needs(_version(5))
    for files in ((6, 60), (5, 51), (5, 0)):
        answer = _start(api, files)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_known")
    assert _start(api).status_code == 400
    assert api.get("jobs")["jobs"] == []


def test_file_that_may_run_code_needs_its_own_permission(api, needs):
    pickle = _file(51, "style.ckpt", metadata={"format": "PickleTensor"})
    entry = needs(_version(5, _file(50), pickle))
    assert [choice["may_run_code"] for choice in entry["choices"]] == [False, True]
    refused = _start(api, (5, 51))
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "unsafe")
    assert "style.ckpt" in refused.json()["error"]["message"]
    assert _start(api, (5, 51), allow_pickle=True).status_code == 200


def test_file_with_a_bad_scan_is_refused_whatever_the_user_says(api, needs):
    bad = _file(51, "style.ckpt", pickleScanResult="Danger")
    entry = needs(_version(5, _file(50), bad))
    assert entry["choices"][1]["refusal"]
    assert _start(api, (5, 51), allow_pickle=True).status_code == 409


def test_user_who_may_not_write_is_shown_no_full_path(api, civitai, folder):
    setting.change("model_folder_template", "{base_model}")
    civitai.versions[5] = _version(5, baseModel="SDXL")
    _store_image(1, 5)
    for headers, place in ((_ELSEWHERE, "loras/SDXL"), ({}, str(folder / "loras" / "SDXL"))):
        told = api.get("model_files?image=1", **headers)
        assert [told["files"][0]["folder"], told["disks"][0]["folder"]] == [place, place]
        assert headers == {} or str(folder.parent) not in json.dumps(told)


def test_download_from_another_machine_is_refused(api, civitai, needs):
    needs(_version(5))
    locked = api.get("model_files?image=1", **_ELSEWHERE)["locked"]
    answer = _start(api, (5, 50), headers={**_OURS, **_ELSEWHERE})
    assert locked and answer.status_code == 403
    assert answer.json()["error"]["code"] == "only_here"
    api.app.auth, api.app.tokens = {"me": "secret"}, {"a-token": "me"}
    let_in = api.ask(
        "api/model_files",
        "POST",
        headers={**_OURS, **_ELSEWHERE},
        cookies={"access-token": "a-token"},
        json={"files": [{"version_id": 5, "file_id": 50}]},
    )
    assert let_in.status_code == 200


def test_repeated_request_starts_one_job(api, needs):
    needs(_version(5))
    body = {"files": [{"version_id": 5, "file_id": 50}], "request": "a-request"}
    first, second = (api.post("model_files", body) for _ in range(2))
    assert first == second and first["job_id"]
    assert first["message"] == "Downloading Model 5 v1"


def test_slow_start_of_one_download_delays_no_other(api, civitai, needs, monkeypatch):
    needs(_version(5))
    is_asked, end, answers = threading.Event(), threading.Event(), []
    body = {"files": [{"version_id": 5, "file_id": 50}], "request": "a-request"}

    def stall(request, answer):
        is_asked.set()
        end.wait(60)
        request.reply(200, answer, {})

    monkeypatch.setattr(used_models, "_MAX_AGE", -1.0)  # the version is fetched again
    setting.change("http_timeout", 100)
    civitai.always("version", stall)
    twice = [
        threading.Thread(target=lambda: answers.append(api.post("model_files", body)), daemon=True)
        for _ in range(2)
    ]
    for thread in twice:
        thread.start()
    try:
        assert is_asked.wait(30)
        assert api.post("jobs", {"ids": [1], "request": "another-request"})["job_id"] == 1
    finally:
        end.set()
    for thread in twice:
        thread.join(30)
    assert [answer["job_id"] for answer in answers] == [2, 2]


def test_job_of_a_collections_models_names_the_collection(api, needs):
    needs(_version(5))
    body = {"files": [{"version_id": 5, "file_id": 50}], "collection": 'Best "of"'}
    api.post("model_files", body)
    [job] = api.get("jobs")["jobs"]
    [file] = job["model_files"]
    assert (job["group"], job["subject"]) == ('Collection “Best "of"”', file["name"])


_PAPER, _PLACES, _FIELDS, _WINDOWS = 900_003, 900_001, 900_006, 900_004
_LORA = "Paper_Ink_Pony_v2.safetensors"


@pytest.fixture
def page_folder(tmp_path):
    for name in ("checkpoints", "loras", "embeddings", "vae"):
        (tmp_path / "models" / name).mkdir(parents=True)
    return tmp_path / "models"


@pytest.fixture
def with_folders(start, demo, page_folder):
    return start(demo.url, model_folders=str(page_folder))


@pytest.fixture(scope="module")
def unchanged(browser, demo, tmp_path_factory):
    """Start a server with folders of models, for tests after which they are as before."""
    data = tmp_path_factory.mktemp("unchanged")
    for name in ("checkpoints", "loras"):
        (data / "models" / name).mkdir(parents=True)
    server = Server(demo.url, data / "data", model_folders=str(data / "models"))
    yield server
    server.close()


@pytest.fixture
def opened(with_folders, open_gallery):
    """Return a function that opens an image whose checkpoint and LoRA are missing."""

    def opened():
        page = open_gallery(with_folders, f"?model={_PAPER}").ready()
        page.tiles.first.click()
        _row(page, "LoRA").wait_for()
        return page

    return opened


def _row(page, kind):
    return page.page.locator(".resources li").filter(
        has=page.page.locator(f".tag:text-is('{kind}')")
    )


def _get_button(page, kind):
    return _row(page, kind).locator("[data-do=get-model]")


def _panel(page):
    return page.page.locator("dialog[data-panel=model_files]")


def _needed(page, name):
    return page.page.locator("li.needed").filter(has_text=name)


def _is_there(page_folder, name):
    return lambda: (page_folder / name).is_file()


def test_downloaded_model_is_shown_as_here_in_other_tabs_too(opened, page_folder):
    page = opened()
    other = page.context.new_page()
    other.goto(page.page.url)
    readiness = other.locator(".readiness")
    expect(readiness).to_contain_text("Checkpoint and 1 LoRA are missing.")
    expect(_get_button(page, "LoRA")).to_have_text("1.4 MB")
    _get_button(page, "LoRA").click()
    page.message("Downloading Paper & Ink Pony v2").wait_for()
    for tab in (page.page, other):
        lora = tab.locator(".resources li[data-here=here]")
        expect(lora).to_contain_text("Paper_Ink_Pony_v2")
        expect(tab.locator(".readiness")).to_contain_text("Checkpoint is missing")
    assert _is_there(page_folder, f"loras/{_LORA}")()


_ARRANGED = """() => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const all = (selector) => [...root.querySelectorAll(`.details ${selector}`)];
    const bottom = (selector) => all(selector).map((one) => one.getBoundingClientRect().bottom);
    return {
        ends: [".about", ".split", ".readiness:not([hidden])"].map((one) => bottom(one)[0]),
        said: all(".readiness:not([hidden]) p")[0].textContent,
        missing: all(".resources li:not([hidden])[data-here=missing]").length,
        gets: all("button").filter((one) => one.offsetParent && /Get/.test(one.textContent)).length,
        isInSight: [".prompt", ".parameters", ".stars"].flatMap(bottom)
            .every((y) => y <= innerHeight),
    };
}"""


def test_turning_shifts_nothing_and_what_is_missing_is_said_as_the_list_says(
    unchanged, open_gallery
):
    size = {"width": 1440, "height": 900}
    page = open_gallery(unchanged, f"?model={_PAPER}&level=XXX", viewport=size).open()
    page.page.route("**/api/file/*", lambda route: route.fulfill(body=make_png(8)))
    body, ends = page.page.locator(".details-body"), set()
    for _ in range(24):
        page.key("ArrowRight")
        expect(body).to_have_attribute("aria-busy", "false")
        page.wait_until_idle()
        seen = page.page.evaluate(_ARRANGED)
        ends.add(tuple(seen["ends"]))
        counts = [int(number) for number in re.findall(r"\d+", seen["said"])]
        number = sum(counts) + ("Checkpoint" in seen["said"])
        assert seen["missing"] == number * ("missing" in seen["said"]), seen
        assert seen["gets"] == ("missing" in seen["said"]) and seen["isInSight"], seen
    assert len(ends) == 1


def test_button_of_the_missing_files_stays_as_it_is_when_their_size_comes(
    with_folders, open_gallery
):
    page = open_gallery(with_folders, f"?model={_PAPER}").ready()
    held = []
    page.page.route("**/api/model_files?image=*", lambda route: held.append(route))
    with page.page.expect_request("**/api/model_files?image=*"):
        page.tiles.first.click()
    before = page.control("get-missing").bounding_box()
    assert held
    held[0].continue_()
    expect(page.control("get-missing")).to_have_text("Get 9.1 MB")
    assert page.control("get-missing").bounding_box() == before


@with_axe
def test_all_missing_files_are_downloaded_together_and_shown_by_file(opened, page_folder):
    page = opened()
    expect(page.control("get-missing")).to_have_text("Get 9.1 MB")
    assert page.axe_findings() == []
    page.control("get-missing").press("Enter")
    expect(page.page.locator(".readiness p")).to_have_text("Checkpoint and 1 LoRA are installed.")
    expect(page.page.locator("aside.details")).to_be_focused()  # the pressed button is gone
    expect(page.page.locator(".resources li[data-here=here]")).to_have_count(2)
    assert _is_there(page_folder, f"loras/{_LORA}")()
    assert _is_there(page_folder, "checkpoints/Quiet_Places_v3_0_Dusk.safetensors")()
    page.key("Escape")
    expect(page.viewer).to_be_hidden()
    page.key("j")
    job = page.page.locator(".job").first
    expect(job.locator(".job-files li")).to_have_count(2)
    expect(job.locator(".job-files li[data-state=saved]")).to_have_count(2)
    expect(job.locator(".job-files")).to_contain_text("Downloaded · 1.4 MB")


def test_chosen_file_is_downloaded_with_its_companions_and_one_that_may_run_code_if_confirmed(
    with_folders, open_gallery, page_folder
):
    page = open_gallery(with_folders, f"?model={_PLACES}&version=910101").ready()
    page.control("get-this-model").click()
    row = _needed(page, "Quiet Places v1.0")
    expect(row).to_contain_text(str(page_folder / "checkpoints"))
    row.locator("[data-field=model-file]").select_option("9101011")
    row.locator("[data-field=companion]").first.check()
    expect(page.control("get-chosen")).to_have_text("Get 2 files (16 MB)")
    page.control("get-chosen").click()
    wait_for(_is_there(page_folder, "checkpoints/Quiet_Places_v1_0-full.safetensors"))
    wait_for(_is_there(page_folder, "vae/Quiet_Places_v1_0.vae.safetensors"))
    expect(page.control("get-this-model")).to_have_count(0)
    assert not (page_folder / "checkpoints" / "Quiet_Places_v1_0.safetensors").exists()
    page.go(f"?model={_WINDOWS}&version=910401")
    page.control("get-this-model").click()
    expect(page.control("get-chosen")).to_be_disabled()
    _panel(page).locator("[data-field=trust]").check()
    page.control("get-chosen").click()
    wait_for(_is_there(page_folder, "loras/Night_Windows_v1_0.pt"))


def test_early_access_is_dated_and_not_requested_and_what_is_not_on_civitai_is_searched_there(
    unchanged, open_gallery, demo
):
    page = open_gallery(unchanged, f"?model={_FIELDS}&version=910602").ready()
    demo.requests.clear()
    said = re.compile(r"^Not available: early access until 20\d\d-\d\d-\d\d$")
    expect(page.control("get-this-model")).to_have_text(said)
    page.control("get-this-model").click()
    refusal = _panel(page).locator(".refusal")
    expect(refusal).to_have_text(re.compile(r"Early access until 20\d\d-\d\d-\d\d: "))
    expect(page.control("get-chosen")).to_have_count(0)
    assert not [path for _, path in demo.requests if "/api/download/" in path]
    rows = (row for row in list_gallery(find_demo_model(_WINDOWS)) if row.kind == "a1111")
    row = next(row for row in rows if "Model" in make_meta(row))
    page.go(f"?model={_WINDOWS}&image={row.id}")
    _row(page, "Checkpoint").locator("[data-do=search-civitai]").click()
    page.page.wait_for_url(re.compile(r"find=.*" + make_meta(row)["Model"].split("_")[0]))
    expect(page.page.locator("dialog[data-viewer][open]")).to_have_count(0)


@with_axe
def test_files_of_marked_images_are_listed_once_and_downloaded(
    with_folders, open_gallery, page_folder
):
    page = open_gallery(with_folders, f"?model={_PAPER}").ready()
    page.key("a")
    page.control("models-marked").click()
    row = _needed(page, "Paper & Ink Pony v2")
    expect(row).to_contain_text(re.compile(r"needed by \d+ pictures"))
    expect(row).to_have_count(1)
    expect(_panel(page)).to_contain_text("free on the disk")
    assert page.axe_findings_in_both_themes() == []
    page.field("needed-all").uncheck()
    expect(page.control("get-chosen")).to_be_disabled()
    row.locator("[data-field=needed]").check()
    expect(page.control("get-chosen")).to_have_text("Get 1 file (1.4 MB)")
    page.control("get-chosen").click()
    wait_for(_is_there(page_folder, f"loras/{_LORA}"))
    expect(row).to_have_attribute("data-here", "here")
    assert [path.name for path in page_folder.rglob("*.safetensors")] == [_LORA]


def test_page_on_another_machine_says_why_it_cannot_download(unchanged, open_gallery):
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    page = open_gallery(unchanged, f"?model={_PAPER}", extra_http_headers=elsewhere).ready()
    page.tiles.first.click()
    _row(page, "LoRA").wait_for()
    said = page.page.locator(".resources [role=status]")
    expect(said).to_have_text("This can be changed only on the machine that runs Civitai Shortcut.")
    for name in ("get-model", "get-missing"):
        expect(page.control(name)).to_have_count(0)


def test_page_without_known_folders_says_what_to_set(server, open_gallery):
    page = open_gallery(server, f"?model={_PAPER}").ready()
    expect(page.control("get-this-model")).to_have_count(0)
    page.tiles.first.click()
    page.control("models-settings").click()
    expect(page.field("setting-model_folders")).to_be_visible()


def test_checkpoint_of_an_image_is_chosen_in_the_host(open_host, demo):
    page = open_host()
    page.page.route("**/api/bootstrap*", _with_folders)
    page.page.route(re.compile(r"/api/images/\d+\?"), _with_checkpoint)
    page.page.reload()
    page.go_to("Civitai Shortcut")
    page.page.evaluate(_OWN_WAY)
    page.page.locator("[data-field=find]").first.fill(str(_PAPER))
    page.page.keyboard.press("Enter")
    page.page.locator("[data-tile]").first.click()
    expect(page.page.locator(".readiness p")).to_have_text("Checkpoint is installed.")
    page.page.locator("[data-do=choose-checkpoint]").click()
    page.page.locator(".toast").filter(has_text="dusk_v3").wait_for()
    assert page.page.evaluate("window.chosen") == "dusk_v3"


_OWN_WAY = """() => {
    const button = document.createElement("button");
    button.id = "change_checkpoint";
    document.body.append(button);
    window.selectCheckpoint = (name) => { window.chosen = name; };
}"""


def _with_folders(route):
    body = route.fetch().json()
    route.fulfill(json={**body, "has_models": True})


def _with_checkpoint(route):
    here = {"availability": "here", "availability_label": "Installed", "local_name": "dusk_v3"}
    row = {"type": "model", "name": "x", "weight": None, "hash": "", "version_id": None, "url": ""}
    route.fulfill(json={**route.fetch().json(), "resources": [{**row, **here, "size": 9}]})
