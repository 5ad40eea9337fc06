"""The labels of our section on a host's own settings page."""

from __future__ import annotations

import pytest
from civitai_manager_libs import host
from civitai_manager_libs.i18n import messages
from civitai_manager_libs.web import webui


@pytest.mark.parametrize(
    "localization,language",
    [("zh_TW", "zh-TW"), ("zh_CN", "zh-CN"), ("", "en"), ("de_DE", "en")],
)
def test_labels_are_in_the_hosts_language_else_in_english(monkeypatch, localization, language):
    seen = {}
    monkeypatch.setattr(host, "localization", lambda: localization)
    monkeypatch.setattr(
        host, "add_option", lambda name, default, label, *rest: seen.update({name: label})
    )
    webui._on_settings()
    assert seen and all(
        label.startswith(messages.setting_label(name, language)) for name, label in seen.items()
    )
