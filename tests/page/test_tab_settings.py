"""The settings and the key as a page changes them."""

from __future__ import annotations

import json
import os

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.errors import DiskError, NetworkError, SettingError
from civitai_manager_libs import host
from civitai_manager_libs.page.tab import settings as tab_settings
from civitai_manager_libs.page.tab.state import Tab


def _values(**changed):
    return [changed.get(entry.name, getattr(setting, entry.name)) for entry in setting.SETTINGS]


@pytest.fixture(autouse=True)
def _no_toasts(monkeypatch):
    monkeypatch.setattr(host, "warn", lambda words: None)


def _file():
    with open(os.path.join(setting.data_folder(), "settings.json"), encoding="utf-8") as file:
        return json.load(file)


def test_values_are_in_effect_at_once_and_kept():
    answer = tab_settings.on_save_settings(Tab(), *_values(http_timeout=7, gallery_level="R"))
    assert (setting.http_timeout, setting.gallery_level) == (7, "Mature")
    assert _file()["http_timeout"] == 7 and "saved" in answer["settings_status"]


@pytest.mark.parametrize("value", [0, 601, None, "x", 3.5])
def test_one_bad_value_leaves_all_as_they_were(value):
    with pytest.raises(SettingError, match="“Seconds to wait for an answer.* from 1 to 600"):
        tab_settings.on_save_settings(Tab(), *_values(gallery_rows=9, http_timeout=value))
    assert (setting.gallery_rows, setting.http_timeout) == (2, 20)
    assert not os.path.exists(os.path.join(setting.data_folder(), "settings.json"))


def test_folder_is_taken_only_if_a_picture_can_be_saved_there(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="whole path"):
        tab_settings.on_save_settings(Tab(), *_values(download_images_folder="pictures"))
    with pytest.raises(DiskError, match="file"):
        tab_settings.on_save_settings(
            Tab(), *_values(download_images_folder=str(tmp_path / "file"))
        )
    assert setting.download_images_folder == ""
    tab_settings.on_save_settings(Tab(), *_values(download_images_folder=f" {tmp_path / 'new'} "))
    assert setting.download_images_folder == str(tmp_path / "new")


def test_values_that_cannot_be_kept_are_not_in_effect_either(monkeypatch):
    def full():
        raise DiskError("No room.")

    monkeypatch.setattr(setting, "save", full)
    with pytest.raises(DiskError):
        tab_settings.on_save_settings(Tab(), *_values(http_timeout=7))
    assert setting.http_timeout == 20


def test_key_is_kept_and_the_box_is_empty_again():
    answer = tab_settings.on_save_key(Tab(), "  a-key ")
    assert setting.civitai_api_key == "a-key"
    assert answer["key_box"] == "" and "a-key" not in answer["key_status"]
    assert "removed" in tab_settings.on_remove_key(Tab())["key_status"]
    assert not setting.civitai_api_key and not os.path.exists(host.key_file())


@pytest.mark.parametrize("key", ["", "   ", None])
def test_no_key_changes_nothing(key):
    setting.save_api_key("before")
    assert "Paste a key" in tab_settings.on_save_key(Tab(), key)["key_status"]
    assert setting.civitai_api_key == "before"


def test_text_that_is_no_key_is_refused_and_not_shown_again():
    answer = tab_settings.on_save_key(Tab(), "two words")
    assert answer["key_box"] == "" and "two words" not in answer["key_status"]
    assert "no API key" in answer["key_status"]


def test_key_of_the_environment_wins_and_that_is_said(monkeypatch):
    monkeypatch.setenv("CIVITAI_API_KEY", "from-outside")
    for answer in (tab_settings.on_save_key(Tab(), "mine"), tab_settings.on_remove_key(Tab())):
        assert "CIVITAI_API_KEY" in answer["key_status"]
    assert setting.civitai_api_key == "from-outside"


@pytest.mark.parametrize(
    "key,said", [("", "No key"), ("demo-key", "demo_user"), ("wrong", "does not know")]
)
def test_test_asks_civitai_whose_the_key_is(civitai, key, said):
    setting.civitai_api_key = key
    assert said in tab_settings.on_test_key(Tab(), "")["key_status"]


def test_key_in_the_box_is_the_one_that_is_tested_and_is_not_saved(civitai):
    setting.civitai_api_key = "wrong"
    said = tab_settings.on_test_key(Tab(), " demo-key ")["key_status"]
    assert "demo_user" in said and "not saved yet" in said and "demo-key" not in said
    assert setting.civitai_api_key == "wrong"
    with pytest.raises(SettingError):
        tab_settings.on_test_key(Tab(), "two words")


def test_test_that_reaches_nobody_says_nothing_of_the_key(monkeypatch, civitai):
    setting.civitai_api_key = "demo-key"
    setting.change("http_max_retries", 0)
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:1")
    with pytest.raises(NetworkError):
        tab_settings.on_test_key(Tab(), None)
