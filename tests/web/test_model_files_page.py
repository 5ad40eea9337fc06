"""Getting the models that an image was made with: from its details, the header and the list."""

from __future__ import annotations

import re

import pytest
from civitai_demo.gallery import list_gallery, make_meta
from civitai_demo.gallery.catalogue import find_demo_model
from gallery_page import with_axe
from page_driver import expect, Server, wait_for

pytestmark = pytest.mark.page

_PAPER, _PLACES, _FIELDS, _WINDOWS = 900_003, 900_001, 900_006, 900_004
_LORA = "Paper_Ink_Pony_v2.safetensors"


@pytest.fixture
def folder(tmp_path):
    for name in ("checkpoints", "loras", "embeddings", "vae"):
        (tmp_path / "models" / name).mkdir(parents=True)
    return tmp_path / "models"


@pytest.fixture
def server(start, demo, folder):
    return start(demo.url, model_folders=str(folder))


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
def opened(server, open_gallery):
    """Return a function that opens an image whose checkpoint and LoRA are missing."""

    def opened():
        page = open_gallery(server, f"?model={_PAPER}").ready()
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


def _is_there(folder, name):
    return lambda: (folder / name).is_file()


def test_downloaded_model_is_shown_as_here_in_other_tabs_too(opened, folder):
    page = opened()
    other = page.context.new_page()
    other.goto(page.page.url)
    readiness = other.locator(".readiness")
    expect(readiness).to_contain_text("Checkpoint and 1 LoRA are missing (9.1 MB)")
    expect(_get_button(page, "LoRA")).to_have_text("Get 1.4 MB")
    _get_button(page, "LoRA").click()
    page.message("Downloading Paper & Ink Pony v2").wait_for()
    for tab in (page.page, other):
        lora = tab.locator(".resources li[data-here=here]")
        expect(lora).to_contain_text("Paper_Ink_Pony_v2")
        expect(tab.locator(".readiness")).to_contain_text("Checkpoint is missing")
    assert _is_there(folder, f"loras/{_LORA}")()


@with_axe
def test_all_missing_files_are_downloaded_together_and_shown_by_file(opened, folder):
    page = opened()
    expect(page.control("get-all")).to_contain_text("2 files, 9.1 MB")
    assert page.axe_findings() == []
    page.control("get-all").click()
    expect(page.page.locator(".readiness p")).to_have_text("Checkpoint and 1 LoRA are here.")
    expect(page.page.locator(".resources li[data-here=here]")).to_have_count(2)
    assert _is_there(folder, f"loras/{_LORA}")()
    assert _is_there(folder, "checkpoints/Quiet_Places_v3_0_Dusk.safetensors")()
    page.key("j")
    job = page.page.locator(".job").first
    expect(job.locator(".job-files li")).to_have_count(2)
    expect(job.locator(".job-files li[data-state=saved]")).to_have_count(2)
    expect(job.locator(".job-files")).to_contain_text("Downloaded · 1.4 MB")


def test_chosen_file_is_downloaded_with_its_companions(server, open_gallery, folder):
    page = open_gallery(server, f"?model={_PLACES}&version=910101").ready()
    page.control("get-this-model").click()
    row = _needed(page, "Quiet Places v1.0")
    expect(row).to_contain_text(str(folder / "checkpoints"))
    row.locator("[data-field=model-file]").select_option("9101011")
    row.locator("[data-field=companion]").first.check()
    expect(page.control("get-chosen")).to_have_text("Get 2 files (16 MB)")
    page.control("get-chosen").click()
    wait_for(_is_there(folder, "checkpoints/Quiet_Places_v1_0-full.safetensors"))
    wait_for(_is_there(folder, "vae/Quiet_Places_v1_0.vae.safetensors"))
    expect(page.control("get-this-model")).to_have_count(0)
    assert not (folder / "checkpoints" / "Quiet_Places_v1_0.safetensors").exists()


def test_early_access_is_shown_with_its_date_and_not_requested(unchanged, open_gallery, demo):
    page = open_gallery(unchanged, f"?model={_FIELDS}&version=910602").ready()
    said = re.compile(r"^Not available: early access until 20\d\d-\d\d-\d\d$")
    expect(page.control("get-this-model")).to_have_text(said)
    page.control("get-this-model").click()
    refusal = _panel(page).locator(".refusal")
    expect(refusal).to_have_text(re.compile(r"Early access until 20\d\d-\d\d-\d\d: "))
    expect(page.control("get-chosen")).to_have_count(0)
    assert not [path for path in demo.requests if "/api/download/" in path]


def test_model_that_civitai_does_not_know_is_searched_by_its_name(unchanged, open_gallery):
    rows = (row for row in list_gallery(find_demo_model(_WINDOWS)) if row.kind == "a1111")
    row = next(row for row in rows if "Model" in make_meta(row))
    page = open_gallery(unchanged, f"?model={_WINDOWS}&image={row.id}").ready()
    _row(page, "Checkpoint").locator("[data-do=search-civitai]").click()
    page.page.wait_for_url(re.compile(r"find=.*" + make_meta(row)["Model"].split("_")[0]))
    expect(page.page.locator("dialog[data-viewer][open]")).to_have_count(0)


def test_file_that_may_run_code_needs_confirmation(server, open_gallery, folder):
    page = open_gallery(server, f"?model={_WINDOWS}&version=910401").ready()
    page.control("get-this-model").click()
    expect(page.control("get-chosen")).to_be_disabled()
    _panel(page).locator("[data-field=trust]").check()
    page.control("get-chosen").click()
    wait_for(_is_there(folder, "loras/Night_Windows_v1_0.pt"))


@with_axe
def test_files_of_marked_images_are_listed_once_and_downloaded(server, open_gallery, folder):
    page = open_gallery(server, f"?model={_PAPER}").ready()
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
    wait_for(_is_there(folder, f"loras/{_LORA}"))
    expect(row).to_have_attribute("data-here", "here")
    assert [path.name for path in folder.rglob("*.safetensors")] == [_LORA]


def test_page_on_another_machine_says_why_it_cannot_download(unchanged, open_gallery):
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    page = open_gallery(unchanged, f"?model={_PAPER}", extra_http_headers=elsewhere).ready()
    page.tiles.first.click()
    _row(page, "LoRA").wait_for()
    said = page.page.locator(".resources [role=status]")
    expect(said).to_have_text("This can be changed only on the machine that runs Civitai Shortcut.")
    for name in ("get-model", "get-all", "get-missing"):
        expect(page.control(name)).to_have_count(0)


def test_page_without_known_folders_says_what_to_set(start, demo, open_gallery):
    page = open_gallery(start(demo.url), f"?model={_PAPER}").ready()
    expect(page.control("get-this-model")).to_have_count(0)
    page.tiles.first.click()
    page.control("models-settings").click()
    expect(page.field("setting-model_folders")).to_be_visible()


@pytest.mark.door
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
    expect(page.page.locator(".readiness p")).to_have_text("Checkpoint is here.")
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
    route.fulfill(json={**body, "host": {**body["host"], "has_models": True}})


def _with_checkpoint(route):
    here = {"availability": "here", "availability_label": "Here", "local_name": "dusk_v3"}
    row = {"type": "model", "name": "x", "weight": None, "hash": "", "version_id": None, "url": ""}
    route.fulfill(json={**route.fetch().json(), "resources": [{**row, **here, "size": 9}]})
