"""What the page needs to begin."""

from __future__ import annotations

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.i18n import messages
from civitai_manager_libs.web.routes import set_demo


@pytest.mark.parametrize(
    "accepted,language,downloads",
    [
        ("en-US", "en", "Downloads"),
        ("zh-TW,zh;q=0.9", "zh-TW", "下載工作"),
        ("zh-Hans-SG", "zh-CN", "下载工作"),
        ("fr", "en", "Downloads"),
    ],
)
def test_words_are_in_the_language_of_the_browser(api, accepted, language, downloads):
    told = api.get("bootstrap", accepted)
    assert told["language"] == language and told["words"]["open_jobs"] == downloads
    assert set(told["words"]) == set(messages.get_page_texts("en"))


def test_settings_and_filters_have_bounds_choices_and_values(api):
    setting.change("http_timeout", 33)
    told = {entry["name"]: entry for entry in api.get("bootstrap")["settings"]}
    assert list(told) == [entry.name for entry in setting.SETTINGS]
    timeout = told["http_timeout"]
    assert (timeout["kind"], timeout["low"], timeout["high"]) == ("whole", 1, 600)
    assert (timeout["value"], timeout["group"]) == (33, "network")
    kinds = {"http_retry_delay": "number", "save_infotext": "switch", "saved_name": "text"}
    assert {name: told[name]["kind"] for name in kinds} == kinds
    blur = told["blur_level"]
    assert (blur["kind"], blur["value"], blur["group"]) == ("choice", "XXX", "page")
    assert blur["choices"][0] == {"value": "None", "label": "PG"}
    assert not [entry for entry in told.values() if not entry["label"]]
    choices = api.get("bootstrap", "zh-TW")["choices"]
    assert choices["sort"][0] == {"value": "Newest", "label": "最新"}
    assert [one["value"] for one in choices["level"]] == ["None", "Soft", "Mature", "X", "XXX"]
    assert choices["type"][0]["value"] == "" and choices["period"][0]["value"] == "AllTime"


def test_base_models_of_opened_models_come_first(api, on_demo, fresh):
    assert "SD 1.5" in api.get("bootstrap")["choices"]["base_models"]
    api.get("models/900001")
    fresh.finish()
    base_models = api.get("bootstrap")["choices"]["base_models"]
    assert base_models[:2] == ["SD 1.5", "SDXL 1.0"]
    assert len(base_models) == len(set(base_models))


def test_bootstrap_tells_what_serves_the_page(api):
    told = api.get("bootstrap")
    host = told["host"]
    assert (host["in_webui"], host["name"], host["send_to"]) == (False, "", [])
    assert (told["is_demo"], told["civitai_url"]) == (False, "https://civitai.com")
    set_demo(True)
    assert api.get("bootstrap")["is_demo"] is True
