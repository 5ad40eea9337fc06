"""`GET stats?...`: what the gallery that was read has in common."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlencode

import pytest

_TEXTS = ("word", "negative", "lora", "checkpoint", "embedding")


def _bars(found, kind):
    groups = {group["kind"]: group["bars"] for group in found["groups"]}
    return {bar["value"]: bar["count"] for bar in groups.get(kind, [])}


def test_stats_match_the_details_of_the_images(api, on_demo):
    page = api.get("images?model=900001&limit=100&level=XXX")
    found = api.get("stats?model=900001&level=XXX")
    details = [api.get(f"images/{view['id']}") for view in page["images"]]
    for kind, name in (("sampler", "Sampler"), ("steps", "Steps"), ("size", "Size")):
        values = (dict(one["parameters"]).get(name) for one in details)
        counts = {v: n for v, n in Counter(values).items() if v and n > 1}
        most = dict(sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:8])
        assert _bars(found, kind) == most and most
    assert found["image_count"] == len(details)
    assert found["with_data"] == sum(bool(one["infotext"]) for one in details)
    assert "Steps: " in found["recipe"]


def test_stats_send_no_request_to_civitai(api, on_demo):
    api.get("models/900001")
    api.get("images?model=900001&limit=100")
    on_demo.requests.clear()
    found = api.get("stats?model=900001")
    assert len(found["versions"]) > 1 and not on_demo.requests
    newest = found["versions"][0]
    version = api.get(f"stats?model=900001&version={newest['id']}")
    assert version["image_count"] == newest["image_count"] < found["image_count"]


def test_gallery_without_stored_images_has_no_stats(api, civitai):
    found = api.get("stats?model=123")
    assert (found["image_count"], found["groups"], found["recipe"]) == (0, [], "")
    assert civitai.requests == []


@pytest.mark.parametrize("query", ["", "?model=", "?model=0", "?model=x&version=-1", "?user=anna"])
def test_stats_without_a_model_are_refused(api, query):
    assert api.error(f"stats{query}")[:2] == (400, "bad_input")


def test_search_of_each_bar_finds_the_images_it_counts(api, on_demo):
    for model in (900001, 900003):
        api.get(f"models/{model}?level=XXX")
        api.get(f"images?model={model}&limit=100&level=XXX")
        found = api.get(f"stats?model={model}&level=XXX")
        for group in found["groups"]:
            for bar in group["bars"]:
                asked = urlencode({"model": model, "level": "XXX", "search": bar["search"]})
                ids = [view["id"] for view in api.get(f"images?{asked}&limit=200")["images"]]
                # a text is looked for inside others too; an own file is told by its version
                is_text = group["kind"] in _TEXTS or bar["is_model_version"]
                assert len(ids) >= bar["count"] if is_text else len(ids) == bar["count"], bar
