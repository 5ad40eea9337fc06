"""Newer versions of the models here: told at home and with what an image needs, and dismissed."""

from __future__ import annotations

import json
import re
from pathlib import Path

from civitai_manager_libs import setting
from civitai_manager_libs.library import wait_for_writes
from gallery_page import PHONE, with_axe
from page_driver import expect, wait_for

_QUIET, _OLD, _NEW = 900_001, 910_102, 910_103
_NAME = "Quiet_Places_v2_0"


def _put(folder):
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    (folder / "checkpoints" / f"{_NAME}.safetensors").write_bytes(b"1")
    record = {"id": _OLD, "modelId": _QUIET, "name": "v2.0"}
    (folder / "checkpoints" / f"{_NAME}.civitai.info").write_text(json.dumps(record))


def test_home_tells_newer_versions_only_after_civitai_was_asked(api, on_demo, folder):
    _put(folder)
    before = api.get("home")["newer_versions"]
    assert (before["versions"], before["is_due"], before["checked_at"]) == ([], True, "")
    assert not list(on_demo.requests)
    [newer] = api.post("newer_versions/check", {})["versions"]
    assert (newer["version"], newer["version_name"], newer["here"]) == (_NEW, "v3.0 Dusk", "v2.0")
    assert newer["about"].startswith("Calmer evenings") and newer["remarks"] == []
    home = api.get("home")["newer_versions"]
    assert home["versions"] == [newer] and not home["is_due"]
    assert len(on_demo.requests) == 1
    dismissed = api.send("POST", "newer_versions/dismiss", {"version": _NEW}).json()
    assert dismissed["versions"] == api.get("home")["newer_versions"]["versions"] == []
    Path(setting.data_folder(), "newer_versions.json").write_text('{"checked_at": 1e18}')
    assert api.get("home")["newer_versions"]["checked_at"] == ""


def test_image_tells_the_newer_version_of_a_model_that_is_here(api, on_demo, folder):
    _put(folder)
    images = api.get(f"images?model={_QUIET}&version={_OLD}&level=XXX")["images"]
    wait_for_writes(60)
    api.post("newer_versions/check", {})
    used = (api.get(f"images/{one['id']}?model={_QUIET}")["resources"] for one in images)
    here = [one for resources in used for one in resources if one["availability"] == "here"]
    assert here and {one["newer"]["version"] for one in here} == {_NEW}
    files = api.get(f"model_files?model={_QUIET}&version={_OLD}")["files"]
    assert files[0]["newer"]["version"] == _NEW


@with_axe
def test_page_asks_once_and_a_newer_version_is_dismissed_or_got_beside_the_old_one(
    start, demo, tmp_path, open_gallery
):
    _put(tmp_path / "models")
    demo.requests.clear()
    server = start(demo.url, model_folders=str(tmp_path / "models"), gallery_level="XXX")
    page = open_gallery(server, "", has_touch=True)
    shelf = page.page.locator("[data-shelf='versions']")
    expect(shelf).to_contain_text(re.compile("Quiet Places v3.0 Dusk.*SDXL 1.0.*you have v2.0"))
    assert page.axe_findings() == []

    def count_checks():
        return sum("/models?ids=" in path for _, path in list(demo.requests))

    page.page.set_viewport_size(PHONE["viewport"])
    page.control("dismiss-version").click()
    expect(shelf).to_have_count(0)
    wait_for(lambda: page.focused_control() is not None, "the focus to stay in the page")
    page.control("undo").click()
    expect(shelf).to_be_visible()
    page.reload()
    expect(shelf).to_be_visible()
    assert count_checks() == 1
    page.control("check-versions").click()
    expect(page.message("1 newer version")).to_be_visible()
    page.page.set_viewport_size({"width": 1280, "height": 800})
    page.control("get-version").click()
    panel = page.panel("model_files")
    expect(panel).to_contain_text("Quiet Places v3.0 Dusk")
    panel.locator("[data-do='get-chosen']").click()
    expect(shelf).to_have_count(1)
    folder = tmp_path / "models" / "checkpoints"
    wait_for(lambda: len(list(folder.glob("Quiet*.safetensors"))) == 2, "the file beside the old")
    list_files = "fetch('civitai_shortcut/api/local_models').then((answer) => answer.json())"
    wait_for(lambda: page.page.evaluate(list_files)["count"] == 2, "the server's list of files")
    page.reload()
    page.page.locator("[data-shelf='models'] .home-card").nth(1).wait_for()
    expect(shelf).to_have_count(0)
    assert count_checks() == 2
