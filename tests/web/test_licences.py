"""What creators permit is told with a model, with each file and with each image."""

from __future__ import annotations

import pytest
from civitai_manager_libs.library import wait_for_writes
from gallery_page import SMALL, with_axe
from page_driver import expect

_PAPER, _QUIET, _WINDOWS = 900_003, 900_001, 900_004


def _states(permissions):
    return {one["name"]: one["state"] for one in permissions}


def test_model_tells_each_permission_and_unknown_ones_as_unknown(api, on_demo):
    told = api.get(f"models/{_PAPER}")["licence"]
    assert _states(told)["sell_images"] == "forbidden"
    assert _states(told)["other_permissions"] == "allowed"
    assert told[1]["text"] == "Selling images: not allowed"
    assert set(_states(api.get(f"models/{_WINDOWS}")["licence"]).values()) == {"unknown"}


@pytest.fixture
def image_id(api, on_demo):
    """Return the id of an image that was made with Quiet Places and Paper & Ink."""
    return api.get(f"images?model={_PAPER}&level=XXX")["images"][0]["id"]


def test_image_has_the_strictest_licence_once_its_models_are_read(api, on_demo, folder, image_id):
    api.get(f"models/{_PAPER}")
    wait_for_writes(60)
    credit = api.get(f"images/{image_id}?model={_PAPER}")["licence"][1]
    assert credit["state"] == "forbidden" and credit["text"].endswith("not allowed by Paper & Ink")
    needs = api.get(f"model_files?image={image_id}&model={_PAPER}")
    assert _states(needs["licence"]) == {"sell_images": "forbidden", "no_credit": "forbidden"}
    told = {one["name"].partition(" v")[0]: one["licence"] for one in needs["files"]}
    assert told["Quiet Places"] == "Everything permitted"
    assert sum("/models?" in path for _, path in on_demo.requests) == 1


def test_search_finds_what_may_be_sold(api, on_demo, image_id):
    free = [one["id"] for one in api.get(f"images?model={_QUIET}&level=XXX")["images"]]
    for model_id in range(900_001, 900_010):
        api.ask(f"api/models/{model_id}")
    wait_for_writes(60)
    found = [one["id"] for one in api.get("images?search=is:commercial&level=XXX")["images"]]
    assert found and image_id not in found and set(found) & set(free)
    for one in found[:5]:
        assert api.get(f"images/{one}")["licence"][0]["state"] == "allowed"
    asked = {"ids": [image_id, found[0]], "words": "is:commercial"}
    assert api.post("loaded_filter", asked)["ids"] == [found[0]]
    preview = api.post("search_preview", {"text": "is:commercial", "ids": asked["ids"]})
    assert (preview["loaded"]["count"], preview["kind"]) == (1, "keys")


@with_axe
def test_page_shows_permissions_of_the_model_and_of_an_image(server, open_gallery):
    page = open_gallery(server, f"?model={_PAPER}&level=XXX", **SMALL).ready()
    page.control("about").click()
    sells = page.page.locator(".about [data-permission='sell_images']")
    expect(sells).to_have_text("Selling images: not allowed")
    expect(page.page.locator(".about .permissions li")).to_have_count(7)
    page.open()
    of_image = page.page.locator(".details [data-permission='sell_images']")
    expect(of_image).to_have_text("Selling images: not allowed by Paper & Ink")
    assert page.axe_findings() == []
